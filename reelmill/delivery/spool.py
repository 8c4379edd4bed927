"""Deliverables by product, and what an earlier manifest listed: on disk, so that memory stays flat."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.spec import Row
from reelmill.ledger.listed import chunks
from reelmill.product import Product, Reject, RowRef

__all__ = ["Earlier", "Spool"]

_CHUNK = 1000
_SCHEMA = """
    PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16384;
    CREATE TABLE videos (sku TEXT, platform TEXT, variant INTEGER, number INTEGER, retired INTEGER, grouped INTEGER,
        data BLOB, PRIMARY KEY (sku, platform, variant, number)) WITHOUT ROWID;
    CREATE TABLE items (owner TEXT, sku TEXT, number INTEGER, data BLOB, PRIMARY KEY (owner, sku)) WITHOUT ROWID;
    CREATE TABLE rejected (key TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE listed (key TEXT PRIMARY KEY, data BLOB, now INTEGER) WITHOUT ROWID;
    CREATE TABLE addresses (address TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Spool:
    """A temporary database; a context manager. Rows come out by SKU in code-point order, whatever their way in."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="reelmill-manifest-")
        self._db = sqlite3.connect(Path(self._folder.name) / "spool.db", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._nameless = False  # a row was rejected of which nobody can tell the product

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._db.close()
        self._folder.cleanup()

    def add_deliverables(self, found: Iterable[Deliverable]) -> None:
        """Keep them all."""
        numbered = enumerate(found)
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO videos VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (one.sku, one.platform, one.variant, number, one.retired, one.is_group, one.to_json())
                for number, one in numbered
            ),
        )
        self._db.execute("COMMIT")

    def add_feed(self, rows: Iterable[Product | Reject]) -> None:
        """Keep those items of a feed that have a video, by themselves or as part of their group, and its rejects."""
        for chunk in chunks(enumerate(rows), _CHUNK):
            self._add_items([(number, row) for number, row in chunk if isinstance(row, Product)])
            for _, row in chunk:
                if isinstance(row, Reject) and row.on_sale:
                    self._add_reject(row)

    def groups(self) -> Iterator[tuple[str, tuple[Deliverable, ...], tuple[Product, ...]]]:
        """Each product that is not retired, with its deliverables and its items in the order of the feed, by SKU."""
        rows = self._db.cursor().execute(
            "SELECT sku, data FROM videos WHERE NOT retired ORDER BY sku, platform, variant, number"
        )
        for sku, group in groupby(rows, key=lambda row: str(row[0])):
            videos = tuple(Deliverable.from_json(data) for _, data in group)
            items = self._db.execute("SELECT data FROM items WHERE owner = ? ORDER BY number", (sku,))
            yield sku, videos, tuple(_product_from(data) for (data,) in items)

    def retired(self) -> Iterator[Deliverable]:
        """The deliverables of retired products, by SKU."""
        rows = self._db.cursor().execute(
            "SELECT data FROM videos WHERE retired ORDER BY sku, platform, variant, number"
        )
        for (data,) in rows:
            yield Deliverable.from_json(data)

    def has_sku(self, sku: str) -> bool:
        """Whether a product of this SKU has a video and is not retired."""
        return bool(self._with_video([sku]))

    def is_rejected(self, key: str) -> bool:
        """Whether the row of this item may be one that was rejected tonight: then it is still in the feed."""
        return self._nameless or bool(self._db.execute("SELECT 1 FROM rejected WHERE key = ?", (key,)).fetchone())

    def earlier(self) -> Earlier:
        """An empty memory of what an earlier manifest listed; there is one at a time."""
        self._db.executescript("DELETE FROM listed; DELETE FROM addresses;")
        return Earlier(self._db)

    def _add_items(self, items: Sequence[tuple[int, Product]]) -> None:
        own = self._with_video({one.sku for _, one in items})
        groups = self._with_video({one.item_group_id for _, one in items}, groups=True)
        owned = [(one.sku if one.sku in own else one.item_group_id, number, one) for number, one in items]
        rows = [
            (owner, _sound(one.sku), number, _product_json(one))
            for owner, number, one in owned
            if owner in (own if owner == one.sku else groups)
        ]
        self._db.executemany("INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?)", rows)

    def _add_reject(self, reject: Reject) -> None:
        self._nameless |= not reject.keys
        self._db.executemany("INSERT OR IGNORE INTO rejected VALUES (?)", ((_sound(key),) for key in reject.keys))

    def _with_video(self, names: Collection[str], *, groups: bool = False) -> set[str]:
        """Those of these products, or of these ``groups`` that were made as one product, that have a video.

        What is retired has none: it may be an item of a group by now, whose video it has.
        """
        asked = orjson.dumps([name.encode("utf-8", "replace").decode() for name in names]).decode()
        found = self._db.execute(
            "SELECT value FROM json_each(?) WHERE EXISTS "
            "(SELECT 1 FROM videos WHERE sku = value AND NOT retired AND grouped >= ?)",
            (asked, groups),
        )
        return {name for (name,) in found}


class Earlier:
    """What was listed before, and what is listed now, by the key of the row."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database

    def add(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Rows of the earlier file, by key."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO listed VALUES (?, ?, 0)", ((key, orjson.dumps(row)) for key, row in rows)
        )
        self._db.execute("COMMIT")

    def row(self, key: str) -> Row | None:
        """The row of this key in the earlier file."""
        found = self._db.execute("SELECT data FROM listed WHERE key = ? AND data IS NOT NULL", (key,)).fetchone()
        return _row_from(found[0]) if found else None

    def show(self, addresses: Iterable[str]) -> None:
        """These addresses are still to be shown."""
        self._db.executemany("INSERT OR IGNORE INTO addresses VALUES (?)", ((one,) for one in addresses))

    def list_now(self, key: str) -> bool:
        """A row of this key is in the new file. False if one is already."""
        mark = "INSERT INTO listed VALUES (?, NULL, 1) ON CONFLICT (key) DO UPDATE SET now = 1 WHERE now = 0"
        return self._db.execute(mark, (key,)).rowcount == 1

    def is_shown(self, addresses: Collection[str]) -> bool:
        """Whether all of these addresses are still to be shown."""
        found = self._db.execute(
            "SELECT count(*) FROM json_each(?) JOIN addresses ON address = value",
            (orjson.dumps(list(addresses)).decode(),),
        )
        return bool(addresses) and found.fetchone()[0] == len(addresses)

    def gone(self) -> Iterator[tuple[str, Row]]:
        """Rows of the earlier file whose key is not in the new one, by key."""
        after = ""
        query = "SELECT key, data FROM listed WHERE now = 0 AND key > ? ORDER BY key LIMIT ?"
        while rows := self._db.execute(query, (after, _CHUNK)).fetchall():
            for key, data in rows:
                yield key, _row_from(data)
            after = rows[-1][0]


def _row_from(data: bytes) -> Row:
    values: dict[str, Any] = orjson.loads(data)
    return {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}


def _product_json(product: Product) -> bytes:
    values = asdict(product) | {"ref": None, "extra": dict(product.extra)}
    return orjson.dumps(_sound(values), default=str)


def _sound(value: Any) -> Any:
    """Without half characters, which no file can hold."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_sound(name): _sound(inner) for name, inner in value.items()}
    return [_sound(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _product_from(data: bytes) -> Product:
    values: dict[str, Any] = orjson.loads(data)
    for name in ("category", "images", "highlights", "variants"):
        values[name] = tuple(values[name])
    price = values["price"]
    return Product(**values | {"ref": RowRef("", 0), "price": None if price is None else Decimal(price)})
