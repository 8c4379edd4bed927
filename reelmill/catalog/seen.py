"""The keys a feed has used so far: on disk, with bounded memory, however long the feed is."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

__all__ = ["SeenKeys"]

_CACHE_KIB = 10_000  # measured: 8 to 32 MB make no difference in time
_LOOKUP = 500


class SeenKeys:
    """Which row used a key first, for several kinds of key.

    Keys are kept as 64-bit hashes: of a million different ones, two fall together with odds of one in forty million.
    The table is a private temporary file of SQLite's, gone when closed.
    """

    def __init__(self, *kinds: str) -> None:
        # An empty name makes a temporary database that spills to disk once its cache is full.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
            self._db.execute(f"PRAGMA {setting}")
        for kind in kinds:
            self._db.execute(f"CREATE TABLE {kind} (key INTEGER PRIMARY KEY, row INTEGER NOT NULL)")

    def close(self) -> None:
        """Delete everything."""
        self._db.close()

    def claim(self, kind: str, keys: Sequence[str], rows: Sequence[int]) -> dict[int, int]:
        """Note each key as used by its row, unless an earlier row has it: then position -> that earlier row."""
        if not keys:
            return {}
        hashes = [hash(key) for key in keys]
        before = self._db.total_changes
        # In key order, neighbours share a page of the tree; in row order within a key, the first row wins.
        pairs = sorted(zip(hashes, rows, strict=True))
        self._db.execute("BEGIN")
        self._db.executemany(f"INSERT OR IGNORE INTO {kind} VALUES (?, ?)", pairs)  # noqa: S608 - our own name
        self._db.execute("COMMIT")
        if self._db.total_changes - before == len(keys):
            return {}
        held = self._held(kind, hashes)
        return {at: held[key] for at, (key, row) in enumerate(zip(hashes, rows, strict=True)) if held[key] != row}

    def holders(self, kind: str, keys: Sequence[str]) -> dict[int, int]:
        """Position -> the row that uses the key, for the keys that are used. Claims nothing."""
        hashes = [hash(key) for key in keys]
        held = self._held(kind, hashes)
        return {at: held[key] for at, key in enumerate(hashes) if key in held}

    def _held(self, kind: str, hashes: Sequence[int]) -> dict[int, int]:
        held: dict[int, int] = {}
        for start in range(0, len(hashes), _LOOKUP):
            some = hashes[start : start + _LOOKUP]
            marks = ",".join("?" * len(some))
            held.update(self._db.execute(f"SELECT key, row FROM {kind} WHERE key IN ({marks})", some))  # noqa: S608 - our own name
        return held
