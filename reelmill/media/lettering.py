"""Words as pictures: set in the brand's font, broken into lines, on a box that keeps them legible."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from reelmill.media.colours import rgb_of

__all__ = ["Lettering", "missing_letters"]

_BOX_OPAQUE = 170  # of 255: letters stay legible on white (contrast above 4.5) and the film shows through
_PADDING = 0.45  # of the letters' size, around them
_SPACING = 0.28
_SMALLEST = 0.6  # of the size asked for, before words are cut
_WEIGHT = 600  # semi-bold, where a font can vary
_NOWHERE = "\uffff"  # a character that no font has


@dataclass(frozen=True, slots=True)
class Lettering:
    """A font file and colours like ``#ffffff``. Raises OSError if the font cannot be read."""

    font: Path
    text_colour: str
    box_colour: str

    def box(self, text: str, *, size: int, width: int, lines: int = 1) -> Image.Image:
        """The text in at most so many lines on a box at most ``width`` wide: smaller, then cut, if it is long."""
        padding = round(_PADDING * size)
        fitted, font = self._fit(text, size, width - 2 * padding, lines)
        spacing = round(_SPACING * font.size)
        ink = ImageDraw.Draw(Image.new("L", (1, 1)))
        left, top, right, bottom = ink.multiline_textbbox((0, 0), fitted, font=font, spacing=spacing)
        page = Image.new("RGBA", (round(right - left) + 2 * padding, round(bottom - top) + 2 * padding), (0, 0, 0, 0))
        draw = ImageDraw.Draw(page)
        box = (*rgb_of(self.box_colour), _BOX_OPAQUE)
        draw.rounded_rectangle((0, 0, page.width - 1, page.height - 1), radius=padding, fill=box)
        letters = (*rgb_of(self.text_colour), 255)
        draw.multiline_text((padding - left, padding - top), fitted, font=font, spacing=spacing, fill=letters)
        return page

    def _fit(self, text: str, size: int, width: int, lines: int) -> tuple[str, ImageFont.FreeTypeFont]:
        font = _font(self.font, size)
        for share in (1.0, 0.9, 0.8, 0.7, _SMALLEST):
            font = _font(self.font, max(8, round(size * share)))
            broken = _broken(text, font, width)
            if len(broken) <= lines and all(font.getlength(line) <= width for line in broken):
                return "\n".join(broken), font
        kept = _broken(text, font, width)[:lines]
        return "\n".join([*(_cut(line, font, width) for line in kept[:-1]), _cut(kept[-1] + " …", font, width)]), font


def missing_letters(text: str, font: Path) -> str:
    """Those characters of the text that the font has no letters for."""
    face = _font(font, 32)
    nothing = _drawn(face, _NOWHERE)
    return "".join(dict.fromkeys(letter for letter in text if not letter.isspace() and _drawn(face, letter) == nothing))


def _drawn(face: ImageFont.FreeTypeFont, letter: str) -> tuple[tuple[int, int], bytes]:
    mask = face.getmask(letter)
    return mask.size, bytes(mask)


def _font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
    try:
        axes = font.get_variation_axes()
    except (OSError, NotImplementedError):  # a font that does not vary
        return font
    if len(axes) == 1 and (axes[0]["minimum"] or 0) <= _WEIGHT <= (axes[0]["maximum"] or 0):
        font.set_variation_by_axes([_WEIGHT])
    return font


def _broken(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The words in lines that are not wider than asked, unless one word is."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for word in paragraph.split():
            longer = f"{line} {word}".strip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        if line:
            lines.append(line)
    return lines or [""]


def _cut(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """The line, shortened at its end so that it fits."""
    if font.getlength(line) <= width:
        return line
    kept = line.rstrip(" …")
    while kept and font.getlength(kept + "…") > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"
