"""What people decided about clips, brought back from the galleries of an output when the ledger has lost it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reelmill.errors import FixConfiguration, LookFirst
from reelmill.gallery.building import DECISIONS
from reelmill.gallery.decisions_file import MOST_BYTES, parse_export
from reelmill.ledger.ledger import Ledger
from reelmill.storage.port import Storage, StoredObject

__all__ = ["RecoveredDecisions", "recover_decisions"]

_FOLDER = "gallery/"
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RecoveredDecisions:
    """The decisions of one gallery: how many the ledger lacked, and what is wrong with the file, if anything is."""

    name: str
    added: int
    problem: str = ""


def recover_decisions(ledger: Ledger, storage: Storage, *, dry_run: bool) -> Iterator[RecoveredDecisions]:
    """Add every decision that a gallery below the output knows and the ledger does not; nothing changes twice."""
    for found in storage.list(_FOLDER):
        if found.name.endswith(f"/{DECISIONS}"):
            yield _recover(ledger, storage, found, dry_run=dry_run)


def _recover(ledger: Ledger, storage: Storage, found: StoredObject, *, dry_run: bool) -> RecoveredDecisions:
    if found.size > MOST_BYTES:
        return RecoveredDecisions(found.name, 0, f"It has {found.size:,} bytes: it is none of ours.")
    try:
        parsed = parse_export(storage.read(found.name), reviewer="", default_reviewer=_UNKNOWN)
    except FileNotFoundError:
        return RecoveredDecisions(found.name, 0, "It vanished while it was read.")
    except FixConfiguration as error:
        return RecoveredDecisions(found.name, 0, error.problem)
    known = {review.review_id for review in ledger.reviews(run_id=parsed.run_id)}
    missing = [one for _, one in parsed.asked if one.review_id not in known]
    if dry_run or not missing:
        return RecoveredDecisions(found.name, len(missing), _told(len(parsed.problems)))
    try:
        outcomes = ledger.review(missing, run_id=parsed.run_id)
    except (FixConfiguration, LookFirst) as error:
        return RecoveredDecisions(found.name, 0, error.problem)
    refused = sum(bool(outcome.problem) for outcome in outcomes)
    added = sum(outcome.new for outcome in outcomes)
    return RecoveredDecisions(found.name, added, _told(len(parsed.problems) + refused))


def _told(rows: int) -> str:
    return f"{rows} of its decisions are about no delivered clip of that run, or are none." if rows else ""
