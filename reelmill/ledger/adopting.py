"""Taking over what a dead or silent worker left open, and keeping what is one's own."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, and_, case, or_, select, update

from reelmill.ledger.database import Database
from reelmill.ledger.listed import mostly, one_of
from reelmill.ledger.records import Intent
from reelmill.ledger.rows import INTENT_COLUMNS, intent_from
from reelmill.ledger.schema import intents
from reelmill.ledger.states import State

__all__ = ["adopt", "renew"]

_i = intents.c
_IS_OPEN = _i.state.in_([state for state in State if state.open])


def adopt(
    database: Database,
    *,
    owner: str,
    lease_s: float,
    is_gone: Callable[[str], bool],
    output: str | None,
    run_id: str | None,
    limit: int,
) -> list[Intent]:
    """Open intents whose lease has lapsed, or whose owner ``is_gone``, become ``owner``'s; oldest first.

    Nobody can say whether a SENDING one was sent: it becomes UNKNOWN. An AUTHORISED one certainly was not.
    Two adopters never get the same intent.
    """
    wanted: list[ColumnElement[bool]] = [_IS_OPEN]
    if output is not None:
        wanted.append(mostly(_i.output == output))
    if run_id is not None:
        wanted.append(mostly(_i.run_id == run_id))
    gone = _gone_owners(database, wanted, owner, is_gone)
    with database.writing() as connection:
        now = database.now(connection)
        free = _i.lease_until <= now
        if gone:
            free = or_(free, _i.owner.in_(gone))
        taken = _take(connection, and_(*wanted, free), limit)
        was_sending = _i.state == State.SENDING
        statement = (
            update(intents)
            .where(one_of(connection, _i.intent_id, taken))
            .values(
                owner=owner,
                lease_until=now + timedelta(seconds=lease_s),
                unclear_since=case((was_sending, _i.sending_at), else_=_i.unclear_since),
                error_code=case((was_sending, "unclear"), else_=_i.error_code),
                error_message=case((was_sending, _SILENT), else_=_i.error_message),
                state=case((was_sending, State.UNKNOWN), else_=_i.state),
            )
            .returning(*INTENT_COLUMNS)
        )
        rows = connection.execute(statement).all() if taken else []
    return sorted(map(intent_from, rows), key=lambda intent: (intent.created_at, intent.intent_id))


_SILENT = "Its worker fell silent while sending."


def _gone_owners(
    database: Database, wanted: list[ColumnElement[bool]], owner: str, is_gone: Callable[[str], bool]
) -> list[str]:
    """Asked outside the writing transaction: looking at processes takes time."""
    with database.reading() as connection:
        owners = connection.execute(select(_i.owner).where(*wanted, _i.owner != owner).distinct()).scalars().all()
    return [other for other in owners if is_gone(other)]


def _take(connection: Connection, condition: ColumnElement[bool], limit: int) -> list[str]:
    """Lock them; those that another adopter is just taking are left to it."""
    query = select(_i.intent_id).where(condition).order_by(_i.created_at, _i.intent_id).limit(limit)
    return list(connection.execute(query.with_for_update(skip_locked=True)).scalars())


def renew(database: Database, intent_ids: Collection[str], *, owner: str, lease_s: float) -> int:
    """Show a sign of life for open intents that ``owner`` still holds; returns how many those are."""
    if not intent_ids:
        return 0
    with database.writing() as connection:
        lease = database.now(connection) + timedelta(seconds=lease_s)
        mine = and_(one_of(connection, _i.intent_id, intent_ids), _i.owner == owner, _IS_OPEN)
        return connection.execute(update(intents).where(mine).values(lease_until=lease)).rowcount
