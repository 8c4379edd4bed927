"""How fast a catalog is planned, in how much memory, and what re-planning one costs in which nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.child import run_child
from benchmarks.feed import write_feed
from benchmarks.report import Ratio, Report

__all__ = ["run"]

_SIZES = (10_000, 100_000, 1_000_000)
_QUICK_SIZES = (2_000, 10_000, 30_000)
_TWO_RATIOS = "instagram_reels,youtube"  # the default: two clips per product
_ONE_RATIO = "youtube"
_MIB = 2**20
_DICT_READER, _ARROW = "reading with csv.DictReader", "reading with pyarrow to_pylist"


def run(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure in ``folder``; ``say`` hears what is going on."""
    sizes = _QUICK_SIZES if quick else _SIZES
    feeds = {rows: write_feed(folder / f"feed-{rows}.csv", rows) for rows in sizes}
    figures: list[list[object]] = []
    peaks = []
    for rows, feed in feeds.items():
        say(f"planning {rows:,} new products")
        fresh = _step("plan", feed, folder / f"new-{rows}.db", _TWO_RATIOS)
        _expect(fresh, products=rows, make=2 * rows)
        figures.append(_figure(f"plan, all {rows:,} new", rows, feed, fresh))
        peaks.append(fresh["peak_mib"])
    rows = sizes[-1]
    again, reading = _unchanged(feeds[rows], folder / "made.db", rows, say)
    figures += [_figure(name, rows, feeds[rows], measured) for name, measured in (*reading, ("plan, unchanged", again))]
    wall, cpu = (_against(reading, again, kind) for kind in ("wall_s", "cpu_s"))
    small, large = f"{sizes[-2]:,}", f"{rows:,}"
    return Report(
        "planning",
        ("step", "rows", "MiB in file", "wall s", "cpu s", "rows/s", "peak MiB"),
        figures,
        [
            Ratio(f"peak memory, {large} new rows / {small}", peaks[-1] / peaks[-2], at_most=1.5),
            Ratio(f"peak memory, {large} unchanged rows / {small} new", again["peak_mib"] / peaks[-2], at_most=1.5),
            Ratio(f"re-planning {large} unchanged rows / {_DICT_READER}", wall[_DICT_READER], at_most=10),
            Ratio(f"re-planning {large} unchanged rows / {_ARROW}", wall[_ARROW]),
            Ratio(f"the same in processor time / {_DICT_READER}", cpu[_DICT_READER]),
            Ratio(f"the same in processor time / {_ARROW}", cpu[_ARROW]),
        ],
        ["New products have a clip for each of two ratios; unchanged ones have one clip, made, paid and remembered."],
    )


def _unchanged(
    feed: Path, ledger: Path, rows: int, say: Callable[[str], None]
) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """Re-plan between two rounds of merely reading, so that a busy machine slows both alike."""
    say(f"recording {rows:,} clips as made")
    _step("remember", feed, ledger, _ONE_RATIO)
    say(f"reading and re-planning {rows:,} unchanged products")
    reading = _readings(feed, ledger)
    again = _step("plan", feed, ledger, _ONE_RATIO)
    _expect(again, products=rows, keep=rows, make=0, retire=0)
    return again, reading + _readings(feed, ledger)


def _readings(feed: Path, ledger: Path) -> list[tuple[str, dict[str, Any]]]:
    return [
        (_DICT_READER, _step("dict_reader", feed, ledger, _ONE_RATIO)),
        (_ARROW, _step("arrow", feed, ledger, _ONE_RATIO)),
    ]


def _step(name: str, feed: Path, ledger: Path, platforms: str) -> dict[str, Any]:
    return run_child("benchmarks.planning_steps", name, str(feed), f"sqlite:///{ledger}", platforms, folder=feed.parent)


def _against(reading: list[tuple[str, dict[str, Any]]], again: dict[str, Any], kind: str) -> dict[str, float]:
    """Re-planning as a multiple of each way of reading."""
    return {name: again[kind] / mean(found[kind] for way, found in reading if way == name) for name, _ in reading}


def _expect(measured: dict[str, Any], **expected: int) -> None:
    """A fast wrong plan is no result."""
    for name, value in expected.items():
        if measured[name] != value:
            raise RuntimeError(f"the plan has {measured[name]} {name}, not {value}: {measured}")


def _figure(name: str, rows: int, feed: Path, measured: dict[str, Any]) -> list[object]:
    wall = measured["wall_s"]
    size = feed.stat().st_size / _MIB
    return [name, rows, size, wall, measured["cpu_s"], rows / wall, measured["peak_mib"]]
