"""Where Vertex AI is: Google's own address for a region, or the one that the settings name."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from reelmill.errors import FixConfiguration
from reelmill.scrub import scrub
from reelmill.settings import Settings

__all__ = ["Endpoint"]

_MULTI_REGIONS = ("us", "eu")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of the Vertex AI API with the project and region that are named in every path."""

    project: str
    location: str
    base_url: str  # with a trailing slash

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises FixConfiguration if the project is missing or the address is none."""
        if not settings.project:
            raise FixConfiguration(
                "No Google Cloud project is set, so nobody could pay for the videos.",
                "Set REELMILL_PROJECT or GOOGLE_CLOUD_PROJECT.",
            )
        base_url = settings.vertex_base_url or _google(settings.location)
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise FixConfiguration(
                f"vertex_base_url {scrub(base_url, 100)!r} is no address of an API.",
                "Write it like https://us-central1-aiplatform.googleapis.com, or leave it empty.",
            )
        return cls(settings.project, settings.location, base_url.rstrip("/") + "/")

    @property
    def scheme(self) -> str:
        """``http`` or ``https``."""
        return urlsplit(self.base_url).scheme

    @property
    def host(self) -> str:
        """Host and, if named, port."""
        return urlsplit(self.base_url).netloc

    @property
    def loopback(self) -> bool:
        """Whether it is this very machine: a rehearsal that needs no credentials."""
        name = urlsplit(self.base_url).hostname or ""
        if name == "localhost":
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _google(location: str) -> str:
    """The host that serves a region; measured on google-genai 2.34."""
    if location == "global":
        return "https://aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"https://aiplatform.{location}.rep.googleapis.com"
    return f"https://{location}-aiplatform.googleapis.com"
