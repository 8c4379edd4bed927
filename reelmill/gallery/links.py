"""Where a page finds a clip's files: beside it in the output, or in a folder of its own. Never a signed address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit

from reelmill.clip import Clip
from reelmill.ledger.films import Stitched
from reelmill.ledger.records import Intent
from reelmill.signatures import is_incomplete
from reelmill.storage.names import safe_name
from reelmill.storage.port import Storage

__all__ = [
    "KeptPicture",
    "Links",
    "LinksBeside",
    "LinksInside",
    "film_media_name",
    "media_name",
    "picture_name",
    "picture_origin",
]

KeptPicture = Callable[[Clip], str | None]
"""The object name under which the picture that a clip was made from is kept below the output root."""

_HTTPS_PORT = 443
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Links(Protocol):
    """Relative addresses for a page; None where there is nothing to show."""

    def videos(self, intent: Intent) -> list[str]:
        """The videos of an attempt."""
        ...

    def poster(self, intent: Intent) -> str | None:
        """Its poster."""
        ...

    def provenance(self, intent: Intent) -> str | None:
        """The record of how it was made."""
        ...

    def film(self, stitched: Stitched) -> tuple[str | None, str | None]:
        """Video and poster of a film."""
        ...

    def picture(self, clip: Clip) -> str | None:
        """The product's picture: kept below the output, or the feed's own https address."""
        ...


@dataclass(frozen=True, slots=True)
class LinksBeside:
    """For ``gallery/<run>/`` in the output itself: up to the output root, and down to the object."""

    storage: Storage
    kept: KeptPicture
    up: str = "../../"

    def videos(self, intent: Intent) -> list[str]:
        """Those below the output root."""
        return [link for link in map(self._to, intent.video_uris) if link is not None]

    def poster(self, intent: Intent) -> str | None:
        """The poster's object."""
        return self._to(intent.poster_uri)

    def provenance(self, intent: Intent) -> str | None:
        """The record's object."""
        return self._to(intent.provenance_uri)

    def film(self, stitched: Stitched) -> tuple[str | None, str | None]:
        """Its objects."""
        return self._to(stitched.video_uri), self._to(stitched.poster_uri)

    def picture(self, clip: Clip) -> str | None:
        """The kept object, or the feed's address."""
        name = self.kept(clip)
        return f"{self.up}{quote(name)}" if name is not None else _public(clip)

    def _to(self, uri: str | None) -> str | None:
        if uri is None:
            return None
        try:
            return self.up + quote(self.storage.name(uri))
        except ValueError:  # not below this output: a page there cannot reach it
            return None


@dataclass(frozen=True, slots=True)
class LinksInside:
    """For a folder of its own and for the served page: ``media/<intent>/``; posters only without ``has_videos``."""

    kept: KeptPicture
    has_videos: bool = True

    def videos(self, intent: Intent) -> list[str]:
        """By number."""
        return [media_name(intent, index) for index in range(len(intent.video_uris))] if self.has_videos else []

    def poster(self, intent: Intent) -> str | None:
        """By its intent."""
        return None if intent.poster_uri is None else media_name(intent, None)

    def provenance(self, intent: Intent) -> str | None:
        """Not taken along."""
        del intent
        return None

    def film(self, stitched: Stitched) -> tuple[str | None, str | None]:
        """By its edition."""
        video = film_media_name(stitched, poster=False) if self.has_videos else None
        return video, film_media_name(stitched, poster=True) if stitched.poster_uri else None

    def picture(self, clip: Clip) -> str | None:
        """The kept picture, taken along; or the feed's address."""
        name = self.kept(clip)
        return picture_name(name) if name is not None else _public(clip)


def media_name(intent: Intent, index: int | None) -> str:
    """Where a folder of its own has the video of this number, or (None) the poster, of an intent."""
    return f"media/{safe_name(intent.intent_id)}/{'poster.jpg' if index is None else f'{index}.mp4'}"


def film_media_name(stitched: Stitched, *, poster: bool) -> str:
    """Where a folder of its own has the video or the poster of a film."""
    return f"media/{stitched.edition}/{'poster.jpg' if poster else 'film.mp4'}"


def picture_name(kept: str) -> str:
    """Where such a folder has a kept picture."""
    return f"media/pictures/{safe_name(kept.rpartition('/')[2])}"


def picture_origin(link: str | None) -> str | None:
    """The origin of a picture that lies elsewhere, as a content policy names it; None for ours, or an odd one."""
    if link is None or not link.startswith("https://"):
        return None
    try:
        parts = urlsplit(link)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not _HOST.fullmatch(host):
        return None
    return f"https://{host}" if port in (None, _HTTPS_PORT) else f"https://{host}:{port}"


def _public(clip: Clip) -> str | None:
    """The feed's own address if a browser can open it as it is: without a signature that was taken out, or a user."""
    address = clip.picture
    if is_incomplete(address) or picture_origin(address) is None or urlsplit(address).username is not None:
        return None
    return address
