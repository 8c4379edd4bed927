"""What a page shows of an attempt or a film: how its files are called in a folder of its own, and whence they come."""

from __future__ import annotations

from dataclasses import replace

from reelmill.ledger.films import Stitched
from reelmill.ledger.records import Intent
from reelmill.storage.names import safe_name

__all__ = [
    "FILM",
    "POSTER",
    "PREVIEW",
    "media_folder",
    "media_of",
    "picture_name",
    "preview_uri",
    "rendition_name",
    "video_name",
    "without_media",
]

POSTER = "poster.jpg"
PREVIEW = "preview.mp4"
FILM = "film.mp4"


def media_folder(made: Intent | Stitched) -> str:
    """Where the files of an attempt or of a film's edition lie."""
    return f"media/{safe_name(made.intent_id if isinstance(made, Intent) else made.edition)}"


def video_name(index: int) -> str:
    """The file of the video of this number."""
    return f"{index}.mp4"


def rendition_name(platform: str) -> str:
    """The file that was made for a platform; no platform's name makes it one of the others."""
    return f"for-{safe_name(platform)}.mp4"


def picture_name(kept: str) -> str:
    """Where such a folder has a product's kept picture."""
    return f"media/pictures/{safe_name(kept.rpartition('/')[2])}"


def media_of(made: Intent | Stitched, *, videos: bool = True) -> dict[str, str]:
    """File name in its folder to address in the output; the poster only without ``videos``."""
    found = {POSTER: made.poster_uri} if made.poster_uri is not None else {}
    if not videos:
        return found
    if isinstance(made, Stitched):
        found[FILM] = made.video_uri
    else:
        found |= {video_name(index): uri for index, uri in enumerate(made.video_uris)}
        if (preview := preview_uri(made)) is not None:
            found[PREVIEW] = preview
    return found | {rendition_name(platform): uri for platform, uri in made.renditions.items()}


def preview_uri(intent: Intent) -> str | None:
    """The address of the three seconds that were cut from an attempt's video; None if none were."""
    found = (intent.inspection or {}).get("preview_uri")
    return found if isinstance(found, str) else None


def without_media(intent: Intent) -> Intent:
    """An attempt whose files were removed, as it can be shown: what was found of them stays."""
    found = intent.inspection
    if found is not None:
        found = {name: value for name, value in found.items() if name != "preview_uri"}
    return replace(intent, video_uris=(), poster_uri=None, renditions={}, inspection=found)
