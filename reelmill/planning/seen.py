"""A set of SKUs on disk, so that memory stays flat however many products a feed has."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["SeenSkus"]

_CACHE_KIB = 16_384


class SeenSkus:
    """Remembers 64-bit hashes of SKUs in a temporary SQLite file; a context manager."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reelmill-plan-")
        self._db = sqlite3.connect(Path(self._folder.name) / "seen.db", isolation_level=None, check_same_thread=False)
        self._db.executescript(
            f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-{_CACHE_KIB};"
            "CREATE TABLE seen (key INTEGER PRIMARY KEY) WITHOUT ROWID; BEGIN;"
        )

    def add(self, skus: Collection[str]) -> None:
        """Remember these SKUs."""
        self._db.executemany("INSERT OR IGNORE INTO seen VALUES (?)", ((_key(sku),) for sku in skus))

    def missing(self, skus: Collection[str]) -> Iterator[str]:
        """Those of ``skus`` that were never added."""
        for sku in skus:
            if self._db.execute("SELECT 1 FROM seen WHERE key = ?", (_key(sku),)).fetchone() is None:
                yield sku

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()


def _key(sku: str) -> int:
    """64 bits: two of a million SKUs collide once in 37 million runs, and then one retirement waits a night."""
    return int.from_bytes(hashlib.blake2b(sku.encode(), digest_size=8).digest(), "big", signed=True)
