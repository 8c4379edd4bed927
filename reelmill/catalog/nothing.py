"""Words that stand for nothing: what databases, scripts and spreadsheets write where a value is missing."""

from __future__ import annotations

from collections.abc import Sequence

from reelmill.catalog.text import strip_column

__all__ = ["NO_WORDS", "SHEET_ERRORS", "said_column", "says_nothing", "without_nothing"]

SHEET_ERRORS = frozenset({"#n/a", "#ref!", "#name?", "#value!", "#div/0!", "#null!", "#num!"})
NO_WORDS = frozenset({"-", "--", "\u2013", "\u2014", "n/a", "na", "none", "null", "nan", "nil"})

# As programs spell them. One lookup a cell, without lower case of its own for each.
_SPELLED = frozenset(
    spelled for word in NO_WORDS | SHEET_ERRORS for spelled in (word, word.upper(), word.capitalize())
) | {"NaN"}


def says_nothing(text: str) -> bool:
    """Whether a cell holds a word for nothing instead of nothing."""
    return text in _SPELLED


def without_nothing(cells: Sequence[str]) -> Sequence[str]:
    """The cells, with words for nothing as empty ones; quickly when there are none."""
    if _SPELLED.isdisjoint(cells):
        return cells
    return ["" if cell in _SPELLED else cell for cell in cells]


def said_column(cells: Sequence[str]) -> Sequence[str]:
    """Every cell without the space around it, and without a word for nothing."""
    return without_nothing(strip_column(cells))
