"""Every format comes back from a strict reader of its kind exactly as it was meant."""

import csv
import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.delivery.checking import check_row
from reelmill.delivery.formats import FORMATS
from reelmill.delivery.spec import FileKind
from reelmill.delivery.writing import harmless, joined, open_writer, original, read_rows
from reelmill.errors import FixConfiguration

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|' /C calc'!A0", "＝1", "'=1", "''-1", "\t=1")  # noqa: RUF001
WORDS = st.text(max_size=40) | st.sampled_from(FORMULAS) | st.sampled_from(['say "hi"', "a,b", "'90s jacket", "a\nb"])
TABLES = [spec for spec in FORMATS.values() if spec.kind.is_table]
fuzz = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def rows_of(spec):
    """Rows of any text, as they are after the check."""
    values = {
        one.name: st.lists(WORDS, max_size=3).map(tuple) if one.most_items is not None else WORDS for one in spec.fields
    }
    rows = st.lists(st.fixed_dictionaries(values), max_size=4)
    return rows.map(lambda found: [check_row(spec, row).row for row in found])


def written(spec, rows, path):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = open_writer(spec, file)
        for row in rows:
            writer.write(row)
        writer.end()
    return path


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.name)
def test_tables_come_back_from_two_strict_readers(spec, tmp_path):
    @fuzz
    @given(rows_of(spec))
    def check(rows):
        path = written(spec, rows, tmp_path / spec.file)
        tabs = "\t" if spec.kind is FileKind.TSV else ","
        meant = [[joined(one, row[one.name]) for one in spec.fields] for row in rows]
        with path.open(encoding="utf-8", newline="") as file:
            header, *cells = csv.reader(file, delimiter=tabs, strict=True)
        assert tuple(header) == spec.names
        assert [[original(cell) if spec.for_people else cell for cell in row] for row in cells] == meant
        frame = pd.read_csv(path, sep=tabs, dtype=str, keep_default_na=False, na_filter=False, skip_blank_lines=False)
        assert list(frame.columns) == list(spec.names)
        assert frame.to_numpy().tolist() == cells
        if spec.for_people:
            assert not [cell for row in cells for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "＝"))]  # noqa: RUF001
        else:
            assert cells == meant  # a machine's feed is what it says, to the letter

    check()


@pytest.mark.parametrize("name", ["json", "ndjson"])
def test_json_comes_back(name, tmp_path):
    spec = FORMATS[name]

    @fuzz
    @given(rows_of(spec))
    def check(rows):
        text = written(spec, rows, tmp_path / spec.file).read_text("utf-8")
        items = json.loads(text)["items"] if name == "json" else [json.loads(line) for line in text.split("\n")[:-1]]
        assert [{key: tuple(v) if isinstance(v, list) else v for key, v in item.items()} for item in items] == rows

    check()


@pytest.mark.parametrize("spec", FORMATS.values(), ids=lambda spec: spec.name)
def test_what_was_written_is_read_as_an_earlier_manifest(spec, tmp_path):
    @fuzz
    @given(rows_of(spec))
    def check(rows):
        path = written(spec, rows, tmp_path / spec.file)
        keys = [row[spec.key] for row in read_rows(spec, path)]
        assert keys == [row[spec.key] for row in rows]

    check()


@given(WORDS)
def test_a_harmless_cell_stands_for_exactly_one_text(text):
    assert original(harmless(text)) == text
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_only_cells_that_could_act_are_touched():
    assert [harmless(text) for text in ("'90s", "a=b", "12", "", "- x")] == ["'90s", "a=b", "12", "", "'- x"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("csv", b"sku,video\n1,2\n"),
        ("csv", b'id,status\n"1,live\n'),
        ("csv", b"id,status\n1\n"),
        ("merchant", b"\xff\xfe\0"),
        ("json", b'{"items": []}'),
        ("json", b'{"version": 1, "format": "reelmill", "items": [\n{"a": 1}\n]}\n'),
        ("ndjson", b"[1]\n"),
        ("ndjson", b"nonsense\n"),
    ],
)
def test_what_is_no_manifest_of_ours_is_not_overwritten(name, content, tmp_path):
    path = tmp_path / "earlier"
    path.write_bytes(content)
    with pytest.raises(FixConfiguration, match="is no manifest of Reelmill's"):
        list(read_rows(FORMATS[name], path))


def test_booleans_numbers_and_nothing_as_cells():
    one = FORMATS["csv"].field("width")
    assert [joined(one, value) for value in (True, False, 8.0, 720, None)] == ["true", "false", "8.0", "720", ""]
    assert joined(one, ("a", "b")) == "a|b"
