"""A small stroke font of our own (capitals, digits, punctuation), drawn smooth at any size with numpy.

A glyph is a few pen strokes on a grid: 6 units from cap line (0) to base line (6). ``~`` rounds a stroke's
corners, ``@`` closes it and rounds it, a stroke of one point is a dot.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_line", "line_width", "wrap"]

_CAP_UNITS = 6.0
_PEN_UNITS = 0.42  # half the stroke's width
_GAP_UNITS = 1.55
_SPACE_UNITS = 2.9
_LINE_UNITS = 9.2
_ABOVE_UNITS = 1.5
_ROUNDINGS = 3
_BOWL = "~0,0 4,0 4,3.4 0,3.4"
_STROKES = {
    "A": "0,6 2.1,0 4.2,6/0.8,4 3.4,4",
    "B": "0,0 0,6/~0,0 3.7,0 3.7,2.9 0,2.9/~0,2.9 4.2,2.9 4.2,6 0,6",
    "C": "~4,1.4 3.4,0 0,0 0,6 3.4,6 4,4.6",
    "D": "0,0 0,6/~0,0 4.2,0 4.2,6 0,6",
    "E": "3.6,0 0,0 0,6 3.6,6/0,2.9 3,2.9",
    "F": "3.6,0 0,0 0,6/0,3 2.9,3",
    "G": "~4,1.4 3.4,0 0,0 0,6 4.1,6 4.1,3.3/4.1,3.3 2.3,3.3",
    "H": "0,0 0,6/4,0 4,6/0,2.9 4,2.9",
    "I": "0,0 0,6",
    "J": "~3,0 3,6 0,6 0,4.4",
    "K": "0,0 0,6/3.8,0 0,3.7/1.3,2.5 4,6",
    "L": "0,0 0,6 3.5,6",
    "M": "0,6 0,0 2.4,4.2 4.8,0 4.8,6",
    "N": "0,6 0,0 4,6 4,0",
    "O": "@0,0 4.4,0 4.4,6 0,6",
    "P": f"0,0 0,6/{_BOWL}",
    "Q": "@0,0 4.4,0 4.4,6 0,6/2.7,4.4 4.4,6.4",
    "R": f"0,0 0,6/{_BOWL}/1.9,3.4 4,6",
    "S": "~3.8,1.2 3.3,0 0.2,0 0.2,2.9 3.9,3.1 3.9,6 0.5,6 0,4.8",
    "T": "0,0 4.2,0/2.1,0 2.1,6",
    "U": "~0,0 0,6 4.1,6 4.1,0",
    "V": "0,0 2.1,6 4.2,0",
    "W": "0,0 1.5,6 2.9,1.2 4.3,6 5.8,0",
    "X": "0,0 4,6/4,0 0,6",
    "Y": "0,0 2,3.1 4,0/2,3.1 2,6",
    "Z": "0,0 4,0 0,6 4,6",
    "0": "@0,0 4,0 4,6 0,6",
    "1": "0,1.3 1.5,0 1.5,6",
    "2": "~0,1.7 0,0 3.9,0 3.9,2.5 2.2,4 0,6/0,6 4,6",
    "3": "~0,1 0.4,0 3.8,0 3.8,2.9 1.4,2.9/~1.4,2.9 4.1,2.9 4.1,6 0.3,6 0,5",
    "4": "3,6 3,0 0,4.3 4.1,4.3",
    "5": "3.7,0 0.5,0 0.3,2.7/~0.3,2.7 1,2.2 4,2 4,6 0.4,6 0,5",
    "6": "~3.6,0.9 3,0 0,0 0,4.3/@0,2.4 4,2.4 4,6 0,6",
    "7": "0,0 4,0 1.5,6",
    "8": "@0.3,0 3.7,0 3.7,2.8 0.3,2.8/@0,2.8 4,2.8 4,6 0,6",
    "9": "@0,0 4,0 4,3.6 0,3.6/~4,1.7 4,6 1,6 0.4,5.1",
    ".": "0,6",
    ",": "0.4,5.8 0,7",
    ":": "0,2.2/0,5.6",
    ";": "0.3,2.2/0.4,5.6 0,6.8",
    "!": "0,0 0,4.1/0,6",
    "?": "~0,1.4 0,0 3.6,0 3.6,2.5 1.8,2.6 1.8,4.2/1.8,6",
    "-": "0,3.2 2.2,3.2",
    "_": "0,6.6 3.6,6.6",
    "/": "0,6.6 2.7,-0.4",
    "(": "~1.3,-0.6 0,1 0,5 1.3,6.6",
    ")": "~0,-0.6 1.3,1 1.3,5 0,6.6",
    "'": "0,0 0,1.4",
    '"': "0,0 0,1.4/1.4,0 1.4,1.4",
    "&": "~4.2,6 0.5,1.7 0.5,0 3,0 3,1.7 0,3.3 0,6 2.8,6 4.2,3.6",
    "+": "0,3.2 3.4,3.2/1.7,1.5 1.7,4.9",
    "=": "0,2.3 3.2,2.3/0,4.1 3.2,4.1",
    "%": "4.4,0 0.4,6/@0,0 1.6,0 1.6,2.2 0,2.2/@3.2,3.8 4.8,3.8 4.8,6 3.2,6",
    "#": "1.2,0.4 0.8,5.8/3,0.4 2.6,5.8/0,2.1 3.9,2.1/0,4.1 3.9,4.1",
    "*": "1.3,0 1.3,2.6/0.1,0.6 2.5,2/2.5,0.6 0.1,2",
    "$": "~3.8,1.2 3.3,0 0.2,0 0.2,2.9 3.9,3.1 3.9,6 0.5,6 0,4.8/2,-0.8 2,6.8",
    "·": "0,3.1",
}
# Typographic quotes and dashes, the multiplication sign, and letters that do not decompose.
_PLAIN: dict[int, str] = {
    **dict.fromkeys((0x2018, 0x2019), "'"),
    **dict.fromkeys((0x201C, 0x201D), '"'),
    **dict.fromkeys((0x2013, 0x2014), "-"),
    **dict.fromkeys((0xD8, 0xF8), "o"),
    0xD7: "x",
    0xDF: "ss",
}

Mask = NDArray[np.float32]


def draw_line(text: str, cap_height: int) -> Mask:
    """One line of text as coverage between 0 and 1; ``cap_height`` is the height of a capital in pixels."""
    unit = cap_height / _CAP_UNITS
    pieces: list[Mask] = []
    height = _box_height(cap_height)
    for character in _drawable(text):
        if character == " ":
            pieces.append(np.zeros((height, max(1, round(_SPACE_UNITS * unit))), np.float32))
        else:
            pieces.append(_glyph(character, cap_height))
    return np.concatenate(pieces, axis=1) if pieces else np.zeros((height, 1), np.float32)


def line_width(text: str, cap_height: int) -> int:
    """How many pixels wide :func:`draw_line` makes ``text``."""
    unit = cap_height / _CAP_UNITS
    return sum(
        max(1, round(_SPACE_UNITS * unit)) if character == " " else _glyph_width(character, cap_height)
        for character in _drawable(text)
    )


def wrap(text: str, cap_height: int, width: int, lines: int) -> list[str]:
    """``text`` broken into at most ``lines`` lines of ``width`` pixels; what does not fit ends in dots."""
    broken: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if not line or line_width(longer, cap_height) <= width:
            line = longer
        else:
            broken.append(line)
            line = word
    broken.append(line)
    if len(broken) > lines:
        broken = [*broken[: lines - 1], f"{broken[lines - 1]} ..."]
    return [_fit(line, cap_height, width) for line in broken if line]


def _fit(line: str, cap_height: int, width: int) -> str:
    if line_width(line, cap_height) <= width:
        return line
    kept = line.removesuffix(" ...")
    while kept and line_width(f"{kept}...", cap_height) > width:
        kept = kept[:-1].rstrip()
    return f"{kept}..."


def _drawable(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.translate(_PLAIN)).upper()
    return "".join(character for character in plain if character == " " or character in _STROKES)


def _box_height(cap_height: int) -> int:
    return round(cap_height * _LINE_UNITS / _CAP_UNITS)


@lru_cache(maxsize=512)
def _lines_of(character: str) -> tuple[NDArray[np.float32], ...]:
    """The glyph's strokes as polylines, corners rounded where asked."""
    strokes = []
    for stroke in _STROKES[character].split("/"):
        points = np.array([pair.split(",") for pair in stroke.lstrip("~@").split()], np.float32)
        closed = stroke.startswith("@")
        if closed or stroke.startswith("~"):
            points = _rounded(points, closed=closed)
        strokes.append(points)
    return tuple(strokes)


def _rounded(points: NDArray[np.float32], *, closed: bool) -> NDArray[np.float32]:
    """Cut every corner a few times (Chaikin); the ends of an open stroke stay where they are."""
    for _ in range(_ROUNDINGS):
        ahead = np.roll(points, -1, axis=0) if closed else points[1:]
        here = points if closed else points[:-1]
        cut = np.stack([here * 0.75 + ahead * 0.25, here * 0.25 + ahead * 0.75], axis=1).reshape(-1, 2)
        points = cut if closed else np.concatenate([points[:1], cut, points[-1:]])
    return np.concatenate([points, points[:1]]) if closed else points


def _glyph_width(character: str, cap_height: int) -> int:
    right = max(float(points[:, 0].max()) for points in _lines_of(character))
    return max(1, round((right + _GAP_UNITS) * cap_height / _CAP_UNITS))


@lru_cache(maxsize=1024)
def _glyph(character: str, cap_height: int) -> Mask:
    unit = cap_height / _CAP_UNITS
    height, width = _box_height(cap_height), _glyph_width(character, cap_height)
    left, top = _GAP_UNITS / 2, _ABOVE_UNITS
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (columns + 0.5) / unit - left, (rows + 0.5) / unit - top
    distance = np.full((height, width), np.inf, np.float32)
    for points in _lines_of(character):
        starts, ends = (points[:-1], points[1:]) if len(points) > 1 else (points, points)
        for start, end in zip(starts, ends, strict=True):
            np.minimum(distance, _distance(x, y, start, end), out=distance)
    mask: Mask = np.clip((_PEN_UNITS - distance) * unit + 0.5, 0, 1)
    return mask


def _distance(x: Mask, y: Mask, start: NDArray[np.float32], end: NDArray[np.float32]) -> Mask:
    """Distance of every pixel from one straight piece of stroke."""
    dx, dy = (end - start).tolist()
    length = dx * dx + dy * dy
    along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / length, 0, 1) if length else 0.0
    distance: Mask = np.hypot(x - start[0] - along * dx, y - start[1] - along * dy)
    return distance
