"""The projections of the ledger in an output, brought up to date: the tables of runs, and their galleries."""

from __future__ import annotations

from collections.abc import Iterable

from reelmill.jobs.galleries import write_gallery
from reelmill.ledger.ledger import Ledger
from reelmill.report.tables import write_tables
from reelmill.storage.port import Storage

__all__ = ["has_gallery", "write_projections"]


def write_projections(ledger: Ledger, storage: Storage, run_ids: Iterable[str], *, gallery: bool) -> list[str]:
    """Write the tables of these runs afresh, and their galleries if they are wanted; the tables' names."""
    names = []
    for run_id in sorted(run_ids):
        names += write_tables(ledger, storage, run_id)
        if gallery and has_gallery(ledger, run_id):
            write_gallery(ledger, storage, run_id)
    return names


def has_gallery(ledger: Ledger, run_id: str) -> bool:
    """A run that had nothing to make has nothing to show."""
    return ledger.count_clips(run_id=run_id) > 0
