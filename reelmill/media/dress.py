"""What one clip's renditions wear: words, logo, end card and music, laid out inside the safe zones of a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from PIL import Image

from reelmill.finish import CAPTION_WORDS, PRICE_WORDS, Finish
from reelmill.media.colours import rgb_of
from reelmill.media.lettering import Lettering, missing_letters
from reelmill.media.overlay import Overlay
from reelmill.platforms import SafeZones

__all__ = ["Dress", "Frame", "common_zones", "fill_caption", "read_picture"]

_MARGIN = 0.035  # of the shorter side: what a safe zone of nothing still needs
_DISCLOSURE = 0.032  # size of letters, of the shorter side
_CAPTION = 0.052
_DISCLOSURE_LINES = 2
_CAPTION_LINES = 3
_FADE_S = 0.3
_MOST_PIXELS = 40_000_000  # of a logo or card: more is a mistake, or an attack


@dataclass(frozen=True, slots=True)
class Frame:
    """A delivered frame: pixels, and the parts of it that platforms cover."""

    width: int
    height: int
    zones: SafeZones

    @property
    def safe(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what nothing covers, in pixels."""
        margin = _MARGIN * min(self.width, self.height)
        return (
            round(max(margin, self.zones.left * self.width)),
            round(max(margin, self.zones.top * self.height)),
            round(self.width - max(margin, self.zones.right * self.width)),
            round(self.height - max(margin, self.zones.bottom * self.height)),
        )


class _Box(TypedDict):
    """Size of letters and width in pixels, and how many lines."""

    size: int
    width: int
    lines: int


@dataclass(frozen=True, slots=True)
class Dress:
    """The brand's finish with the clip's own words in it. ``folder`` is what its files are named relative to."""

    finish: Finish = field(default_factory=Finish)
    folder: Path = field(default_factory=Path)
    caption: str = ""

    @property
    def music(self) -> Path | None:
        """The music bed."""
        return self.folder / self.finish.music if self.finish.music else None

    def unwritable(self) -> str:
        """The letters of the caption that the font lacks, in words. Raises OSError if it cannot be read."""
        return missing_letters(self.caption, self.folder / self.finish.font) if self.caption else ""

    def cut(self, frame: Frame) -> list[str]:
        """Which of its words do not fit into a frame and are cut there. Raises OSError if the font cannot be read."""
        lettering, found = self._lettering(), []
        if self.caption and lettering.setting(self.caption, **self._caption_box(frame)).cut:
            found.append("caption")
        if self.finish.disclosure and lettering.setting(self.finish.disclosure, **self._label_box(frame)).cut:
            found.append("disclosure")
        return found

    def overlays(self, frame: Frame, duration_s: float) -> list[Overlay]:
        """What is laid over a frame, the last on top. Raises OSError for a file that cannot be read as what it is."""
        finish, (left, top, right, bottom) = self.finish, frame.safe
        found = []
        if finish.logo:
            logo = _fitted(self.folder / finish.logo, round(finish.logo_share * frame.width), (bottom - top) // 3)
            found.append(Overlay.of(logo, right - logo.width, top))
        if self.caption:
            box = self._lettering().box(self.caption, **self._caption_box(frame))
            found.append(Overlay.of(box, left, bottom - box.height))
        if finish.end_card:
            start_s = max(0.0, duration_s - finish.end_card_s)
            found.append(Overlay.of(self._card(frame), 0, 0, start_s=start_s, fade_s=_FADE_S))
        if finish.disclosure:  # on top: an end card must not hide it
            found.append(Overlay.of(self.label(frame), left, top))
        return found

    def label(self, frame: Frame) -> Image.Image:
        """The words that tell viewers a film is AI-generated, for the frame's upper left. Raises OSError."""
        return self._lettering().box(self.finish.disclosure, **self._label_box(frame))

    @staticmethod
    def _caption_box(frame: Frame) -> _Box:
        left, _, right, _ = frame.safe
        size = round(_CAPTION * min(frame.width, frame.height))
        return {"size": size, "width": right - left, "lines": _CAPTION_LINES}

    @staticmethod
    def _label_box(frame: Frame) -> _Box:
        left, _, right, _ = frame.safe
        size = round(_DISCLOSURE * min(frame.width, frame.height))
        return {"size": size, "width": (right - left) * 2 // 3, "lines": _DISCLOSURE_LINES}

    def _lettering(self) -> Lettering:
        finish = self.finish
        return Lettering(self.folder / finish.font, finish.text_colour, finish.box_colour)

    def _card(self, frame: Frame) -> Image.Image:
        left, top, right, bottom = frame.safe
        page = Image.new("RGBA", (frame.width, frame.height), (*rgb_of(self.finish.box_colour), 255))
        card = _fitted(self.folder / self.finish.end_card, right - left, bottom - top)
        at = (left + (right - left - card.width) // 2, top + (bottom - top - card.height) // 2)
        page.alpha_composite(card, at)
        return page


def fill_caption(template: str, words: Mapping[str, str]) -> str:
    """The caption with the clip's own words.

    A line whose words are all missing is left out, and so is one that names a price which is missing.
    """
    lines = []
    for line in template.splitlines() or [template]:
        named = [name for name in CAPTION_WORDS if f"{{{name}}}" in line]
        filled = line
        for name in named:
            filled = filled.replace(f"{{{name}}}", " ".join(words.get(name, "").split()))
        there = [bool(words.get(name, "").strip()) for name in named]
        priced = all(found for name, found in zip(named, there, strict=True) if name in PRICE_WORDS)
        if priced and (not named or any(there)):
            lines.append(filled.strip())
    return "\n".join(line for line in lines if line)


def common_zones(zones: Iterable[SafeZones]) -> SafeZones:
    """What any of several platforms covers, so that one picture serves them all."""
    every = list(zones)
    return SafeZones(**{side: max(getattr(zone, side) for zone in every) for side in SafeZones.model_fields})


def read_picture(path: Path) -> Image.Image:
    """A logo or a card with its transparency. Raises OSError if it cannot be read as a picture, or is too large."""
    too_large = f"{path.name} has more than {_MOST_PIXELS:,} pixels"
    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > _MOST_PIXELS:
                raise OSError(too_large)
            return opened.convert("RGBA")
    except Image.DecompressionBombError:
        raise OSError(too_large) from None
    except (ValueError, SyntaxError) as error:  # what Pillow's readers raise besides
        raise OSError(f"{path.name} cannot be read ({error})") from None


def _fitted(path: Path, width: int, height: int) -> Image.Image:
    """The picture, as large as fits."""
    picture = read_picture(path)
    scale = min(width / picture.width, height / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)
