"""Runs: their beginning, plan and end, and the feed rows that each could not use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.sql.dml import ReturningInsert

from reelmill.errors import FixConfiguration
from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import ZERO, BudgetScope, Caps, Run, RunStatus
from reelmill.ledger.schema import budgets, rejects, runs
from reelmill.ledger.telling import tell_run
from reelmill.ledger.upsert import Upsert, insert_or_leave
from reelmill.product import Reject, RowRef

__all__ = [
    "add_rejects",
    "finish_run",
    "list_runs",
    "outputs",
    "plan_run",
    "query_runs",
    "read_rejects",
    "read_run",
    "start_run",
    "used_outputs",
]

_CHUNK = 2000
_r = rejects.c
_CAPS = ("cap_run", "cap_day", "cap_month")
_NEWER = ("status", "parameters", *_CAPS, "ended_at", "alive_at", "webhooks", "planned_at", "catalog")
_place = tuple_(_r.file, _r.row, _r.digest)


def _start_or_resume(new: Insert) -> ReturningInsert[Any]:
    upsert = new.on_conflict_do_update(
        index_elements=[runs.c.run_id], set_={name: new.excluded[name] for name in _NEWER}
    )
    return upsert.returning(runs.c.output)


_START = Upsert(runs, _start_or_resume)


def start_run(database: Database, run: Run) -> None:
    """Record a run as running. Starting the same one again resumes it: parameters and caps are the newer ones.

    Raises FixConfiguration if the run was started for another output root.
    """
    with database.writing() as connection:
        now = database.now(connection)
        values = {
            "run_id": run.run_id,
            "output": run.output,
            "status": RunStatus.RUNNING,
            "parameters": dict(run.parameters),
            "cap_run": run.caps.run_usd,
            "cap_day": run.caps.day_usd,
            "cap_month": run.caps.month_usd,
            "counts": dict(run.counts),
            "planned": run.planned_usd,
            "started_at": run.started_at or now,
            "ended_at": None,
            "alive_at": now,
            "webhooks": run.webhooks,
            "planned_at": run.planned_at,
            "catalog": run.catalog,
        }
        output = connection.execute(_START.on(connection), values).scalar_one()
        if output != run.output:
            raise FixConfiguration(
                f"Run {run.run_id} was started for {output}, not for {run.output}.",
                "Use the same output, or another run id.",
            )


def plan_run(database: Database, run_id: str, *, counts: Mapping[str, int], planned_usd: Decimal) -> None:
    """Keep what the plan would do and cost (USD). Raises FixConfiguration for an unknown run."""
    with database.writing() as connection:
        values = {"counts": dict(counts), "planned": planned_usd}
        if connection.execute(update(runs).where(runs.c.run_id == run_id).values(**values)).rowcount != 1:
            raise _unknown(run_id)


def finish_run(database: Database, run_id: str, status: RunStatus) -> None:
    """Record how the run ended, and that it is to be told if that is wanted. Raises FixConfiguration if unknown."""
    this = runs.c.run_id == run_id
    with database.writing() as connection:
        before = connection.execute(select(runs.c.status, runs.c.webhooks).where(this).with_for_update()).first()
        if before is None:
            raise _unknown(run_id)
        now = database.now(connection)
        ended = status is not RunStatus.RUNNING
        connection.execute(update(runs).where(this).values(status=status, ended_at=now if ended else None))
        if before.webhooks and ended and status is not before.status:
            tell_run(connection, run_id, status, now)


def _unknown(run_id: str) -> FixConfiguration:
    return FixConfiguration(f"Run {run_id} is not in this ledger.", "Start the run first.")


def read_run(database: Database, run_id: str) -> Run | None:
    """One run with what it has spent and reserved."""
    with database.reading() as connection:
        return next(query_runs(connection, runs.c.run_id == run_id), None)


def list_runs(database: Database, *, output: str | None, limit: int) -> list[Run]:
    """The newest runs first, of one output root or of all."""
    wanted = [] if output is None else [runs.c.output == output]
    with database.reading() as connection:
        return list(query_runs(connection, *wanted, limit=limit))


def outputs(database: Database) -> list[str]:
    """Every output root that a run was for, the latest used first."""
    with database.reading() as connection:
        return used_outputs(connection)


def used_outputs(connection: Connection) -> list[str]:
    """The same, within a transaction."""
    query = select(runs.c.output).group_by(runs.c.output).order_by(func.max(runs.c.started_at).desc(), runs.c.output)
    return list(connection.execute(query).scalars())


def query_runs(connection: Connection, *wanted: ColumnElement[bool], limit: int | None = None) -> Iterator[Run]:
    """The runs of which all of ``wanted`` is true, newest first."""
    its_budget = and_(budgets.c.scope == BudgetScope.RUN, budgets.c.key == runs.c.run_id)
    query = (
        select(runs, budgets.c.reserved, budgets.c.spent)
        .select_from(runs.outerjoin(budgets, its_budget))
        .where(*wanted)
        .order_by(runs.c.started_at.desc(), runs.c.run_id.desc())
        .limit(limit)
    )
    for row in connection.execute(query):
        yield Run(
            run_id=row.run_id,
            output=row.output,
            parameters=row.parameters,
            caps=Caps(run_usd=row.cap_run, day_usd=row.cap_day, month_usd=row.cap_month),
            status=row.status,
            counts=row.counts,
            planned_usd=row.planned,
            spent_usd=row.spent or ZERO,
            reserved_usd=row.reserved or ZERO,
            started_at=row.started_at,
            ended_at=row.ended_at,
            webhooks=row.webhooks,
            planned_at=row.planned_at,
            catalog=row.catalog,
        )


def add_rejects(database: Database, run_id: str, found: Iterable[Reject]) -> None:
    """Keep rows that cannot be made; the same reject of the same run is kept once."""
    for chunk in chunks(found, _CHUNK):
        rows = [_reject_values(run_id, reject) for reject in chunk]
        with database.writing() as connection:
            insert_or_leave(connection, rejects, rows)


def _reject_values(run_id: str, reject: Reject) -> dict[str, Any]:
    rest = (reject.sku, reject.field, reject.reason, reject.remedy, reject.raw_value)
    return {
        "run_id": run_id,
        "file": reject.ref.file,
        "row": reject.ref.row,
        "digest": hashlib.sha256("\x1f".join(rest).encode("utf-8", "replace")).hexdigest()[:16],
        "sku": reject.sku,
        "field": reject.field,
        "reason": reject.reason,
        "remedy": reject.remedy,
        "raw_value": reject.raw_value,
    }


def read_rejects(database: Database, run_id: str) -> Iterator[Reject]:
    """The rejects of a run by file and row, read in chunks."""
    query = select(rejects).where(_r.run_id == run_id).order_by(_r.file, _r.row, _r.digest).limit(_CHUNK)
    after = query
    while True:
        with database.reading() as connection:
            rows = connection.execute(after).all()
        for row in rows:
            yield Reject(
                ref=RowRef(row.file, row.row),
                sku=row.sku,
                field=row.field,
                reason=row.reason,
                remedy=row.remedy,
                raw_value=row.raw_value,
            )
        if len(rows) < _CHUNK:
            return
        last = rows[-1]
        after = query.where(_place > (last.file, last.row, last.digest))
