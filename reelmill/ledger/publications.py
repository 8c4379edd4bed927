"""Receipts of what was published. They are only ever added: what was sent stays sent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, one_of
from reelmill.ledger.schema import publications
from reelmill.ledger.upsert import insert_or_leave

__all__ = ["Publication", "published", "remember_publication"]

_CHUNK = 1000
_COLUMNS = [column for column in publications.c if column.name != "published_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A receipt: ``target`` has the file ``uri`` of an attempt, made for ``platform``, and keeps it at ``address``.

    ``sha256`` (hex) and ``size`` (bytes) are those of the bytes that it has.
    """

    target: str
    intent_id: str
    platform: str
    uri: str
    sha256: str
    size: int
    address: str


def published(database: Database, target: str, intent_ids: Collection[str]) -> list[Publication]:
    """What of these attempts the target has."""
    found: list[Publication] = []
    for chunk in chunks(intent_ids, _CHUNK):
        with database.reading() as connection:
            these = (publications.c.target == target, one_of(connection, publications.c.intent_id, chunk))
            rows = connection.execute(select(*_COLUMNS).where(*these)).mappings()
            found += [Publication(**row) for row in rows]
    return found


def remember_publication(database: Database, publication: Publication) -> None:
    """Keep a receipt; the first one of a file stays."""
    with database.writing() as connection:
        values = {column.name: getattr(publication, column.name) for column in _COLUMNS}
        insert_or_leave(connection, publications, values | {"published_at": database.now(connection)})
