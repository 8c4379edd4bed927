"""A contact sheet: the posters of a run on one picture, each with its SKU and ratio."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

__all__ = ["MOST", "Labelled", "contact_sheet"]

MOST = 200
"""Posters that one sheet holds; a larger run shows its first ones, and says so."""

_WIDTH, _HEIGHT = 1600, 220  # pixels: of the sheet, and of a row of posters
_GAP, _LABEL, _LETTERS = 16, 26, 14
_GROUND, _INK = (20, 20, 20), (225, 225, 225)
_QUALITY = 90
_UNREADABLE = (OSError, ValueError, Image.DecompressionBombError)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A poster's JPEG bytes with the words below it."""

    jpeg: bytes
    label: str


def contact_sheet(posters: Sequence[Labelled]) -> bytes | None:
    """The sheet as JPEG bytes, posters in rows of equal height; None if not one of them can be read."""
    shown = [(picture, one.label) for one in posters[:MOST] if (picture := _small(one.jpeg)) is not None]
    if not shown:
        return None
    rows = list(_rows(shown))
    tall = _GAP + len(rows) * (_HEIGHT + _LABEL + _GAP) + (_LABEL if len(posters) > MOST else 0)
    sheet = Image.new("RGB", (_WIDTH, tall), _GROUND)
    for number, row in enumerate(rows):
        left, top = _GAP, _GAP + number * (_HEIGHT + _LABEL + _GAP)
        for picture, label in row:
            sheet.paste(picture, (left, top))
            sheet.paste(_words(label, picture.width), (left, top + _HEIGHT))
            left += picture.width + _GAP
    if len(posters) > MOST:
        sheet.paste(_words(f"The first {MOST} of {len(posters)} clips", _WIDTH - 2 * _GAP), (_GAP, tall - _LABEL))
    written = io.BytesIO()
    sheet.save(written, "JPEG", quality=_QUALITY)
    return written.getvalue()


def _small(jpeg: bytes) -> Image.Image | None:
    """A poster at the height of a row, in its own ratio; None for one that is no picture."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as poster:
            width = round(_HEIGHT * poster.width / poster.height)
            if not 0 < width <= _WIDTH - 2 * _GAP:
                return None
            poster.draft("RGB", (width, _HEIGHT))  # far larger ones are read smaller at once
            return poster.convert("RGB").resize((width, _HEIGHT), Image.Resampling.LANCZOS)
    except _UNREADABLE:
        return None


def _rows(shown: Iterable[tuple[Image.Image, str]]) -> Iterator[list[tuple[Image.Image, str]]]:
    row: list[tuple[Image.Image, str]] = []
    left = _GAP
    for picture, label in shown:
        if row and left + picture.width + _GAP > _WIDTH:
            yield row
            row, left = [], _GAP
        row.append((picture, label))
        left += picture.width + _GAP
    yield row


def _words(text: str, width: int) -> Image.Image:
    """One line of text, cut at ``width``."""
    line = Image.new("RGB", (width, _LABEL), _GROUND)
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    ImageDraw.Draw(line).text((0, 5), printable, fill=_INK, font=ImageFont.load_default(_LETTERS))
    return line
