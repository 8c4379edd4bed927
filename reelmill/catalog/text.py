"""Columns of cells to plain text and ids, quickly when they are clean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reelmill.markup import plain_text, tidy, unescaped

__all__ = [
    "description_column",
    "id_column",
    "plain_column",
    "strip_column",
    "tidy_column",
]

_KEPT_AS_TEXT = re.compile(r'="([^"]*)"').fullmatch


def strip_column(cells: Sequence[str]) -> list[str]:
    """Every cell without the space around it."""
    return list(map(str.strip, cells))


def id_column(cells: Sequence[str]) -> list[str]:
    """Every id without the space around it, and out of ``="00123"``, by which a spreadsheet keeps its zeros."""
    ids = list(map(str.strip, cells))
    if '="' in "".join(ids):
        return [kept[1].strip() if (kept := _KEPT_AS_TEXT(one)) else one for one in ids]
    return ids


def tidy_column(cells: Sequence[str]) -> list[str]:
    """:func:`tidy` of every cell, quickly when the whole column is clean."""
    joined = "".join(cells)
    return list(map(str.strip if joined.isprintable() and "  " not in joined else tidy, cells))


def plain_column(cells: Sequence[str]) -> list[str]:
    """:func:`plain_text` of every cell, quickly when the whole column is clean."""
    joined = "".join(cells)
    if "<" in joined or "&" in joined:
        return list(map(plain_text, cells))
    return list(map(str.strip if joined.isprintable() and "  " not in joined else tidy, cells))


def description_column(cells: Sequence[str]) -> list[str]:
    """:func:`description_text` of every cell, quickly when the whole column is clean."""
    return plain_column(list(map(unescaped, cells)) if "&" in "".join(cells) else cells)
