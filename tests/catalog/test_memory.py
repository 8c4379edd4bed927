"""Memory stays flat: a feed many times as long needs no more, whatever its rows look like."""

from __future__ import annotations

import csv
import subprocess
import sys
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reelmill.catalog.feed import open_feed
from reelmill.catalog.seen import SeenKeys

# Linux hands getrusage's peak down to children, so that of a big test worker would count: VmHWM begins anew.
READ = """
import re, sys
from pathlib import Path
from reelmill.catalog.feed import open_feed
rows = sum(1 for _ in open_feed(sys.argv[1]))
print(rows, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.parametrize("kind", ["apart", "grouped", "scattered"])
def test_a_long_feed_needs_no_more_memory_than_a_short_one(tmp_path, kind):
    groups = {"apart": lambda _: "", "grouped": lambda n: f"g{n // 4}", "scattered": lambda n: f"g{n % 500}"}[kind]
    peaks = []
    for count in (4_000, 40_000):
        path = tmp_path / f"{count}.csv"
        with path.open("w", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["id", "title", "description", "image_link", "price", "item_group_id"])
            writer.writerows(
                [f"sku-{n}", f"Title {n}", "words " * 40, f"https://i.example.com/{n}", f"{n}.99 USD", groups(n)]
                for n in range(count)
            )
        told = subprocess.run([sys.executable, "-c", READ, path], capture_output=True, check=True, text=True).stdout
        rows, peak = map(int, told.split())
        assert rows == {"apart": count, "grouped": count // 4, "scattered": 500}[kind]
        peaks.append(peak)
    # The keys seen are kept on disk behind a cache of at most 10 MB, which fills up to about 8 at this length.
    assert peaks[1] < peaks[0] + 10


def test_seen_keys_find_their_first_rows():
    seen = SeenKeys("ids", "groups")
    keys = [f"sku-{number}" for number in range(20_000)]
    assert seen.claim("ids", keys, range(20_000)) == {}
    assert seen.claim("ids", ["new", "sku-7", "other", "other"], [20_001, 20_002, 20_003, 20_004]) == {1: 7, 3: 20_003}
    assert seen.holders("ids", ["nobody", "new", "sku-19999"]) == {1: 20_001, 2: 19_999}
    assert seen.holders("groups", ["new"]) == {}
    assert seen.claim("ids", [], []) == {}
    seen.close()


def bomb_of_gzip(path):
    """600 rows of 200,000 characters in a few hundred kilobytes."""
    packer = zlib.compressobj(6, wbits=31)
    with path.open("wb") as out:
        out.write(packer.compress(b"sku,name,note\n"))
        for number in range(600):
            out.write(packer.compress(b"%d,%s,%s\n" % (number, b"t" * 100_000, b"u" * 100_000)))
        out.write(packer.flush())
    return 600


def bomb_of_parquet(path):
    """One long text, written once and used by 500 rows."""
    rows = 500
    title = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["t" * 500_000]))
    pq.write_table(pa.table({"sku": [str(n) for n in range(rows)], "name": title}), path)
    return rows


@pytest.mark.parametrize(("name", "make"), [("feed.csv.gz", bomb_of_gzip), ("feed.parquet", bomb_of_parquet)])
def test_a_small_file_that_unfolds_to_hundreds_of_megabytes_is_read_in_little_memory(tmp_path, name, make):
    """Measured before batches were bounded by their size: 0.4 and 0.8 GB."""
    rows = make(tmp_path / name)
    assert (tmp_path / name).stat().st_size < 1_000_000
    told = subprocess.run([sys.executable, "-c", READ, tmp_path / name], capture_output=True, check=True, text=True)
    read, peak = map(int, told.stdout.split())
    assert read == rows
    assert peak < 260


def test_a_parquet_row_beyond_all_measure_is_rejected_and_the_next_one_read(tmp_path):
    pq.write_table(pa.table({"sku": ["a", "b", "c"], "name": ["A", "x" * 17_000_000, "C"]}), tmp_path / "feed.parquet")
    rows = sorted(open_feed(tmp_path / "feed.parquet"), key=lambda row: row.ref.row)
    assert [(row.ref.row, type(row).__name__) for row in rows] == [(1, "Product"), (2, "Reject"), (3, "Product")]
