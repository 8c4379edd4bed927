"""Looking at a feed without reading it: which files there are, how large, and which version of each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from reelmill.errors import FixFeed
from reelmill.settings import Settings
from reelmill.storage.feeds import open_feed_source

__all__ = ["FeedLook", "look_at_feed"]


@dataclass(frozen=True, slots=True)
class FeedLook:
    """What lies at a feed's address: files, bytes, and a ``version`` that changes with any of them."""

    files: int
    size: int
    version: str

    @classmethod
    def of(cls, found: Iterable[tuple[str, int, int]]) -> Self | None:
        """From name, size and generation (or time of change) of each file; None for no file."""
        files = sorted(found)
        told = "\n".join(f"{name}\0{size}\0{mark}" for name, size, mark in files)
        digest = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        return cls(len(files), sum(size for _, size, _ in files), digest) if files else None


def look_at_feed(location: str, settings: Settings) -> FeedLook | None:
    """What lies at a path, a folder, a ``gs://`` object or prefix now; None if nothing does.

    Raises FixFeed for another kind of address or a folder that cannot be read; FixAccess, TryLater.
    """
    source = open_feed_source(location, settings)
    if source is not None:
        return FeedLook.of((blob.name, int(blob.size), int(blob.generation)) for blob in source.blobs(location))
    if "://" in location:
        raise FixFeed(f"{location.partition('://')[0]}:// cannot be watched.", "Name a path or a gs:// address.")
    try:
        return FeedLook.of(_local(Path(location)))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "the path is not valid"
        raise FixFeed(f"{location} cannot be looked at: {reason}.", "Check the path and its permissions.") from None


def _local(path: Path) -> Iterable[tuple[str, int, int]]:
    if path.is_dir():
        below = [(item, item.relative_to(path)) for item in path.rglob("*") if item.is_file()]
        files = [(item, str(name)) for item, name in below if not any(part[0] in "._" for part in name.parts)]
    else:
        files = [(path, path.name)]
    for item, name in files:
        try:
            found = item.stat()
        except FileNotFoundError:  # not there, or gone since: the next look tells
            continue
        yield name, found.st_size, found.st_mtime_ns
