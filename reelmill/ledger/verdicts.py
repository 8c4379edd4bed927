"""Verdicts as the ledger keeps them: each time that a clip was compared with its product's picture for money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, select

from reelmill.clip import Clip
from reelmill.ledger.database import Database
from reelmill.ledger.reading import stream
from reelmill.ledger.rows import CLIP_COLUMNS, clip_from
from reelmill.ledger.schema import clips, intents, verdicts
from reelmill.ledger.states import VerdictState
from reelmill.money import TokenPrice

__all__ = [
    "VERDICT_COLUMNS",
    "AskedVerdict",
    "PaidVerdict",
    "read_verdicts",
    "select_verdicts_of",
    "verdict_from",
    "verdict_values",
    "verdicts_of",
]

_v = verdicts.c
VERDICT_COLUMNS = tuple(column for column in _v if column.name not in ("day_key", "month_key"))
_MONEY = {
    "input_price": "input_price_usd",
    "output_price": "output_price_usd",
    "most": "most_usd",
    "charged": "charged_usd",
}
_FIELDS = tuple(_MONEY.get(column.name, column.name) for column in VERDICT_COLUMNS)
_CLIP_WIDTH = len(CLIP_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedVerdict:
    """What is to be asked: the model, its price and the day it was read, and the most that it can cost in USD."""

    model: str
    price: TokenPrice
    price_date: str
    most_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidVerdict:
    """One time that a clip was asked about. Prices are USD per million tokens, amounts USD.

    ``charged_usd`` is ``most_usd`` until an answer told the tokens, and stays so if none did. ``answer`` is the verdict
    as plain JSON values; None if there is none that can be used, and ``error`` says why.
    """

    verdict_id: str
    intent_id: str
    number: int
    run_id: str
    state: VerdictState
    model: str
    input_price_usd: Decimal
    output_price_usd: Decimal
    price_date: str
    most_usd: Decimal
    charged_usd: Decimal
    asked_at: datetime
    input_tokens: int | None = None
    output_tokens: int | None = None
    ended_at: datetime | None = None
    error: str = ""
    answer: Mapping[str, Any] | None = None

    @property
    def price(self) -> TokenPrice:
        """The price that it is charged at."""
        return TokenPrice(self.input_price_usd, self.output_price_usd)

    @property
    def exact_usd(self) -> Decimal:
        """What it costs, finer than the books keep; the charge where no tokens are known."""
        if self.state is VerdictState.ANSWERED and self.input_tokens is not None and self.output_tokens is not None:
            return self.price.exact(self.input_tokens, self.output_tokens)
        return self.charged_usd


def select_verdicts_of(intent_id: str) -> Select[Any]:
    """The query for every verdict of an intent, in order."""
    return select(*VERDICT_COLUMNS).where(_v.intent_id == intent_id).order_by(_v.number)


def verdicts_of(database: Database, intent_id: str) -> tuple[PaidVerdict, ...]:
    """Every time that an intent was asked about, in order."""
    with database.reading() as connection:
        return tuple(verdict_from(row) for row in connection.execute(select_verdicts_of(intent_id)))


def read_verdicts(database: Database, *, run_id: str | None) -> Iterator[tuple[Clip, int, PaidVerdict]]:
    """Verdicts with their clips and the numbers of their attempts, oldest first."""
    query: Select[Any] = select(*CLIP_COLUMNS, intents.c.attempt, *VERDICT_COLUMNS).select_from(
        verdicts.join(intents, intents.c.intent_id == _v.intent_id).join(clips, clips.c.clip_id == intents.c.clip_id)
    )
    if run_id is not None:
        query = query.where(_v.run_id == run_id)
    for row in stream(database, query, _v.asked_at, _v.verdict_id, None):
        clip, attempt, verdict = row[:_CLIP_WIDTH], row[_CLIP_WIDTH], row[_CLIP_WIDTH + 1 : -2]
        yield clip_from(clip), attempt, verdict_from(verdict)


def verdict_values(verdict: PaidVerdict) -> dict[str, Any]:
    """A verdict as values of its row; the keys of its budgets are not among them."""
    return {column.name: getattr(verdict, name) for column, name in zip(VERDICT_COLUMNS, _FIELDS, strict=True)}


def verdict_from(row: Sequence[Any]) -> PaidVerdict:
    """The verdict of a row of VERDICT_COLUMNS."""
    return PaidVerdict(**dict(zip(_FIELDS, row, strict=True)))
