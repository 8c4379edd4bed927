"""The run that a command shows when none is named."""

from __future__ import annotations

from rich.console import Console

from reelmill.cli.printing import print_text
from reelmill.jobs.outputs import run_to_show
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run
from reelmill.settings import Settings

__all__ = ["chosen_run"]


def chosen_run(run_id: str, settings: Settings, ledger: Ledger) -> Run:
    """The run of this id, else the latest with clips to show; on standard error, which newer one has none."""
    run, newest = run_to_show(run_id, settings, ledger)
    if newest is not None:
        console = Console(stderr=True, emoji=False, highlight=False, soft_wrap=True)
        print_text(console, f"The latest run, {newest.run_id}, made nothing; this is {run.run_id}.")
    return run
