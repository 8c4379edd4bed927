"""Storage in Google Cloud Storage. A created object is written once, whoever races."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelmill.errors import FixConfiguration
from reelmill.storage.gcs_client import READER, WRITER, bucket_missing, patience, silent, translated, unreachable
from reelmill.storage.names import PRIVATE_PREFIX, check_name, check_prefix
from reelmill.storage.port import StoredObject
from reelmill.waits import Waits

if TYPE_CHECKING:
    from google.cloud.storage import Blob, Client

__all__ = ["GcsStorage"]

_WRITER_KEY = "reelmill-writer"
_CONNECT_S = 10.0


class GcsStorage:
    """A :class:`~reelmill.storage.port.Storage` below ``gs://bucket/prefix``.

    ``timeout_s`` bounds each request, ``patience_s`` one call with its retries, both in seconds. ``waits`` hears
    of every try that failed, and may end the retries.
    """

    def __init__(
        self,
        client: Client,
        bucket: str,
        prefix: str,
        *,
        timeout_s: float = 60,
        patience_s: float = 120,
        waits: Waits | None = None,
    ) -> None:
        self._client = client
        self._bucket = client.bucket(bucket)
        self._prefix = f"{check_name(prefix)}/" if prefix else ""
        self._waits = waits or Waits()
        self._silent = silent(bucket)
        # A host that is not there at all is known sooner than an answer that takes long.
        timeout = (min(_CONNECT_S, timeout_s), timeout_s)
        self._calling: dict[str, Any] = {"timeout": timeout, "retry": patience(patience_s, self._failed)}

    @property
    def root(self) -> str:
        """``gs://bucket/prefix`` without a trailing slash."""
        return f"gs://{self._bucket.name}/{self._prefix}".rstrip("/")

    @property
    def is_cloud(self) -> bool:
        """Always: Veo can write here itself."""
        return True

    def uri(self, name: str) -> str:
        """The ``gs://`` address of an object name."""
        return f"{self.root}/{check_name(name)}"

    def name(self, uri: str) -> str:
        """The object name of a ``gs://`` address. Raises ValueError for one outside the root."""
        inside = uri.removeprefix(f"{self.root}/")
        if inside == uri:
            raise ValueError(f"{uri!r} is not below {self.root}")
        try:
            return check_name(inside)
        except FixConfiguration as error:
            raise ValueError(error.problem) from None

    def list(self, prefix: str) -> list[StoredObject]:
        """Every object whose name starts with ``prefix``, sorted by name."""
        full = self._prefix + check_prefix(prefix)
        with self._bucket_call(READER):
            blobs = self._client.list_blobs(
                self._bucket, prefix=full, fields="items(name,size),nextPageToken", **self._calling
            )
            found = [
                StoredObject(blob.name[len(self._prefix) :], f"gs://{self._bucket.name}/{blob.name}", int(blob.size))
                for blob in blobs
                if not blob.name.endswith("/")  # what the console makes to show an empty folder
            ]
        return sorted(found, key=lambda item: item.name)

    def read(self, name: str) -> bytes:
        """The bytes of an object. Raises FileNotFoundError."""
        with self._object_call(name):
            data: bytes = self._blob(name).download_as_bytes(**self._calling)
        return data

    def download(self, name: str, target: Path) -> None:
        """Copy an object into a local file, which appears whole or not at all. Raises FileNotFoundError."""
        part = target.with_name(f"{PRIVATE_PREFIX}{uuid.uuid4().hex}.part")
        try:
            with self._object_call(name):
                self._blob(name).download_to_filename(str(part), **self._calling)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def create(self, name: str, data: bytes, content_type: str) -> bool:
        """Write a new object; False (and nothing written) if it exists already.

        A retry whose first try did arrive finds its own object; the writer's mark on it tells the two apart.
        """
        from google.api_core.exceptions import PreconditionFailed

        blob = self._blob(name)
        mark = uuid.uuid4().hex
        blob.metadata = {_WRITER_KEY: mark}
        with self._bucket_call(WRITER):
            try:
                blob.upload_from_string(data, content_type=content_type, if_generation_match=0, **self._calling)
            except PreconditionFailed:
                there = self._bucket.get_blob(blob.name, **self._calling)
                return there is not None and (there.metadata or {}).get(_WRITER_KEY) == mark
        return True

    def replace(self, name: str, data: bytes, content_type: str) -> None:
        """Write an object, over an older one if there is one. Writing the same bytes twice changes nothing."""
        with self._bucket_call(WRITER):
            self._blob(name).upload_from_string(data, content_type=content_type, **self._calling)

    def upload(self, name: str, source: Path, content_type: str) -> None:
        """Like :meth:`replace`, streaming the bytes of a local file."""
        with self._bucket_call(WRITER):
            self._blob(name).upload_from_filename(str(source), content_type=content_type, **self._calling)

    def delete(self, name: str) -> bool:
        """Delete an object; False if there was none, or a try whose answer was lost had deleted it."""
        try:
            with self._object_call(name, WRITER):
                self._blob(name).delete(**self._calling)
        except FileNotFoundError:
            return False
        return True

    def _blob(self, name: str) -> Blob:
        return self._bucket.blob(self._prefix + check_name(name))

    def _failed(self, error: Exception) -> None:
        """A try failed and another one would follow. Raises TryLater if nobody waits any more."""
        why = type(error).__name__
        if not self._waits.waiting(self._silent, why):
            raise unreachable(self._bucket.name, why)

    @contextmanager
    def _bucket_call(self, role: str) -> Iterator[None]:
        """A call in which only the bucket itself can be what is not found."""
        from google.api_core.exceptions import NotFound

        try:
            with translated(self._bucket.name, role):
                yield
        except NotFound:
            raise bucket_missing(self._bucket.name) from None
        self._waits.answered(self._silent)

    @contextmanager
    def _object_call(self, name: str, role: str = READER) -> Iterator[None]:
        """A call in which the object may be missing, or the bucket; the service says 404 for both."""
        from google.api_core.exceptions import NotFound

        try:
            with translated(self._bucket.name, role):
                yield
            self._waits.answered(self._silent)
        except NotFound:
            with self._bucket_call(READER):
                list(self._client.list_blobs(self._bucket, max_results=1, **self._calling))
            raise FileNotFoundError(self.uri(name)) from None
