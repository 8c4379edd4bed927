"""Where a page finds a clip's files: beside it in the output, or in a folder of its own. Never a signed address."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit

from reelmill.clip import Clip
from reelmill.gallery.media import (
    FILM,
    POSTER,
    PREVIEW,
    media_folder,
    picture_name,
    preview_uri,
    rendition_name,
    video_name,
)
from reelmill.ledger.films import Stitched
from reelmill.ledger.records import Intent
from reelmill.signatures import is_incomplete
from reelmill.storage.port import Storage

__all__ = ["KeptPicture", "Links", "LinksBeside", "LinksInside", "picture_origin"]

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

    def preview(self, intent: Intent) -> str | None:
        """Three seconds of it, which play while it is pointed at."""
        ...

    def renditions(self, made: Intent | Stitched) -> dict[str, str]:
        """What each platform gets of an attempt or a film, by the platform's name."""
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

    def preview(self, intent: Intent) -> str | None:
        """The preview's object."""
        return self._to(preview_uri(intent))

    def renditions(self, made: Intent | Stitched) -> dict[str, str]:
        """Those below the output root."""
        links = {platform: self._to(uri) for platform, uri in made.renditions.items()}
        return {platform: link for platform, link in links.items() if link is not None}

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
        count = len(intent.video_uris) if self.has_videos else 0
        return [f"{media_folder(intent)}/{video_name(index)}" for index in range(count)]

    def poster(self, intent: Intent) -> str | None:
        """By its intent."""
        return None if intent.poster_uri is None else f"{media_folder(intent)}/{POSTER}"

    def preview(self, intent: Intent) -> str | None:
        """By its intent."""
        there = self.has_videos and preview_uri(intent) is not None
        return f"{media_folder(intent)}/{PREVIEW}" if there else None

    def renditions(self, made: Intent | Stitched) -> dict[str, str]:
        """By platform."""
        names = made.renditions if self.has_videos else ()
        return {platform: f"{media_folder(made)}/{rendition_name(platform)}" for platform in names}

    def provenance(self, intent: Intent) -> str | None:
        """Not taken along."""
        del intent
        return None

    def film(self, stitched: Stitched) -> tuple[str | None, str | None]:
        """By its edition."""
        folder = media_folder(stitched)
        return f"{folder}/{FILM}" if self.has_videos else None, f"{folder}/{POSTER}" if stitched.poster_uri else None

    def picture(self, clip: Clip) -> str | None:
        """The kept picture, taken along; or the feed's address."""
        name = self.kept(clip)
        return picture_name(name) if name is not None else _public(clip)


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
