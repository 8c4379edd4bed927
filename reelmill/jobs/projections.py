"""The projections of the ledger in an output, brought up to date: the tables of runs, and their galleries."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable

from reelmill.errors import FixAccess, ReelmillError, TryLater
from reelmill.jobs.engine import Engine
from reelmill.jobs.galleries import write_gallery
from reelmill.ledger.ledger import Ledger
from reelmill.report.tables import write_tables
from reelmill.storage.port import Storage

__all__ = ["bring_up_to_date", "has_gallery", "tables_or_trouble", "write_projections"]

_NAMED = 3


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


def bring_up_to_date(engine: Engine, run_ids: Collection[str]) -> list[str]:
    """Write tables and galleries of these runs afresh, as the settings want them; the tables' names.

    The ledger knows already what they show, so what failed would not write them again: TryLater and FixAccess are
    raised with the commands that do.
    """
    try:
        return write_projections(engine.ledger, engine.storage, run_ids, gallery=engine.settings.gallery)
    except (TryLater, FixAccess) as error:
        raise type(error)(f"Tables and gallery were not written: {error.problem}", _remedy(engine, run_ids)) from None


def tables_or_trouble(engine: Engine, run_ids: Collection[str]) -> tuple[list[str], ReelmillError | None]:
    """The same; tables that cannot be written now are no loss, and the error says how to have them."""
    try:
        return bring_up_to_date(engine, run_ids), None
    except (TryLater, FixAccess) as error:
        return [], error


def _remedy(engine: Engine, run_ids: Collection[str]) -> str:
    tables = f"reelmill report --rebuild --output {shlex.quote(engine.storage.root)}"
    told = f"The ledger holds everything: when that is mended, run {tables}"
    if not engine.settings.gallery:
        return f"{told}."
    first, *others = sorted(run_ids)
    if not others:
        return f"{told} and reelmill gallery {first}."
    named = ", ".join([first, *others[: _NAMED - 1]])
    more = f" and {len(run_ids) - _NAMED} more" if len(run_ids) > _NAMED else ""
    return f"{told} and, for each of {named}{more}, reelmill gallery RUN."
