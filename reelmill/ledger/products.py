"""What planning remembers of each product of a catalog. In bulk: a million rows are its everyday."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import func, select, text, update

from reelmill.ledger.database import Database
from reelmill.ledger.listed import Lookup, chunks, one_of
from reelmill.ledger.records import KnownProduct
from reelmill.ledger.schema import products

__all__ = ["all_known_skus", "count_known", "known_products", "remember_products", "retire_products"]

_CHUNK = 10_000
_p = products.c

_UPSERT = """
    INSERT INTO products (catalog, sku, fingerprint, clips, retired, run_id) {rows}
    ON CONFLICT (catalog, sku) DO UPDATE SET
        fingerprint = excluded.fingerprint, clips = excluded.clips,
        retired = excluded.retired, run_id = excluded.run_id
"""
_UPSERT_SQLITE = _UPSERT.format(rows="VALUES (?, ?, ?, ?, ?, ?)")
# One statement and one round trip per chunk; a row a round trip would take minutes for a million.
_UPSERT_POSTGRESQL = text(
    _UPSERT.format(
        rows="""
        SELECT :catalog, new.sku, new.fingerprint, new.clips, new.retired, :run_id
        FROM unnest(
            CAST(:skus AS text[]), CAST(:fingerprints AS text[]), CAST(:clips AS int[]), CAST(:retired AS bool[])
        ) AS new (sku, fingerprint, clips, retired)
        """
    )
)

_KNOWN = Lookup("p.sku, p.fingerprint, p.clips, p.retired", "JOIN products AS p ON p.sku = asked.key AND p.catalog = ?")


def known_products(database: Database, catalog: str, skus: Collection[str]) -> dict[str, KnownProduct]:
    """What is remembered of these SKUs, retired ones too; unknown ones are left out."""
    found: dict[str, KnownProduct] = {}
    for chunk in chunks(skus, _CHUNK):
        with database.reading() as connection:
            for sku, fingerprint, clips, retired in _KNOWN.rows(connection, chunk, catalog):
                found[sku] = KnownProduct(sku, fingerprint, clips, bool(retired))
    return found


def all_known_skus(database: Database, catalog: str) -> Iterator[str]:
    """Every SKU that is not retired, read in chunks in the database's own order."""
    query = select(_p.sku).where(_p.catalog == catalog, _p.retired.is_(False)).order_by(_p.sku).limit(_CHUNK)
    after = query
    while True:
        with database.reading() as connection:
            skus = connection.execute(after).scalars().all()
        yield from skus
        if len(skus) < _CHUNK:
            return
        after = query.where(_p.sku > skus[-1])


def count_known(database: Database, catalog: str) -> int:
    """How many SKUs are known and not retired."""
    query = select(func.count()).select_from(products).where(_p.catalog == catalog, _p.retired.is_(False))
    with database.reading() as connection:
        return connection.execute(query).scalar_one()


def remember_products(database: Database, catalog: str, known: Iterable[KnownProduct], run_id: str) -> None:
    """Keep or replace what is known, a transaction per chunk so that others can write in between."""
    for chunk in chunks(known, _CHUNK):
        # Each SKU once and in order: one statement may not touch a row twice, nor two wait in a circle.
        latest = {product.sku: product for product in chunk}
        ordered = [latest[sku] for sku in sorted(latest)]
        with database.writing() as connection:
            if database.is_sqlite:
                rows = [(catalog, p.sku, p.fingerprint, p.clips, p.retired, run_id) for p in ordered]
                connection.exec_driver_sql(_UPSERT_SQLITE, rows)
            else:
                connection.execute(_UPSERT_POSTGRESQL, _columns(catalog, ordered, run_id))


def _columns(catalog: str, ordered: list[KnownProduct], run_id: str) -> dict[str, object]:
    return {
        "catalog": catalog,
        "run_id": run_id,
        "skus": [p.sku for p in ordered],
        "fingerprints": [p.fingerprint for p in ordered],
        "clips": [p.clips for p in ordered],
        "retired": [p.retired for p in ordered],
    }


def retire_products(database: Database, catalog: str, skus: Iterable[str], run_id: str) -> None:
    """Mark SKUs that vanished from the feed; what was made for them stays."""
    for chunk in chunks(skus, _CHUNK):
        with database.writing() as connection:
            these = one_of(connection, _p.sku, sorted(chunk))
            connection.execute(update(products).where(_p.catalog == catalog, these).values(retired=True, run_id=run_id))
