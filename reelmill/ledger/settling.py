"""How an intent ends: charged for what came back, lost, or expired."""

from __future__ import annotations

from sqlalchemy import insert

from reelmill.ledger.database import Database
from reelmill.ledger.locked import LockedIntent
from reelmill.ledger.records import Settlement
from reelmill.ledger.schema import charges
from reelmill.ledger.states import State

__all__ = ["expired", "lost", "settle"]

_CHARGE = insert(charges)


def settle(database: Database, intent_id: str, settlement: Settlement) -> bool:
    """Record the end and charge what was returned, in one transaction. False if it had ended before.

    The charge is unit price x seconds x returned videos, booked in the budgets that the intent was reserved
    in, even if it is more than was reserved: the ledger tells the truth. An AUTHORISED intent can only fail.
    Raises LookFirst for an end that the present state cannot have.
    """
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        intent = held.intent
        if intent.state.final:
            return False
        if intent.state is State.SENDING:  # its POST may be under way; only the answer to it may end it
            raise held.cannot(settlement.state)
        amount = intent.unit_price_usd * intent.seconds * settlement.returned
        now = database.now(connection)
        held.end(
            settlement.state,
            paid=amount,
            finished_at=now,
            lease_until=now,  # nobody works on it any more
            video_uris=settlement.video_uris,
            poster_uri=settlement.poster_uri,
            provenance_uri=settlement.provenance_uri,
            inspection=settlement.inspection,
            renditions=settlement.renditions,
            error_code=settlement.error_code,
            error_message=settlement.error_message,
            filter_causes=settlement.filter_causes or None,
        )
        if settlement.returned:
            charge = {
                "intent_id": intent.intent_id,
                "clip_id": intent.clip_id,
                "run_id": intent.run_id,
                "output": intent.output,
                "attempt": intent.attempt,
                "model": intent.model,
                "seconds": intent.seconds,
                "samples": intent.samples,
                "returned": settlement.returned,
                "unit_price": intent.unit_price_usd,
                "price_date": intent.price_date,
                "amount": amount,
                "operation": intent.operation,
                "charged_at": now,
            }
            connection.execute(_CHARGE, charge)
        return True


def lost(database: Database, intent_id: str) -> bool:
    """Nothing was found for an unclear submit: UNKNOWN → LOST. Its reservation stays: it may have been paid."""
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        if held.state is not State.UNKNOWN:
            return False
        held.move(State.LOST)
        return True


def expired(database: Database, intent_id: str, message: str) -> bool:
    """An operation did not end within its deadline: SUBMITTED → EXPIRED. Its reservation stays."""
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        if held.state is not State.SUBMITTED:
            return False
        held.move(State.EXPIRED, error_code="expired", error_message=message)
        return True
