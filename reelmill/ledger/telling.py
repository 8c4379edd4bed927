"""Writing down that an end is to be told, in the very transaction that makes it one.

So nothing is forgotten in a crash, and nothing is told that did not happen. One insert; what the message says is
read from the ledger when it is sent.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Connection, insert

from reelmill.ledger.records import DeliveryStatus, RunStatus
from reelmill.ledger.schema import deliveries
from reelmill.ledger.states import State

__all__ = ["is_end", "tell_clip", "tell_run"]

_TELL = insert(deliveries)
_ENDS = frozenset(state for state in State if state.final or state.needs_person)


def is_end(source: State, target: State) -> bool:
    """Whether a clip's attempt ends with this move. One that was never sent and is given back has not begun."""
    return target in _ENDS and not (source is State.AUTHORISED and target is State.RELEASED)


def tell_clip(connection: Connection, intent_id: str, run_id: str, state: State, now: datetime) -> None:
    """An attempt at a clip ended in ``state``."""
    _tell(connection, f"clip.{state.value}", run_id, intent_id, now)


def tell_run(connection: Connection, run_id: str, status: RunStatus, now: datetime) -> None:
    """A run ended."""
    _tell(connection, f"run.{status.value}", run_id, None, now)


def _tell(connection: Connection, event: str, run_id: str, intent_id: str | None, now: datetime) -> None:
    row = {
        "delivery_id": f"msg_{uuid.uuid4().hex}",
        "event": event,
        "run_id": run_id,
        "intent_id": intent_id,
        "status": DeliveryStatus.PENDING,
        "tries": 0,
        "next_at": now,
        "holder": "",
        "created_at": now,
        "ended_at": None,
        "error": "",
    }
    connection.execute(_TELL, row)
