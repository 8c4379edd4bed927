"""Pruning: paid videos that are of no use leave after their set age. Charges and records stay; nothing is ever sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from reelmill.clip import Clip
from reelmill.jobs.projections import write_projections
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Intent, RemovalKind
from reelmill.ledger.removing import Leaving
from reelmill.production.provenance import NAME
from reelmill.settings import Settings
from reelmill.storage.names import is_name
from reelmill.storage.port import Storage, StoredObject

__all__ = ["Pruned", "finish_begun", "keep_of", "prune"]

_AT_ONCE = 200  # attempts of one transaction
_THREADS = 16
_PREFIX = re.compile(r"clips/[^/]+/[^/]+/[0-9a-f]{1,12}-\d+-")


@dataclass(frozen=True, slots=True)
class Pruned:
    """One attempt that leaves, and the objects that go with it; ``kept`` says why it stays after all."""

    leaving: Leaving
    objects: tuple[StoredObject, ...]
    kept: str = ""

    @property
    def bytes(self) -> int:
        """Size of what goes, in bytes."""
        return sum(stored.size for stored in self.objects)


def keep_of(settings: Settings) -> dict[RemovalKind, int | None]:
    """Days that each kind is kept, as set."""
    return {
        RemovalKind.ORPHAN: settings.keep_orphans_days,
        RemovalKind.UNFIT: settings.keep_unfit_days,
        RemovalKind.REJECTED: settings.keep_rejected_days,
        RemovalKind.DRAFT: settings.keep_drafts_days,
    }


def prune(ledger: Ledger, storage: Storage, keep: Mapping[RemovalKind, int | None], *, begin: bool) -> Iterator[Pruned]:
    """Everything of an output that is due to leave; with ``begin``, its removal is written down as it is yielded.

    Nothing is deleted before :func:`finish_begun`. Raises FixAccess, TryLater.
    """
    due = ledger.leaving(output=storage.root, keep=keep)
    with ThreadPoolExecutor(_THREADS) as threads:
        for chunk in chunks(due, _AT_ONCE):
            found = list(threads.map(lambda leaving: _look(storage, leaving), chunk))
            if begin:
                may_go = ledger.begin_removals([one.leaving.intent for one in found if not one.kept], keep=keep)
                found = [one if one.kept or one.leaving.intent.intent_id in may_go else _of_use(one) for one in found]
            yield from found


def finish_begun(ledger: Ledger, storage: Storage, *, gallery: bool) -> list[str]:
    """Delete the objects of every removal that was begun, and write the tables of its run; the tables' names.

    With ``gallery`` the run's page is written, too. A removal ends when all this is done, so one that was broken off
    anywhere is finished by the next call.
    """
    begun = [(intent.intent_id, intent.run_id) for _, intent in _delete_begun(ledger, storage)]
    tables = write_projections(ledger, storage, {run for _, run in begun}, gallery=gallery)
    for intent_id, _ in begun:
        ledger.end_removal(intent_id)
    return tables


def _delete_begun(ledger: Ledger, storage: Storage) -> Iterator[tuple[Clip, Intent]]:
    begun = ((clip, intent) for clip, intent in ledger.unended_removals(output=storage.root) if _is_own(intent))
    with ThreadPoolExecutor(_THREADS) as threads:
        for chunk in chunks(begun, _AT_ONCE):
            names = [stored.name for _, intent in chunk for stored in _objects(storage, intent)]
            list(threads.map(storage.delete, names))
            yield from chunk


def _look(storage: Storage, leaving: Leaving) -> Pruned:
    if not _is_own(leaving.intent):
        return Pruned(leaving, (), "it does not lie at a place of its own")
    return Pruned(leaving, tuple(_objects(storage, leaving.intent)))


def _of_use(one: Pruned) -> Pruned:
    return Pruned(one.leaving, (), "it is of use again")


def _objects(storage: Storage, intent: Intent) -> Iterator[StoredObject]:
    """All that lies at the intent's own prefix but its record, by which the books can be rebuilt.

    What somebody else has put there under a name that nothing of ours can have stays.
    """
    record = f"{intent.output_prefix}/{NAME}"
    lying = storage.list(f"{intent.output_prefix}/")
    return (stored for stored in lying if stored.name != record and is_name(stored.name))


def _is_own(intent: Intent) -> bool:
    """Whether the prefix is of the form that no two intents share: it ends with the intent's id."""
    found = _PREFIX.match(intent.output_prefix)
    return found is not None and intent.output_prefix[found.end() :] == intent.intent_id
