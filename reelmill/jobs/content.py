"""Where the content lies: brand, platforms and prompts of the user, or the shipped ones."""

from __future__ import annotations

from pathlib import Path

from reelmill.errors import FixConfiguration
from reelmill.settings import Settings

__all__ = ["content_folder"]

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = (_PACKAGE / "_catalogs", _PACKAGE.parent / "catalogs")  # in a wheel, in a checkout


def content_folder(settings: Settings) -> Path:
    """The folder of ``catalogs_dir`` if it is there; the shipped content if the default one is missing."""
    chosen = settings.catalogs_dir
    if _has_content(chosen):
        return chosen
    if "catalogs_dir" not in settings.model_fields_set:
        for folder in _SHIPPED:
            if _has_content(folder):
                return folder
    raise FixConfiguration(
        f"{chosen}: has no platforms.toml.", "Point catalogs_dir at a folder with brand.toml, platforms.toml, prompts/."
    )


def _has_content(folder: Path) -> bool:
    try:
        return (folder / "platforms.toml").is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False
