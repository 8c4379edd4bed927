"""Feeds that lie in Cloud Storage, for the catalog room, which itself knows nothing of Google."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reelmill.errors import FixFeed
from reelmill.settings import Settings
from reelmill.storage.gcs_client import READER, bucket_missing, make_client, patience, translated
from reelmill.storage.open import split_gs

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from google.cloud.storage import Blob, Client

__all__ = ["GcsFeeds", "open_feed_source"]

_AHEAD_BYTES = 4 << 20
_TIMEOUT_S = 60.0
_PATIENCE_S = 120.0


def open_feed_source(location: str | Path, settings: Settings) -> GcsFeeds | None:
    """What opens the feed at ``location`` for the catalog: a reader of ``gs://``, or None for a local path."""
    return GcsFeeds(make_client(settings)) if str(location).startswith("gs://") else None


class GcsFeeds:
    """Lists and opens ``gs://`` feeds; memory stays flat because a file is fetched in pieces as it is read."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self, location: str) -> list[str]:
        """The files at ``location``: itself, or those of the folder. Raises FixFeed if there is none."""
        found = [f"gs://{blob.bucket.name}/{blob.name}" for blob in self.blobs(location)]
        if not found:
            raise FixFeed(f"{location}: there is no file.", "Give the address of a feed file, or of its folder.")
        return found

    def blobs(self, location: str) -> Sequence[Blob]:
        """The objects at ``location`` by name, with their sizes and generations; none if there is nothing."""
        from google.api_core.exceptions import NotFound

        bucket, name = split_gs(location)
        fields = "items(name,size,generation),nextPageToken"
        asked = {"fields": fields, "timeout": _TIMEOUT_S, "retry": patience(_PATIENCE_S)}
        try:
            with translated(bucket, READER):
                blobs = {blob.name: blob for blob in self._client.list_blobs(bucket, prefix=name, **asked)}
        except NotFound:
            raise bucket_missing(bucket) from None
        if name in blobs and not location.endswith("/"):
            return [blobs[name]]
        folder = f"{name}/" if name else ""
        return [blobs[one] for one in sorted(blobs) if one.startswith(folder) and _visible(one[len(folder) :])]

    def open(self, location: str) -> BinaryIO:
        """A seekable reader of one file, as it was when it was opened. Raises FixFeed if it is not there."""
        from google.api_core.exceptions import NotFound

        bucket, name = split_gs(location)
        try:
            with translated(bucket, READER):
                blob = self._client.bucket(bucket).blob(name)
                blob.reload(timeout=_TIMEOUT_S, retry=patience(_PATIENCE_S))
        except NotFound:
            raise FixFeed(f"{location}: there is no such file.", "Correct the address of the feed.") from None
        return io.BufferedReader(_Ranges(blob), buffer_size=_AHEAD_BYTES)


class _Ranges(io.RawIOBase):
    """A raw file over ranged downloads of one generation of an object."""

    def __init__(self, blob: Blob) -> None:
        self._blob = blob
        self._size = int(blob.size)
        self._generation = blob.generation
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer).cast("B")
        end = min(self._at + len(room), self._size)
        if end <= self._at:
            return 0
        data = self._fetch(end)
        room[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _fetch(self, end: int) -> bytes:
        from google.api_core.exceptions import NotFound, PreconditionFailed

        try:
            with translated(self._blob.bucket.name, READER):
                data: bytes = self._blob.download_as_bytes(
                    start=self._at,
                    end=end - 1,
                    raw_download=True,
                    if_generation_match=self._generation,
                    timeout=_TIMEOUT_S,
                    retry=patience(_PATIENCE_S),
                )
        except (NotFound, PreconditionFailed):
            data = b""
        # The answer says which generation it came from; an emulator may not heed the precondition.
        if not data or self._blob.generation != self._generation:
            where = f"gs://{self._blob.bucket.name}/{self._blob.name}"
            raise FixFeed(f"{where}: was replaced while it was read.", "Run the same command again.")
        return data


def _visible(name: str) -> bool:
    return bool(name) and not any(part == "" or part.startswith((".", "_")) for part in name.split("/"))
