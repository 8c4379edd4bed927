"""What became of a run that many machines made, read from the ledger: the same totals as one process would count."""

from __future__ import annotations

from collections.abc import Callable

from reelmill.jobs.engine import Engine
from reelmill.ledger.listed import chunks
from reelmill.ledger.states import State
from reelmill.planning.spool import Spool
from reelmill.production.results import ClipResult, Tally

__all__ = ["tally_of_run", "tally_so_far"]

_CHUNK = 1000


def tally_so_far(engine: Engine, run_id: str) -> Tally:
    """Clips that have ended, and what was paid for them in USD: for showing, one query."""
    tally = Tally()
    for state, total in engine.ledger.totals(run_id=run_id).items():
        if not state.open and state is not State.RELEASED:
            tally.counts[state] = total.present
        tally.spent_usd += total.charged_usd
    return tally


def tally_of_run(
    engine: Engine, run_id: str, spool: Spool, on_result: Callable[[ClipResult], None] | None = None
) -> Tally:
    """Every clip of the run by its latest attempt, and those of its plan that another run took up.

    ``on_result`` hears of each of the run's own. Streams: memory is flat in how many there are.
    """
    tally = Tally()
    for clip, intent in engine.ledger.intents(run_id=run_id, latest=True):
        result = ClipResult.of(clip, intent)
        tally.add(result)
        if on_result is not None:
            on_result(result)
    run = engine.ledger.run(run_id)
    tally.spent_usd = run.spent_usd if run else tally.spent_usd  # also what a later run has made anew since
    tally.runs.add(run_id)
    _add_others(engine, run_id, spool, tally)
    return tally


def _add_others(engine: Engine, run_id: str, spool: Spool, tally: Tally) -> None:
    for chunk in chunks(spool.planned_clips(), _CHUNK):
        standings = engine.ledger.standings([planned.clip.clip_id for planned in chunk])
        for planned in chunk:
            standing = standings.get(planned.clip.clip_id)
            if standing is None or standing.run_id == run_id or standing.intent_id == planned.after:
                continue
            tally.by_others += 1
            tally.attention += standing.state not in (State.SUCCEEDED, State.RELEASED)
