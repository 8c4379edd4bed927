"""Which mutants are tried: so many of each room, spread over its files by their size; the same for the same seed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from random import Random

from scripts.mutation.mutants import Change, Mutant, changes_of

__all__ = ["ROOMS", "Sample", "equivalents", "sample_room"]

ROOMS = ("reelmill/ledger", "reelmill/production")

# The tables are compared as a whole with what the migrations make (tests/ledger/test_migrate.py), so most changes of
# either fail at once: a quarter of all mutants, and the easiest. Leaving them out lowers the score.
_LEFT_OUT = frozenset({"reelmill/ledger/schema.py"})
_EQUIVALENT = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn from one room."""

    room: str
    possible: int
    mutants: list[Mutant]


def sample_room(root: Path, room: str, size: int, seed: int) -> Sample:
    """Draw ``size`` mutants of a room; every file gives its share, and at least one if it has any."""
    paths = [str(path.relative_to(root)) for path in sorted((root / room).glob("*.py"))]
    changes = {path: found for path in paths if path not in _LEFT_OUT and (found := changes_of(root, path))}
    possible = sum(len(found) for found in changes.values())
    mutants: list[Mutant] = []
    for path, found in changes.items():
        share = max(1, round(size * len(found) / possible))
        mutants += _draw(found, share, Random(f"{seed} {path}"))  # noqa: S311 - repeatable, not secret
    return Sample(room, possible, mutants)


def _draw(changes: list[Change], wanted: int, random: Random) -> list[Mutant]:
    drawn: dict[str, Mutant] = {}
    for change in random.sample(changes, len(changes)):
        if len(drawn) == wanted:
            break
        if (mutant := change.mutant()) is not None:
            drawn.setdefault(mutant.source, mutant)
    return list(drawn.values())


def equivalents() -> dict[tuple[str, ...], str]:
    """Why a mutant cannot be told from the original, by path and the lines before and after."""
    known = tomllib.loads(_EQUIVALENT.read_text()).get("mutant", [])
    return {(entry["path"], entry["before"], entry["after"]): entry["why"] for entry in known}
