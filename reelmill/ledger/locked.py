"""An intent whose row this transaction holds: the only way in which an intent changes its state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from reelmill.errors import FixConfiguration, LookFirst
from reelmill.ledger.budgets import BudgetKeys, book
from reelmill.ledger.database import Database
from reelmill.ledger.records import ZERO, Intent
from reelmill.ledger.rows import INTENT_COLUMNS, intent_from
from reelmill.ledger.schema import intents, runs
from reelmill.ledger.states import State, can_move
from reelmill.ledger.telling import is_end, tell_clip

__all__ = ["LockedIntent"]

_IS_TOLD = select(runs.c.webhooks).where(runs.c.run_id == intents.c.run_id).scalar_subquery()  # its run stays unlocked
_LOCK = (
    select(*INTENT_COLUMNS, intents.c.day_key, intents.c.month_key, _IS_TOLD)
    .where(intents.c.intent_id == bindparam("this"))
    .with_for_update()
)
_SET = update(intents).where(intents.c.intent_id == bindparam("this"), intents.c.state == bindparam("seen"))


class LockedIntent:
    """Read under lock, changed by compare-and-set along the state machine, its budgets kept in step.

    An end of a clip whose run wants webhooks is written down to be told.
    """

    __slots__ = ("_connection", "_database", "_keys", "_told", "intent")

    def __init__(self, database: Database, connection: Connection, intent_id: str) -> None:
        """Raises FixConfiguration if this ledger knows no such intent."""
        row = connection.execute(_LOCK, {"this": intent_id}).first()
        if row is None:
            raise FixConfiguration(f"Intent {intent_id} is not in this ledger.", "Check REELMILL_LEDGER_URL.")
        *values, day, month, self._told = row
        self._database = database
        self._connection = connection
        self.intent: Intent = intent_from(values)
        self._keys = BudgetKeys(self.intent.run_id, day, month)

    @property
    def state(self) -> State:
        """Where it stands now."""
        return self.intent.state

    def move(self, target: State, **values: Any) -> None:
        """Set the new state with other columns. Raises LookFirst for a move that the protocol does not know."""
        if not can_move(self.state, target):
            raise self.cannot(target)
        self.note(state=target, **values)
        if self._told and is_end(self.state, target):
            now = values.get("finished_at") or self._database.now(self._connection)
            tell_clip(self._connection, self.intent.intent_id, self.intent.run_id, target, now)

    def cannot(self, target: State) -> LookFirst:
        """The refusal of a move."""
        return LookFirst(
            f"Intent {self.intent.intent_id} is {self.state.value} and cannot become {target.value}.",
            "Run `reelmill status`, then `reelmill settle`.",
        )

    def note(self, **values: Any) -> None:
        """Set columns, provided that the state is still the one that was read."""
        this = {"this": self.intent.intent_id, "seen": self.state}
        changed = self._connection.execute(_SET, {**this, **values}).rowcount
        if changed != 1:  # cannot be while the row is locked; money is not left to an assert
            raise LookFirst(f"Intent {self.intent.intent_id} was changed by another.", "Run `reelmill settle`.")

    def end(self, target: State, *, paid: Decimal = ZERO, **values: Any) -> None:
        """Move to a final state: nothing stays reserved, ``paid`` USD are spent on top of its verdicts."""
        self.move(target, reserved=ZERO, charged=self.intent.charged_usd + paid, **values)
        book(self._connection, self._keys, freed=self.intent.reserved_usd, paid=paid)
