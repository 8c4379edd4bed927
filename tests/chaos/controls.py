"""The protocol, broken on purpose inside one worker: each of these must make the proof go red.

They stand for engines that somebody could well have written; ``trials`` shows that the judge sees through each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from functools import wraps
from typing import Any

from sqlalchemy import Connection

from reelmill.clip import Clip
from reelmill.errors import ChooseAnotherModel
from reelmill.ledger import authorising, sending
from reelmill.ledger.database import Database
from reelmill.ledger.engine import WRITES
from reelmill.ledger.reading import read_intent
from reelmill.ledger.records import Intent
from reelmill.ledger.states import State
from reelmill.production import sending as production
from reelmill.storage.names import safe_name
from reelmill.veo.model import Model
from reelmill.veo.transport import Call, Shot

__all__ = ["Control", "break_protocol"]


class Control(StrEnum):
    """One way of breaking it."""

    NO_INTENT = "drop the intent write"
    LATE_SENDING = "mark SENDING after the POST"
    SDK_RETRIES = "turn on the SDK's retries"
    PREFIX_BY_SKU = "key the output prefix by SKU alone"
    FREE_IF_UNKNOWN = "count an unknown price as zero"


def break_protocol(control: Control | None) -> None:
    """Break this process's copy of the engine."""
    match control:
        case Control.NO_INTENT:
            _no_intent()
        case Control.LATE_SENDING:
            _late_sending()
        case Control.SDK_RETRIES:
            _sdk_retries()
        case Control.PREFIX_BY_SKU:
            _prefix_by_sku()
        case Control.FREE_IF_UNKNOWN:
            _free_if_unknown()


_ANSWERS = ("accepted", "refused", "unclear")  # what the ledger is told of a submit, each by intent id


def _no_intent() -> None:
    """An intent reaches the ledger only together with the answer to its POST."""
    authorise, mark = authorising.authorise, sending.mark_sending
    unwritten: dict[str, tuple[Intent, Callable[[], Any]]] = {}

    def promise(database: Database, clip: Clip, **told: Any) -> Intent:
        intent = authorise(_Forgetful(database), clip, **told)
        unwritten[intent.intent_id] = intent, lambda: _as(intent, authorise, database, clip, **told)
        return intent

    def mark_nothing(database: Database, intent_id: str, **told: Any) -> Intent | None:
        intent, write = unwritten[intent_id]
        unwritten[intent_id] = intent, lambda: (write(), mark(database, intent_id, **told))
        return replace(intent, state=State.SENDING)

    authorising.authorise, sending.mark_sending = promise, mark_nothing
    _before_answers(lambda intent_id: unwritten.pop(intent_id)[1]())


def _as(intent: Intent, authorise: Callable[..., Intent], *arguments: Any, **told: Any) -> None:
    """Authorise under the id that the intent was sent with."""
    authorising._new_id = lambda _now: intent.intent_id
    authorise(*arguments, **told)


class _Forgetful:
    """A database whose transactions all roll back."""

    def __init__(self, database: Database) -> None:
        self.now = database.now
        self._engine = database.engine

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Everything is checked, and nothing is kept."""
        with self._engine.connect() as connection:
            connection.execution_options(**{WRITES: True})
            with connection.begin() as transaction:
                yield connection
                transaction.rollback()


def _late_sending() -> None:
    """The mark that a POST is about to leave is made once its answer is there."""
    mark = sending.mark_sending
    marks: dict[str, Callable[[], Any]] = {}

    def mark_later(database: Database, intent_id: str, **told: Any) -> Intent | None:
        marks[intent_id] = lambda: mark(database, intent_id, **told)
        intent = read_intent(database, intent_id)
        return intent and replace(intent, state=State.SENDING)

    sending.mark_sending = mark_later
    _before_answers(lambda intent_id: marks.pop(intent_id)())


def _before_answers(first: Callable[[str], Any]) -> None:
    """Do something with an intent just before its answer is written down."""

    def late(record: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(record)
        def answered(database: Database, intent_id: str, *arguments: Any, **told: Any) -> Any:
            first(intent_id)
            return record(database, intent_id, *arguments, **told)

        return answered

    for name in _ANSWERS:
        setattr(sending, name, late(getattr(sending, name)))


def _sdk_retries() -> None:
    """Google's client repeats what failed, as it does unless told otherwise, and our wire lets it."""
    from google.genai import types

    options = types.HttpRetryOptions
    types.HttpRetryOptions = lambda **_told: options(attempts=3, initial_delay=0.05, max_delay=0.1)
    Shot.admit = Call.admit


def _prefix_by_sku() -> None:
    """Every intent of a product writes to one place.

    The ledger forbids it, so what makes the address unique there is hidden from everybody who reads it.
    """
    production.clip_folder = lambda clip: f"clips/{safe_name(clip.sku)}"
    production.prefix_leaf = lambda _clip_id, _attempt, intent_id: f"all#{intent_id}"
    kept = Intent.output_prefix
    shown = property(lambda intent: kept.__get__(intent).partition("#")[0], kept.__set__)
    Intent.output_prefix = shown


def _free_if_unknown() -> None:
    """A model without a price costs nothing, and nobody minds."""
    known, estimated = Model.unit_price, Clip.estimated_usd.fget

    def free(model: Model, *asked: Any) -> Decimal:
        try:
            return known(model, *asked)
        except ChooseAnotherModel:
            return Decimal(0)

    Model.unit_price = free
    authorising.to_micros = lambda _amount: 1  # the first half of authorise's own guard
    harmless = property(lambda clip: _Harmless(estimated(clip)))  # and the second
    Clip.estimated_usd = harmless


class _Harmless(Decimal):
    """An amount that is never found to be nothing."""

    def __le__(self, other: Any) -> bool:
        return bool(other) and Decimal.__le__(self, other)
