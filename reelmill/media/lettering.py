"""Words as pictures: set in the brand's font, broken into lines, on a box that keeps them legible."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from reelmill.media.colours import rgb_of

__all__ = ["Lettering", "Setting", "missing_letters"]

_BOX_OPAQUE = 170  # of 255: letters stay legible on white (contrast above 4.5) and the film shows through
_PADDING = 0.45  # of the letters' size, around them
_SPACING = 0.28
_SMALLEST = 0.6  # of the size asked for, before words are cut
_WEIGHT = 600  # semi-bold, where a font can vary
_NOWHERE = "\uffff"  # a character that no font has
_NAMED = 10  # of missing letters
_HYPHEN_THAT_STAYS = "\u2011"  # few fonts have it, and it looks like the plain one


@dataclass(frozen=True, slots=True)
class Setting:
    """A text in lines, the font of the size that they fit in, and whether something had to be cut off."""

    text: str
    font: ImageFont.FreeTypeFont
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Lettering:
    """A font file and colours like ``#ffffff``. Raises OSError if the font cannot be read."""

    font: Path
    text_colour: str
    box_colour: str

    def box(self, text: str, *, size: int, width: int, lines: int = 1) -> Image.Image:
        """The text in at most so many lines on a box at most ``width`` wide: smaller, then cut, if it is long."""
        padding = round(_PADDING * size)
        setting = self.setting(text, size=size, width=width, lines=lines)
        fitted, font = setting.text, setting.font
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

    def setting(self, text: str, *, size: int, width: int, lines: int = 1) -> Setting:
        """How the text is set in a box: each of its own lines stays one at least, and the longest is cut first."""
        within = width - 2 * round(_PADDING * size)
        paragraphs = [line for line in _shown(text).splitlines() if line.strip()] or [""]
        fonts = [_font(self.font, max(8, round(size * share))) for share in (1.0, 0.9, 0.8, 0.7, _SMALLEST)]
        for apart in (False, True):  # words stay whole as long as that helps
            for font in fonts:
                broken = [_broken(paragraph, font, within, apart=apart) for paragraph in paragraphs]
                fits = apart or all(font.getlength(line) <= within for part in broken for line in part)
                if fits and sum(map(len, broken)) <= lines:
                    return Setting("\n".join(line for part in broken for line in part), font)
        kept = _shortened(broken[:lines], lines)
        cut = [_cut_off(part, whole, font, within) for part, whole in zip(kept, broken, strict=False)]
        return Setting("\n".join(line for part in cut for line in part), font, cut=True)


def missing_letters(text: str, font: Path) -> str:
    """Those characters of the text that the font has no letters for, each with its code point; empty if none."""
    face = _font(font, 32)
    nothing = _drawn(face, _NOWHERE)
    letters = dict.fromkeys(letter for letter in _shown(text) if not letter.isspace())
    missing = [f"{letter} (U+{ord(letter):04X})" for letter in letters if _drawn(face, letter) == nothing]
    return ", ".join(missing[:_NAMED])


def _shown(text: str) -> str:
    """The text without what is not seen: soft hyphens, joiners and the like, for which fonts have no letters."""
    seen = text.replace(_HYPHEN_THAT_STAYS, "-")
    return "".join(c for c in seen if unicodedata.category(c) != "Cf" and not "\ufe00" <= c <= "\ufe0f")


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


def _broken(paragraph: str, font: ImageFont.FreeTypeFont, width: int, *, apart: bool) -> list[str]:
    """The words in lines that are not wider than asked, unless one word is; ``apart`` breaks such a word."""
    lines: list[str] = []
    line = ""
    for word in paragraph.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
        while apart and font.getlength(line) > width and len(line) > 1:
            most = next((n for n in range(len(line) - 1, 1, -1) if font.getlength(line[:n]) <= width), 1)
            lines.append(line[:most])
            line = line[most:]
    return [*lines, line] if line else lines or [""]


def _shortened(parts: list[list[str]], lines: int) -> list[list[str]]:
    """As many lines in all: one after the other is taken from the longest part, and every part keeps one."""
    kept = [list(part) for part in parts]
    while sum(map(len, kept)) > lines:
        max(kept, key=len).pop()
    return kept


def _cut_off(part: list[str], whole: list[str], font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """What is left of a paragraph, with a sign at its end if something is missing."""
    return part if len(part) == len(whole) else [*part[:-1], _cut(part[-1] + " …", font, width)]


def _cut(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """The line, shortened at its end so that it fits."""
    if font.getlength(line) <= width:
        return line
    kept = line.rstrip(" …")
    while kept and font.getlength(kept + "…") > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"
