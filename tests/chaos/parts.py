"""The parts of the proof by name, each told in its own words how far to go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.chaos.bank import Bank
from tests.chaos.ledgers import SqliteLedgers
from tests.chaos.tally import Tally

__all__ = ["ONCE", "PARTS", "Extent", "Part", "Say", "pieces"]

Say = Callable[[str], None]
Part = Callable[[Bank, Path, Tally, "Extent", Say], None]

_ALL_CALLS = 450  # about so many moments at system calls has one way
_PAUSES = 300  # each lasts longer than a lease


@dataclass(frozen=True, slots=True)
class Extent:
    """How far to go: ``sample`` points of each kind (None: all), ``minutes`` of schedules; or one world.

    ``ways`` are those of a clip whose lines are tried; none named means all.
    """

    sample: int | None = None
    minutes: float = 20
    seed: int = 1
    at: str | None = None
    replay: Path | None = None
    ways: tuple[str, ...] = ()


def _controls(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import trials

    trials.run(bank, folder, tally, say=say)


def _lines(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import lines

    assert extent.at is not None  # else it goes in pieces
    lines.run_one(bank, folder, tally, extent.at, say=say)


def _pieces_of_lines(extent: Extent) -> Iterator[tuple[str, Part]]:
    from tests.chaos import lines

    ways = [way for way in lines.WAYS if way.name in extent.ways or not extent.ways]

    def of(way: lines.Way, bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
        lines.run(bank, folder, tally, way, say=say, sample=extent.sample)

    def twice(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
        lines.run_twice(bank, folder, tally, ways, say=say, pairs=extent.sample or 200)

    yield from ((f"lines, {way.name}", partial(of, way)) for way in ways)
    yield ", ".join(("lines, killed twice", *extent.ways)), twice


def _syscalls(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import syscalls

    share = min(1.0, extent.sample / _ALL_CALLS) if extent.sample else 1.0
    syscalls.run(bank, folder, tally, share=share, seed=extent.seed, say=say)


def _network(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import network

    network.run(bank, folder, tally, rounds=_rounds(extent, 20), seed=extent.seed, say=say)


def _storage(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import storage_faults

    storage_faults.run(bank, folder, tally, rounds=_rounds(extent, 40), seed=extent.seed, say=say)


def _disk(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import disk_faults

    if _in_a_file(bank, say):
        disk_faults.run(bank, folder, tally, every=max(1, _ALL_CALLS // (extent.sample or _ALL_CALLS)), say=say)


def _database(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import database_faults

    database_faults.run(bank, folder, tally, restarts=_rounds(extent, 20), seed=extent.seed, say=say)


def _workers(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import workers

    workers.run(bank, folder, tally, count=min(extent.sample or _PAUSES, _PAUSES), say=say)


def _clocks(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import clocks

    clocks.run(bank, folder, tally, say=say)


def _prefect(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import prefect_twice

    if _in_a_file(bank, say):
        prefect_twice.run(bank, folder, tally, count=_rounds(extent, 5), say=say)


def _in_a_file(bank: Bank, say: Say) -> bool:
    """Whether the ledgers are files, which some parts take hold of."""
    if not isinstance(bank.ledgers, SqliteLedgers):
        say("only with SQLite")
        return False
    return True


def _model(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import model

    model.run(bank, folder, tally, examples=extent.sample, say=say)


def _search(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import schedules

    schedules.search(bank, folder, tally, seed=extent.seed, say=say)


def _schedules(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    from tests.chaos import schedules
    from tests.chaos.schedule import Schedule

    if extent.replay is not None:
        schedules.replay(bank, folder, tally, Schedule.parse(extent.replay.read_text()), say=say)
    else:
        schedules.run(bank, folder, tally, minutes=extent.minutes, count=extent.sample, seed=extent.seed, say=say)


def _rounds(extent: Extent, most: int) -> int:
    """A round is worth many points."""
    return most if extent.sample is None else max(1, min(most, extent.sample // 10))


PARTS: Mapping[str, Part] = {
    "controls": _controls,  # first: a judge that sees nothing would make the rest worthless
    "lines": _lines,
    "syscalls": _syscalls,
    "network": _network,
    "storage": _storage,
    "disk": _disk,
    "database": _database,
    "workers": _workers,
    "clocks": _clocks,
    "prefect": _prefect,
    "model": _model,
    "search": _search,
    "schedules": _schedules,
}

ONCE = ("controls", "disk", "database", "prefect", "search")
"""Parts that need one database or bring it along: to repeat them on a second one would say nothing new."""


def pieces(name: str, extent: Extent) -> list[tuple[str, Part]]:
    """A part in pieces by name, each worth keeping if the rest is broken off."""
    if name == "lines" and extent.at is None:
        return list(_pieces_of_lines(extent))
    return [(name, PARTS[name])]
