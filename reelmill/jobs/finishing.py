"""The finish of clips, opened from settings and content, and checked before anything is paid."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from reelmill.errors import FixConfiguration
from reelmill.finish import CAPTION_WORDS, Finish
from reelmill.jobs.content import content_folder
from reelmill.platforms import Platform, load_platforms
from reelmill.production.finishing import Finishing
from reelmill.prompts.brand import load_brand
from reelmill.settings import InspectDepth, Settings

__all__ = ["open_finishing"]

_FILES = ("font", "logo", "end_card", "music")
_HEARD_S = 0.1  # of music: whether it can be decoded at all
_NAMED = re.compile(r"\{([^{}]*)\}")


def open_finishing(settings: Settings) -> Finishing:
    """Platforms, brand and policy. Raises FixConfiguration naming what cannot be used."""
    if settings.inspect is InspectDepth.OFF:
        return Finishing()
    from reelmill.media.findings import FindingCode

    folder = content_folder(settings)
    finish = load_brand(folder / "brand.toml").finish
    unknown = sorted(set(finish.findings) - set(FindingCode))
    if unknown:
        raise _wrong(folder, f"findings.{unknown[0]}: there is no such finding", f"Known are {', '.join(FindingCode)}.")
    platforms = load_platforms(folder / "platforms.toml")
    if settings.renditions and settings.inspect is InspectDepth.FULL:  # or nothing wears it
        _check(folder, finish)
        if finish.disclosure:
            _check_room(folder, finish, platforms.values())
    return Finishing(platforms, finish, folder)


def _check(folder: Path, finish: Finish) -> None:
    for name in _FILES:
        file = getattr(finish, name)
        if file and not (folder / file).is_file():
            raise _wrong(folder, f"{name}: {folder / file} is no file", "Name a file, relative to that folder.")
    _check_readable(folder, finish)
    strange = [word for word in _NAMED.findall(finish.caption) if word not in CAPTION_WORDS]
    if strange:
        known = ", ".join(f"{{{word}}}" for word in CAPTION_WORDS)
        raise _wrong(folder, f"caption: {{{strange[0]}}} is unknown", f"Known are {known}.")
    if (finish.disclosure or finish.caption) and not finish.font:
        raise _wrong(folder, "font: words need one", "Name a TrueType or OpenType font.")
    if finish.font:
        _check_letters(folder, finish)


def _check_readable(folder: Path, finish: Finish) -> None:
    """Pictures and music are read here as they are for every clip, or each would fail once it is paid."""
    from reelmill.media.dress import read_picture
    from reelmill.media.making import FAILURES
    from reelmill.media.music import read_music

    try:
        for name in ("logo", "end_card"):
            if file := getattr(finish, name):
                read_picture(folder / file)
        name, file = "music", finish.music
        if file:
            read_music(folder / file, _HEARD_S)
    except FAILURES as error:
        raise _wrong(folder, f"{name}: {file} cannot be used ({error})", "Name another file, or none.") from None


def _check_letters(folder: Path, finish: Finish) -> None:
    from reelmill.media.lettering import missing_letters

    try:
        for name, words in (("disclosure", finish.disclosure), ("caption", _NAMED.sub("", finish.caption))):
            if missing := missing_letters(words, folder / finish.font):
                what = f"{name}: the font has no letters for {missing}"
                raise _wrong(folder, what, "Name another font, or other words.")
    except OSError as error:
        raise _wrong(folder, f"font: {finish.font} cannot be used ({error})", "Name another font.") from None


def _check_room(folder: Path, finish: Finish, platforms: Iterable[Platform]) -> None:
    """Raises FixConfiguration if the disclosure would be cut: half a label may say something else."""
    from reelmill.media.dress import Dress, Frame

    dress = Dress(finish, folder)
    for platform in platforms:
        if dress.cut(Frame(platform.width, platform.height, platform.safe_zones)):
            what = f"disclosure: it is too long for {platform.name}, inside its safe zones"
            raise _wrong(folder, what, "Take fewer words, or smaller safe_zones in platforms.toml.")


def _wrong(folder: Path, what: str, remedy: str) -> FixConfiguration:
    return FixConfiguration(f"{folder / 'brand.toml'}: finish.{what}.", remedy)
