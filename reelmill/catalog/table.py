"""What every reader gives: a header, then rows of text cells in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Batch", "BrokenRow", "Table"]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row whose text could not be parted into cells."""

    reason: str
    remedy: str
    raw: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive rows; ``first`` is the 1-based number of the first one.

    Each row holds one empty cell more than the header, which stands for every column that the feed lacks. A row
    of the wrong length is ragged; one without cells, or of empty ones, is blank.
    """

    first: int
    rows: Sequence[Sequence[str] | BrokenRow]


class Table(Protocol):
    """An open feed file."""

    header: tuple[str, ...]

    def batches(self, rows: int) -> Iterator[Batch]:
        """The rows in order, at most ``rows`` of them at a time. Raises FixFeed if the file breaks off."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
