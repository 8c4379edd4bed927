"""Caps watched by the database itself: it notes every moment at which more was spent and reserved than allowed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import text

from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.records import BudgetScope
from reelmill.ledger.types import show_usd, to_micros

__all__ = ["over_cap", "watch_caps"]

_TABLE = "CREATE TABLE chaos_over_cap (key text, total bigint)"
_WATCH = """
    CREATE TRIGGER chaos_{event}_watch AFTER {event} ON budgets FOR EACH ROW
    WHEN {over}
    BEGIN INSERT INTO chaos_over_cap VALUES (NEW.scope || ' ' || NEW.key, NEW.reserved + NEW.spent); END
"""
_FUNCTION = """
    CREATE FUNCTION chaos_watch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN INSERT INTO chaos_over_cap VALUES (NEW.scope || ' ' || NEW.key, NEW.reserved + NEW.spent); RETURN NULL; END $$
"""
_WATCH_POSTGRESQL = """
    CREATE TRIGGER chaos_watch AFTER INSERT OR UPDATE ON budgets FOR EACH ROW
    WHEN ({over}) EXECUTE FUNCTION chaos_watch()
"""


def watch_caps(ledger_url: str, caps: Mapping[BudgetScope, Decimal]) -> None:
    """Let the ledger, which has its tables, watch these caps from its first row on."""
    over = " OR ".join(
        f"(NEW.scope = '{scope.value}' AND NEW.reserved + NEW.spent > {to_micros(usd)})" for scope, usd in caps.items()
    )
    database = Database(parse_url(ledger_url))
    if database.is_sqlite:
        watches = [_WATCH.format(event=event, over=over) for event in ("INSERT", "UPDATE")]
    else:
        watches = [_FUNCTION, _WATCH_POSTGRESQL.format(over=over)]
    with database.writing() as connection:
        for statement in (_TABLE, *watches):
            connection.exec_driver_sql(statement)
    database.close()


def over_cap(ledger_url: str) -> list[str]:
    """Every moment that was noted, as a sentence. For a ledger that ``watch_caps`` made."""
    database = Database(parse_url(ledger_url))
    with database.reading() as connection:
        noted = connection.execute(text("SELECT key, total FROM chaos_over_cap")).all()
    database.close()
    return [f"in the {key} {show_usd(Decimal(total) / 1_000_000)} USD were spent and reserved" for key, total in noted]
