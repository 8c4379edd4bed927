"""From authorised to an answer: what happens around the one POST of an intent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.exc import IntegrityError

from reelmill.errors import LookFirst
from reelmill.ledger.database import Database
from reelmill.ledger.locked import LockedIntent
from reelmill.ledger.records import Intent
from reelmill.ledger.rows import INTENT_COLUMNS, intent_from
from reelmill.ledger.schema import intents
from reelmill.ledger.states import State

__all__ = ["accepted", "mark_sending", "refused", "release", "unclear"]

_NAMES_OPERATION = frozenset({State.SENDING, State.UNKNOWN, State.LOST})
_LATE = frozenset({State.UNKNOWN, State.LOST})

_SENDING = (
    update(intents)
    .where(
        intents.c.intent_id == bindparam("this"),
        intents.c.state == State.AUTHORISED,
        intents.c.owner == bindparam("holder"),
    )
    .values(state=State.SENDING, sending_at=bindparam("now"), lease_until=bindparam("lease"))
    .returning(*INTENT_COLUMNS)
)


def mark_sending(database: Database, intent_id: str, *, owner: str, lease_s: float) -> Intent | None:
    """The durable mark before the POST. None if ``owner`` does not hold it any more: then it must not send."""
    with database.writing() as connection:
        now = database.now(connection)
        lease = now + timedelta(seconds=lease_s)
        row = connection.execute(_SENDING, {"this": intent_id, "holder": owner, "now": now, "lease": lease}).first()
    return None if row is None else intent_from(row)


def accepted(database: Database, intent_id: str, operation: str) -> bool:
    """Keep the operation's name. True if the intent is now submitted under that name.

    An answer may come after others gave the intent up: as long as nothing final is known, it counts. After a
    settlement by looking, the name is still kept. Raises LookFirst if another intent has this operation.
    """
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        now = database.now(connection)
        try:
            if held.state in _NAMES_OPERATION:
                cleared = {"error_code": "", "error_message": ""}
                held.move(State.SUBMITTED, operation=operation, submitted_at=now, **cleared)
                return True
            if held.state.delivered and held.intent.operation is None:
                held.note(operation=operation)
        except IntegrityError:
            raise LookFirst(
                f"Operation {operation} is already that of another intent than {intent_id}.", "Run `reelmill settle`."
            ) from None
        return held.state is State.SUBMITTED and held.intent.operation == operation


def refused(
    database: Database,
    intent_id: str,
    *,
    code: str,
    message: str,
    final: bool,
    filter_causes: Sequence[str],
    owner: str | None,
    refusals: int | None,
) -> State:
    """A definite refusal: nothing is billed. Returns the state after it.

    SENDING → AUTHORISED, or if ``final`` FAILED (FILTERED with ``filter_causes``); UNKNOWN or LOST → RELEASED (the
    answer came late). An AUTHORISED one that can never be sent → FAILED, if ``final`` and ``owner`` holds it. Others
    stay as they are, and so does everything that a given ``owner`` does not hold: what it knows is not about the
    holder's submit. So does, with ``refusals``, an intent that has another number of them by now: this answer was to
    an earlier mark.
    """
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        if refusals not in (None, held.intent.refusals):
            return held.state
        facts: dict[str, Any] = {"error_code": code, "error_message": message, "refusals": held.intent.refusals + 1}
        mine = owner is None or owner == held.intent.owner
        target = held.state
        if held.state in _LATE and mine:
            target = State.RELEASED
        elif held.state is State.SENDING and mine:
            target = State.AUTHORISED if not final else State.FILTERED if filter_causes else State.FAILED
        elif held.state is State.AUTHORISED and final and owner == held.intent.owner:
            target = State.FAILED
        if target is State.FILTERED:
            facts["filter_causes"] = tuple(filter_causes)
        if target is State.AUTHORISED and held.state is State.SENDING:
            held.move(target, **facts)
        elif target is not held.state:
            held.end(target, finished_at=database.now(connection), **facts)
        return target


def unclear(database: Database, intent_id: str, reason: str) -> bool:
    """The POST got no answer that tells: SENDING → UNKNOWN, to be settled by looking."""
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        if held.state is not State.SENDING:
            return False
        since = held.intent.sending_at or database.now(connection)
        held.move(State.UNKNOWN, unclear_since=since, error_code="unclear", error_message=reason)
        return True


def release(database: Database, intent_id: str, *, owner: str) -> bool:
    """Give up an intent that was never sent, and free its reservation; only its owner may."""
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        if held.state is not State.AUTHORISED or held.intent.owner != owner:
            return False
        held.end(State.RELEASED, finished_at=database.now(connection), **_unsent(held.intent))
        return True


def _unsent(intent: Intent) -> dict[str, Any]:
    """What a retry that was not sent leaves to say: its clip is still a filtered or an unfit one."""
    if intent.softening:
        code, what = "retry_not_sent", "Filtered before, and its retry with a softened prompt was not sent."
    elif intent.remake:
        code, what = "remake_not_sent", "Unfit before, and its remake was not sent."
    else:
        return {}
    return {"error_code": code, "error_message": f"{what} Run the same command, or redrive it."}
