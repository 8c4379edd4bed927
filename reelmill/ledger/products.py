"""What planning remembers of each product of a catalog. In bulk: a million rows are its everyday."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import Insert

from reelmill.ledger.database import Database
from reelmill.ledger.listed import Lookup, chunks, lock_in_order, one_of
from reelmill.ledger.plans import LaterPlans, later_plans
from reelmill.ledger.records import KnownProduct
from reelmill.ledger.schema import products
from reelmill.ledger.upsert import Upsert

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
    """Keep or replace what is known, a transaction per chunk so that others can write in between.

    What a run that was planned later says of a product stays.
    """
    for chunk in chunks(known, _CHUNK):
        # Each SKU once and in order: one statement may not touch a row twice, nor two wait in a circle.
        latest = {product.sku: product for product in chunk}
        ordered = [latest[sku] for sku in sorted(latest)]
        with database.writing() as connection:
            if later := later_plans(connection, run_id):
                _remember_as_older(connection, catalog, ordered, run_id, later)
            elif database.is_sqlite:
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


def _remember_as_older(
    connection: Connection, catalog: str, ordered: list[KnownProduct], run_id: str, later: LaterPlans
) -> None:
    """The same, where others were planned later; which products there are is theirs to say if one read the catalog."""
    whole = later.read_whole(catalog)

    def unless_theirs(new: Insert) -> Insert:
        newer = {name: new.excluded[name] for name in ("fingerprint", "clips", "retired", "run_id")}
        return new.on_conflict_do_update(
            index_elements=[_p.catalog, _p.sku],
            set_=newer | ({"retired": _p.retired} if whole else {}),
            where=~one_of(connection, _p.run_id, later.run_ids),
        )

    rows = [
        {"catalog": catalog, "sku": p.sku, "fingerprint": p.fingerprint}
        | {"clips": p.clips, "retired": p.retired, "run_id": run_id}
        for p in ordered
    ]
    connection.execute(Upsert(products, unless_theirs).on(connection), rows)


def retire_products(database: Database, catalog: str, skus: Iterable[str], run_id: str) -> None:
    """Mark SKUs that vanished from the feed; what was made for them stays.

    What a run that was planned later says of a product stays, and once one has read the whole catalog, nothing retires:
    it knew what was gone, and what it found unchanged it has not written down.
    """
    for chunk in chunks(skus, _CHUNK):
        with database.writing() as connection:
            later = later_plans(connection, run_id)
            if later.read_whole(catalog):
                return
            these = (_p.catalog == catalog, one_of(connection, _p.sku, sorted(chunk)))
            not_theirs = ~one_of(connection, _p.run_id, later.run_ids)
            lock_in_order(connection, _p.sku, *these)
            connection.execute(update(products).where(*these, not_theirs).values(retired=True, run_id=run_id))
