"""How figures reach people and machines: tables on standard output, JSON with exact amounts."""

from __future__ import annotations

import json
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = [
    "WIDTH",
    "count",
    "money",
    "out",
    "print_json",
    "print_long_json",
    "print_rows",
    "print_text",
    "shown",
    "span",
]

WIDTH = 100
"""Columns that text for people keeps within; commands and addresses to copy are never broken."""

_MINUTE, _HOUR = 60, 3600


def out() -> Console:
    """Standard output, as wide as the terminal; plain text with tables of 100 columns when it is no terminal.

    What comes from outside goes through :func:`shown` where it is printed with markup.
    """
    screen = sys.stdout.isatty()
    return Console(emoji=False, highlight=False, soft_wrap=not screen, width=None if screen else WIDTH)


def shown(text: str) -> str:
    """Text from outside, to be printed with markup: brackets stay, and nothing in it steers the terminal."""
    return escape(_harmless(text))


def _harmless(text: str) -> str:
    kept = (
        one if one in "\n\t" or unicodedata.category(one)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for one in text
    )
    return "".join(kept)


def print_json(value: Mapping[str, Any]) -> None:
    """One JSON object on standard output. Amounts are numbers with their exact decimal digits."""
    sys.stdout.write(_dumped(value) + "\n")


def print_long_json(value: Mapping[str, Any], endless: Mapping[str, Iterable[tuple[str, Mapping[str, Any]]]]) -> None:
    """Like :func:`print_json`, with members whose own members are written as they come, however many there are."""
    write = sys.stdout.write
    write("{")
    comma = ""
    for name, inner in value.items():
        write(f"{comma}\n  {json.dumps(name)}: {_text(inner)}")
        comma = ","
    for name, members in endless.items():
        write(f"{comma}\n  {json.dumps(name)}: {{")
        comma = ""
        for key, inner in members:
            write(f"{comma}\n    {_dumped(key)}: {_text(inner, indent=None)}")
            comma = ","
        write("\n  }" if comma else "}")
        comma = ","
    write("\n}\n")


def _text(value: object, indent: int | None = 2) -> str:
    return _dumped(value, indent).replace("\n", "\n  ")


def _dumped(value: object, indent: int | None = 2) -> str:
    """As JSON: in the characters themselves, or in JSON's own escapes where standard output lacks some."""
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    return json.dumps(value, default=_plain, indent=indent, ensure_ascii=not is_unicode)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else str(value)


def money(amount: Decimal) -> str:
    """``$1,234.50``; digits below the cent are shown only when there are any."""
    cents = amount.quantize(Decimal("0.01"))
    return f"${cents if cents == amount else amount.normalize():,f}"


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 clip``, ``1,200 clips``; ``plural`` where an s is not enough."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def print_text(console: Console, text: str, *, indent: int = 0, hang: int = 2) -> None:
    """Plain text from anywhere, wrapped at 100 columns; lines after the first hang by ``hang`` more columns.

    Nothing in it steers the terminal.
    """
    width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    first = " " * indent
    lines = textwrap.wrap(
        _harmless(text),
        width,
        initial_indent=first,
        subsequent_indent=first + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines or [""]:
        console.print(line, markup=False, soft_wrap=True)


def span(seconds: float) -> str:
    """A length of time as people say it: ``3 h 20 min``."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    hours, rest = divmod(round(seconds / _MINUTE), 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def print_rows(console: Console, title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A small table; nothing at all when there are no rows. What they say is printed as it is, brackets and all."""
    if not rows:
        return
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(shown, row))
    console.print(table)
    console.print()
