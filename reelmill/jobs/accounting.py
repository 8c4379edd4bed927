"""The books of a run: opened before money, closed with tables that add up."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import chain
from typing import Any, TypeVar

from reelmill.errors import ExitCode, FixAccess, RaiseCap, ReelmillError, TryLater
from reelmill.film import Film
from reelmill.jobs.delivering import delivering
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork
from reelmill.jobs.galleries import gallery_index
from reelmill.jobs.heartbeat import showing_life
from reelmill.jobs.projections import bring_up_to_date, has_gallery, tables_or_trouble
from reelmill.ledger.life import UnfinishedRun
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import KnownProduct, Run, RunStatus, Standing
from reelmill.planning.actions import Action
from reelmill.planning.asked import Unmet
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from reelmill.production.owner import is_gone
from reelmill.production.results import Tally
from reelmill.storage.check import check_storage
from reelmill.telemetry.log_context import about
from reelmill.veo.vertex import VertexBackend
from reelmill.webhooks.posting import trust
from reelmill.webhooks.receiver import Receiver

__all__ = [
    "RunReport",
    "check_ready",
    "close_abandoned_runs",
    "close_run",
    "ended_if_broken_off",
    "ending_status",
    "open_run",
]

log = logging.getLogger(__name__)

OWNER = "owner"
"""The parameter of a run that names the process it belongs to."""

T = TypeVar("T")
_CHUNK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """How a run ended, for people and machines. Amounts in USD.

    ``filtered`` are the reasons that safety filters gave, each with how many clips it held back in the end;
    ``softened`` clips were delivered in softer words after they had been filtered, ``remade`` ones anew after
    inspection. ``gallery`` is the full address of the run's page, if one was written. ``films`` are those stitched now,
    and all of the output that wait. ``not_begun`` clips were planned and left for another run. ``unmet`` are SKUs that
    were asked for and that the feed cannot give.
    """

    run_id: str
    output: str
    status: RunStatus
    counts: Mapping[str, int]
    made: int
    kept: int
    blocked: int
    rejects: int
    attention: int
    by_others: int
    softened: int
    remade: int = 0
    not_begun: int = 0
    unmet: Unmet = field(default_factory=Unmet)
    filtered: Mapping[str, int]
    planned_usd: Decimal
    spent_usd: Decimal
    reserved_usd: Decimal
    tables: Sequence[str]
    gallery: str | None = None
    films: FilmWork = field(default_factory=FilmWork)
    stopped_by: ReelmillError | None = field(default=None, compare=False)

    @property
    def exit_code(self) -> ExitCode:
        """The documented exit code: all made, stopped at a cap, stopped by an error, or to be looked at."""
        if self.stopped_by is not None:
            return self.stopped_by.exit_code
        if self.attention or self.blocked or self.films.failed or self.unmet or self.status is RunStatus.STOPPED:
            return ExitCode.ATTENTION
        return ExitCode.OK

    def to_dict(self) -> dict[str, Any]:
        """The report for machines. Money stays Decimal: whoever writes JSON decides how it looks."""
        return {
            "run_id": self.run_id,
            "output": self.output,
            "status": self.status.value,
            "made": self.made,
            "kept": self.kept,
            "blocked": self.blocked,
            "rejects": self.rejects,
            "attention": self.attention,
            "by_others": self.by_others,
            "softened": self.softened,
            "remade": self.remade,
            "not_begun": self.not_begun,
            **self.unmet.to_dict(),
            "filtered": dict(self.filtered),
            "counts": dict(self.counts),
            "planned_usd": self.planned_usd,
            "spent_usd": self.spent_usd,
            "reserved_usd": self.reserved_usd,
            "tables": list(self.tables),
            "gallery": self.gallery,
            "films": self.films.to_dict(),
            "stopped_by": str(self.stopped_by) if self.stopped_by else None,
            "exit_code": int(self.exit_code),
        }


def check_ready(engine: Engine, summary: PlanSummary) -> None:
    """Find out, before a person is asked to approve the price, what would stop the run before its first clip.

    Raises FixAccess if the output cannot be written or there are no credentials, FixConfiguration if there is no
    project, or if webhooks are wanted and cannot be sent.
    """
    _check_places(engine, summary)
    if summary.counts[Action.MAKE]:
        VertexBackend.from_settings(engine.settings).close()


def open_run(
    engine: Engine,
    run_id: str,
    summary: PlanSummary,
    spool: Spool | None,
    parameters: Mapping[str, Any],
    *,
    films: Iterable[Film] = (),
) -> None:
    """Try the output, then write down the run, its plan, films, rejects and what retires, before anything is paid.

    Raises FixAccess if the output cannot be written, FixConfiguration if webhooks are wanted and cannot be sent.
    """
    ledger = engine.ledger
    _check_places(engine, summary)
    ledger.start_run(
        Run(
            run_id=run_id,
            output=engine.storage.root,
            parameters={**parameters, OWNER: engine.owner},
            caps=engine.caps,
            webhooks=bool(engine.settings.webhook_url),
            planned_at=summary.planned_at,
            catalog=engine.catalog if summary.whole else None,
        )
    )
    plan = summary.to_dict()
    counts = {name: plan[name] for name in ("clips", "products", "rejects", *map(str, Action))}
    ledger.plan_run(run_id, counts=counts, planned_usd=summary.most_usd)
    if spool is not None:
        if summary.counts[Action.KEEP]:
            kept = chain.from_iterable(clip_ids for _, clip_ids in spool.products())
            ledger.keep_planned(engine.storage.root, kept, planned_at=summary.planned_at)
        ledger.retire_products(engine.catalog, spool.retired(), run_id)
        ledger.add_rejects(run_id, spool.rejects())
        films = chain(films, spool.films())
    ledger.plan_films(run_id, engine.storage.root, films)


def _check_places(engine: Engine, summary: PlanSummary) -> None:
    """Whether what the run will say and write can get to where it is wanted."""
    if engine.settings.webhook_url:
        trust(Receiver.from_settings(engine.settings))
    if summary.counts[Action.MAKE]:
        _try_output(engine)


def _try_output(engine: Engine) -> None:
    for check in check_storage(engine.storage):
        if check.ok is False:
            problem = f"{check.name}: {check.detail.removesuffix('.')}."
            raise FixAccess(problem, f"{check.fix} Nothing was sent.".strip())


def close_run(
    engine: Engine,
    run_id: str,
    summary: PlanSummary,
    spool: Spool | None,
    tally: Tally,
    *,
    films: FilmWork | None = None,
) -> RunReport:
    """End the run in the ledger, remember its products, and write the tables of every run it touched.

    Tables that cannot be written now are no loss: the report says how to have them.
    """
    ledger, films = engine.ledger, films or FilmWork()
    if spool is not None:
        _remember(engine, run_id, spool)
    status = ending_status(engine)
    ledger.finish_run(run_id, status)
    tables, trouble = tables_or_trouble(engine, {run_id, *tally.runs, *films.run_ids})
    shown = trouble is None and engine.settings.gallery and has_gallery(ledger, run_id)
    run = ledger.run(run_id)
    return RunReport(
        run_id=run_id,
        output=engine.storage.root,
        status=status,
        counts={state.value: count for state, count in sorted(tally.counts.items())},
        made=sum(count for state, count in tally.counts.items() if state.delivered),
        kept=summary.counts[Action.KEEP],
        blocked=summary.counts[Action.BLOCKED],
        rejects=summary.rejects,
        attention=tally.attention,
        by_others=tally.by_others,
        softened=tally.softened,
        remade=tally.remade,
        not_begun=tally.not_begun,
        unmet=summary.unmet,
        filtered=dict(tally.filtered.most_common()),
        planned_usd=summary.most_usd,
        spent_usd=tally.spent_usd,
        reserved_usd=run.reserved_usd if run else Decimal(0),
        tables=tables,
        gallery=engine.storage.uri(gallery_index(run_id)) if shown else None,
        films=films,
        stopped_by=engine.stop.error if isinstance(engine.stop.error, ReelmillError) else trouble,
    )


@contextmanager
def ended_if_broken_off(engine: Engine, run_id: str) -> Iterator[None]:
    """End the run in the ledger also when it is torn down before it could be closed; show life until then.

    What is in flight is left for the next run or settle. What ends meanwhile is told, if that is wanted. Tables and
    gallery are tried once: what broke the run off says more than what keeps them from being written.
    """
    with delivering(engine):
        try:
            with about(run=run_id), showing_life(engine.ledger, run_id, every_s=engine.settings.lease_s / 3):
                yield
        except BaseException as error:
            engine.stop.leave()
            run = engine.ledger.run(run_id)
            if run is not None and run.status is RunStatus.RUNNING:
                ended = RunStatus.FAILED if isinstance(error, Exception) else RunStatus.STOPPED
                engine.ledger.finish_run(run_id, ended)
            if run is not None:
                _try_to_write(engine, run_id)
            raise


def _try_to_write(engine: Engine, run_id: str) -> None:
    try:
        bring_up_to_date(engine, [run_id])
    except Exception as error:  # noqa: BLE001 - the error that broke the run off is raised, whatever this one is
        log.warning("Run %s was broken off. %s", run_id, error)


def close_abandoned_runs(engine: Engine) -> list[str]:
    """End runs that say they go on although their process is gone, and bring their tables up to date.

    Returns their ids. What they left in flight is not lost: see :mod:`reelmill.jobs.resuming`. Raises TryLater or
    FixAccess if the tables cannot be written: the runs have ended then, and the remedy says how to have the tables.
    """
    unfinished = engine.ledger.unfinished_runs(output=engine.storage.root)
    abandoned = [found.run.run_id for found in unfinished if _is_abandoned(engine, found)]
    for run_id in abandoned:
        engine.ledger.finish_run(run_id, RunStatus.FAILED)
    try:
        bring_up_to_date(engine, abandoned)
    except (TryLater, FixAccess) as error:
        raise type(error)(error.problem, f"{error.remedy} Then run the same command again.") from None
    return abandoned


def _is_abandoned(engine: Engine, found: UnfinishedRun) -> bool:
    """Whether its process is gone from this host, or showed no life anywhere for twice as long as a lease."""
    owner = str(found.run.parameters.get(OWNER, ""))
    if owner == engine.owner:
        return False
    if is_gone(owner):
        return True
    # What others have taken over says nothing about the run's own process.
    leases = [lapsed_s for holder, lapsed_s in found.leases.items() if holder == owner]
    return min([found.silent_s, *leases]) > 2 * engine.settings.lease_s


def ending_status(engine: Engine) -> RunStatus:
    """How a run ends that ends now: by what stopped it, if anything did."""
    stop = engine.stop
    if stop.error is None:
        return RunStatus.STOPPED if stop.requested else RunStatus.COMPLETED
    return RunStatus.CAPPED if isinstance(stop.error, RaiseCap) else RunStatus.FAILED


def _remember(engine: Engine, run_id: str, spool: Spool) -> None:
    """A product whose clips are all delivered need not be rendered again until something changes."""
    for chunk in chunks(spool.products(), _CHUNK):
        standings = engine.ledger.standings([clip_id for _, clip_ids in chunk for clip_id in clip_ids])
        # One that lies elsewhere is planned afresh each time, so that each plan can say so.
        root = engine.storage.root
        whole = {id_ for id_, standing in standings.items() if _is_made(standing, root)}
        known = [_if_whole(product, clip_ids, whole) for product, clip_ids in chunk]
        engine.ledger.remember_products(engine.catalog, known, run_id)


def _is_made(standing: Standing, root: str) -> bool:
    """A draft is no delivery: its clip is still to be made, or to be decided about."""
    return standing.state.delivered and not standing.draft and standing.output == root


def _if_whole(product: KnownProduct, clip_ids: Sequence[str], whole: set[str]) -> KnownProduct:
    return product if whole.issuperset(clip_ids) else replace(product, fingerprint=None)
