"""The storage port. Names are relative to the root; nothing can be written outside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Storage", "StoredObject"]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One stored object: its name below the root, its full address, and its size in bytes."""

    name: str
    uri: str
    size: int


class Storage(Protocol):
    """A folder of objects. Blocking and thread-safe.

    Every method raises FixAccess when refused and TryLater when the service does not answer.
    """

    @property
    def root(self) -> str:
        """``gs://bucket/prefix`` or an absolute folder, without a trailing slash."""
        ...

    @property
    def is_cloud(self) -> bool:
        """Whether Veo can write here itself (``gs://``)."""
        ...

    def uri(self, name: str) -> str:
        """The full address of an object name."""
        ...

    def name(self, uri: str) -> str:
        """The object name of a full address. Raises ValueError for one outside the root."""
        ...

    def list(self, prefix: str) -> list[StoredObject]:
        """Every object whose name starts with ``prefix``, sorted by name; empty if there is none."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of an object. Raises FileNotFoundError."""
        ...

    def download(self, name: str, target: Path) -> None:
        """Copy an object into a local file. Raises FileNotFoundError."""
        ...

    def create(self, name: str, data: bytes, content_type: str) -> bool:
        """Write a new object, durably and atomically; False (and nothing written) if it exists already."""
        ...

    def replace(self, name: str, data: bytes, content_type: str) -> None:
        """Write an object durably and atomically, over an older one if there is one (tables and galleries only)."""
        ...

    def delete(self, name: str) -> bool:
        """Delete an object for good; False if there was none. Only for names that nobody will write again."""
        ...

    def upload(self, name: str, source: Path, content_type: str) -> None:
        """Like :meth:`replace`, with the bytes of a local file, which may be larger than memory."""
        ...
