"""Outputs and runs by name: what a ledger knows, and what may have been meant by one that it does not."""

from __future__ import annotations

from difflib import get_close_matches

from reelmill.errors import FixConfiguration
from reelmill.jobs.engine import choose_output
from reelmill.jobs.projections import has_gallery
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run
from reelmill.settings import Settings
from reelmill.storage.open import output_root

__all__ = ["check_known", "known_output", "known_run", "output_of", "run_to_show"]

_NAMED = 5
_RUNS = 1000


def known_output(output: str, settings: Settings, ledger: Ledger, *, writes: bool = False) -> str:
    """The root of the output asked for, else of the settings', else of the latest run's.

    Raises FixConfiguration if one was asked for that no run was for; with ``writes``, whichever it is: what a ledger
    that knows nothing of an output writes there takes the place of what another one knew.
    """
    root = output_root(choose_output(output, settings, ledger))
    if output or writes:
        check_known(root, ledger)
    return root


def output_of(run_id: str | None, output: str, settings: Settings, ledger: Ledger, *, writes: bool = False) -> str:
    """The root that the run was for; without one, as :func:`known_output`.

    Raises FixConfiguration for an unknown run, and for one that was for another output than the one asked for.
    """
    if not run_id:
        return known_output(output, settings, ledger, writes=writes)
    root = known_run(run_id, ledger).output
    if output and output_root(output) != root:
        raise FixConfiguration(f"Run {run_id} was for {root}, not for {output_root(output)}.", "Name the run alone.")
    return root


def check_known(root: str, ledger: Ledger) -> None:
    """Raises FixConfiguration, naming what there is, if no run was for the output ``root``."""
    known = ledger.outputs()
    if root in known:
        return
    if not known:
        raise FixConfiguration(
            f"No run was for {root}: this ledger has none yet.",
            "Start with reelmill run, or check REELMILL_LEDGER_URL.",
        )
    near = get_close_matches(root, known, n=1, cutoff=0.0)
    listed = ", ".join(dict.fromkeys([*near, *known[:_NAMED]]))
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    raise FixConfiguration(f"No run was for {root}.", f"Give --output one that this ledger knows: {listed}{more}.")


def known_run(run_id: str, ledger: Ledger) -> Run:
    """The run of this id. Raises FixConfiguration, naming the nearest ones, if there is none."""
    run = ledger.run(run_id)
    if run is not None:
        return run
    ids = [run.run_id for run in ledger.runs(limit=_RUNS)]
    if not ids:
        raise FixConfiguration(f"There is no run {run_id}: this ledger has none yet.", "Check REELMILL_LEDGER_URL.")
    near = get_close_matches(run_id, ids, n=3, cutoff=0.6)
    said = f"Did you mean {', '.join(near)}?" if near else f"The latest ones are {', '.join(ids[:3])}."
    raise FixConfiguration(f"There is no run {run_id}.", said)


def run_to_show(run_id: str, settings: Settings, ledger: Ledger) -> tuple[Run, Run | None]:
    """The run of this id; without one, the latest of the settings' output, or of all, that has clips to show.

    With it comes the newest run of all, if that is another: one that made nothing. Raises FixConfiguration.
    """
    if run_id:
        return known_run(run_id, ledger), None
    output = output_root(settings.output) if settings.output else None
    latest = ledger.runs(output=output, limit=_RUNS)
    if not latest:
        where = f" for {output}" if output else ""
        raise FixConfiguration(f"This ledger has no run{where} yet.", "Start with reelmill run, or name a run.")
    newest = latest[0]
    found = next((run for run in latest if has_gallery(ledger, run.run_id)), newest)
    return found, None if found is newest else newest
