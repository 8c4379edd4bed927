"""A ledger in which every clip of a feed was made, paid and remembered, written in minutes instead of weeks.

The first clip goes through the ledger's own protocol. The rows of the others are copied from its rows with
their own identities, in the same tables, so that the ledger is as large and as consistent as a real one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, delete, insert, literal, select, update

from benchmarks.rehearsal import CATALOG, planning_settings
from reelmill.jobs.catalog import CatalogRequest, plan_catalog
from reelmill.jobs.engine import Engine
from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, KnownProduct, Run, RunStatus, Settlement
from reelmill.ledger.schema import budgets, charges, clips, intents
from reelmill.ledger.states import State

if TYPE_CHECKING:
    from reelmill.clip import Clip
    from reelmill.film import Film
    from reelmill.planning.actions import PlannedClip
    from reelmill.product import Reject

__all__ = ["remember_as_made"]

_RUN = "benchmark"
_CHUNK = 5000
_DESCRIBED = ("sku", "title", "brand", "category", "template", "template_version", "input_hash")

_made = Table(
    "made",
    MetaData(),
    Column("clip_id", Text),
    Column("request", Text),
    *(Column(name, Text) for name in _DESCRIBED),
    prefixes=["TEMPORARY"],
)


def remember_as_made(feed: str, ledger_url: str, platforms: tuple[str, ...]) -> int:
    """Plan the feed into a fresh ledger and record all of it as made; returns how many clips that were."""
    with Engine(planning_settings(ledger_url), "") as engine:
        engine.ledger.start_run(Run(run_id=_RUN, output=engine.storage.root))
        database = Database(parse_url(ledger_url))
        try:
            sink = _Made(engine.ledger, database, engine.storage.root)
            plan_catalog(engine, CatalogRequest(feed=feed, platforms=platforms), sink)
            sink.flush()
            sink.book()
        finally:
            database.close()
        engine.ledger.finish_run(_RUN, RunStatus.COMPLETED)
        return sink.clips


@dataclass(slots=True)
class _Made:
    """A plan's sink that makes everything at once."""

    ledger: Ledger
    database: Database
    output: str
    clips: int = 0
    _template: str = ""
    _clips: list[Clip] = field(default_factory=list)
    _products: list[KnownProduct] = field(default_factory=list)

    def make(self, planned: PlannedClip) -> None:
        self.clips += 1
        if not self._template:
            self._template = self._through_the_protocol(planned.clip)
            return
        self._clips.append(planned.clip)
        if len(self._clips) >= _CHUNK:
            self.flush()

    def product(self, known: KnownProduct, clip_ids: tuple[str, ...]) -> None:
        del clip_ids
        self._products.append(known)

    def reject(self, reject: Reject) -> None:
        raise AssertionError(f"the made-up feed has a bad row: {reject}")

    def film(self, film: Film) -> None:
        raise AssertionError(f"nobody asked for films: {film}")

    def retire(self, skus: list[str]) -> None:
        if skus:
            raise AssertionError(f"a fresh ledger retires {skus}")

    def flush(self) -> None:
        """Write what has gathered."""
        self.ledger.remember_products(CATALOG, self._products, _RUN)
        self._products.clear()
        with self.database.writing() as connection:
            _copy(connection, self._template, self._clips)
        self._clips.clear()

    def book(self) -> None:
        """Let the budgets say what the charges add up to: every clip cost the same."""
        with self.database.writing() as connection:
            connection.execute(update(budgets).values(spent=budgets.c.spent * literal(self.clips, Integer)))

    def _through_the_protocol(self, clip: Clip) -> str:
        intent = self.ledger.authorise(
            clip,
            run_id=_RUN,
            output=self.output,
            output_prefix_for=lambda intent_id, attempt: f"clips/{intent_id}-{attempt}",
            owner="benchmark",
            lease_s=60,
            caps=Caps(),
        )
        self.ledger.mark_sending(intent.intent_id, owner="benchmark", lease_s=60)
        self.ledger.accepted(intent.intent_id, f"projects/benchmark/operations/{intent.intent_id}")
        uris = (f"{self.output}/{intent.output_prefix}/sample_0.mp4",)
        self.ledger.settle(intent.intent_id, Settlement(state=State.SUCCEEDED, returned=1, video_uris=uris))
        return intent.intent_id


def _copy(connection: Connection, template: str, made: list[Clip]) -> None:
    # A crash would lose a benchmark, not money; and clip ids are hashes, which fall all over the indexes.
    connection.exec_driver_sql("PRAGMA cache_size = -1000000")
    _made.create(connection, checkfirst=True)
    connection.execute(delete(_made))
    if made:
        connection.execute(insert(_made), [_described(clip) for clip in made])
    new = _made.c
    described = {name: new[name] for name in ("clip_id", "request", *_DESCRIBED)}
    intent_id = "i" + new.clip_id
    operation = "projects/benchmark/operations/" + new.clip_id
    first_clip = select(intents.c.clip_id).where(intents.c.intent_id == template).scalar_subquery()
    _like(connection, clips, clips.c.clip_id == first_clip, {**described, "latest_intent_id": intent_id})
    own = {"intent_id": intent_id, "clip_id": new.clip_id, "operation": operation}
    _like(connection, intents, intents.c.intent_id == template, own | {"output_prefix": "clips/" + new.clip_id})
    _like(connection, charges, charges.c.intent_id == template, own)


def _like(connection: Connection, table: Table, template: Any, changes: dict[str, Any]) -> None:
    """One row for each clip that was made: those of the template row, with ``changes``."""
    values = [changes.get(column.name, column) for column in table.c]
    rows = select(*values).select_from(table.join(_made, template))
    connection.execute(insert(table).from_select([column.name for column in table.c], rows))


def _described(clip: Clip) -> dict[str, str]:
    request = orjson.dumps(clip.request.to_dict(), option=orjson.OPT_SORT_KEYS).decode()
    return {"clip_id": clip.clip_id, "request": request} | {name: getattr(clip, name) for name in _DESCRIBED}
