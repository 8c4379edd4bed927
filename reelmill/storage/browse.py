"""Where a person's browser finds a stored object. Never a signed address: those are secrets, and they expire."""

from __future__ import annotations

from urllib.parse import quote

from reelmill.settings import Settings

__all__ = ["browse_address"]

_SIGNED_IN = "https://storage.cloud.google.com"
"""Serves an object to whoever is signed in and may read it (Cloud Storage documentation, authenticated downloads)."""


def browse_address(uri: str, settings: Settings) -> str | None:
    """The address of a ``gs://`` object for a browser; None for a file on this machine."""
    scheme, _, rest = uri.partition("://")
    if scheme != "gs":
        return None
    bucket, _, name = rest.partition("/")
    if host := settings.storage_emulator_host:
        return f"{host.rstrip('/')}/{bucket}/{quote(name)}"  # by path, so that a page's relative links resolve
    return f"{_SIGNED_IN}/{bucket}/{quote(name)}"
