"""A contact sheet: the posters of a run on one picture, each with its SKU and ratio."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from reelmill.lettering import draw_line, wrap
from reelmill.media.poster import to_jpeg

__all__ = ["MOST", "Labelled", "contact_sheet"]

MOST = 200
"""Posters that one sheet holds; a larger run shows its first ones, and says so."""

_WIDTH, _HEIGHT = 1600, 220  # pixels: of the sheet, and of a row of posters
_GAP, _CAP, _LABEL = 16, 9, 26
_GROUND, _INK = 20, 225  # brightness, 0 to 255
_UNREADABLE = (av.FFmpegError, ValueError, IndexError)

_Pixels = NDArray[np.uint8]


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
    sheet = np.full((tall + tall % 2, _WIDTH, 3), _GROUND, np.uint8)
    for number, row in enumerate(rows):
        left, top = _GAP, _GAP + number * (_HEIGHT + _LABEL + _GAP)
        for picture, label in row:
            width = picture.shape[1]
            sheet[top : top + _HEIGHT, left : left + width] = picture
            _write(sheet, label, left, top + _HEIGHT + 6, width)
            left += width + _GAP
    if len(posters) > MOST:
        _write(sheet, f"The first {MOST} of {len(posters)} clips", _GAP, tall - _LABEL, _WIDTH - 2 * _GAP)
    return to_jpeg(av.VideoFrame.from_ndarray(sheet, format="rgb24"))


def _small(jpeg: bytes) -> _Pixels | None:
    """A poster at the height of a row, in its own ratio; None for one that is no picture."""
    try:
        with av.open(io.BytesIO(jpeg), "r", format="jpeg_pipe") as container:
            frame = next(iter(container.decode(video=0)))
        width = round(_HEIGHT * frame.width / frame.height / 2) * 2
        if not 0 < width <= _WIDTH - 2 * _GAP:
            return None
        small = frame.reformat(width=width, height=_HEIGHT, format="rgb24", interpolation="AREA")
        return small.to_ndarray().astype(np.uint8, copy=False)
    except (*_UNREADABLE, StopIteration):
        return None


def _rows(shown: Iterable[tuple[_Pixels, str]]) -> Iterator[list[tuple[_Pixels, str]]]:
    row: list[tuple[_Pixels, str]] = []
    left = _GAP
    for picture, label in shown:
        if row and left + picture.shape[1] + _GAP > _WIDTH:
            yield row
            row, left = [], _GAP
        row.append((picture, label))
        left += picture.shape[1] + _GAP
    yield row


def _write(sheet: _Pixels, text: str, left: int, top: int, width: int) -> None:
    for line in wrap(text, _CAP, width, 1):
        mask = draw_line(line, _CAP)[:, :width]
        place = sheet[top : top + mask.shape[0], left : left + mask.shape[1]]
        inked = place + (_INK - place.astype(np.float32)) * mask[: place.shape[0], :, None]
        place[:] = np.clip(inked, 0, 255).astype(np.uint8)
