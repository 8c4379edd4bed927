"""Judging: comparing a clip with its product's picture costs money, and counts before it is asked.

What is asked cannot be looked up later. So the most that it can cost is spent, under every cap, in the transaction
that permits it, and an answer that tells the tokens brings that down to the price. A process that dies in between
leaves the maximum: the books may be above the bill, never below it.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from reelmill.errors import ChooseAnotherModel, LookFirst
from reelmill.ledger.budgets import BudgetKeys, book, correct, reserve, spend
from reelmill.ledger.database import Database
from reelmill.ledger.locked import LockedIntent
from reelmill.ledger.records import ZERO, BudgetScope, Caps
from reelmill.ledger.schema import runs, verdicts
from reelmill.ledger.states import VerdictState
from reelmill.ledger.types import to_micros
from reelmill.ledger.verdicts import (
    VERDICT_COLUMNS,
    AskedVerdict,
    PaidVerdict,
    select_verdicts_of,
    verdict_from,
    verdict_values,
)

__all__ = ["VerdictsUsedUp", "add_verdict", "answer_verdict", "ask_verdict", "close_verdict", "recover_verdicts"]

_v = verdicts.c
_ONE = select(*VERDICT_COLUMNS, _v.day_key, _v.month_key).where(_v.verdict_id == bindparam("this"))
_CAP_OF_RUN = select(runs.c.cap_run).where(runs.c.run_id == bindparam("this"))
_SET = update(verdicts).where(_v.verdict_id == bindparam("this"), _v.state == VerdictState.ASKED)


class VerdictsUsedUp(LookFirst):
    """A clip was asked about as often as is allowed, or nothing is open about it any more."""


def ask_verdict(database: Database, intent_id: str, asked: AskedVerdict, *, caps: Caps, at_most: int) -> PaidVerdict:
    """Permit one question about an intent that is not settled yet: its most is spent under every cap, or nothing is.

    Of ``caps`` those of day and month count. The run's is the one that the intent's own run has, whoever settles it.
    An answer that is there already is handed out again, at no cost. Raises RaiseCap; VerdictsUsedUp after
    ``at_most`` questions, and once the intent has ended; ChooseAnotherModel for one without a price.
    """
    if to_micros(asked.most_usd) == 0:
        raise ChooseAnotherModel(f"A verdict of {asked.model} has no price.", "Choose another judge_model.")
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        before = [verdict_from(row) for row in connection.execute(select_verdicts_of(intent_id))]
        for one in before:
            if one.state is VerdictState.ANSWERED and one.answer is not None:
                return one
        if held.state.final or len(before) >= at_most:
            raise VerdictsUsedUp(
                f"Intent {intent_id} was asked about {len(before)} times and is {held.state.value}.",
                "Compare the clip with its product by eye.",
            )
        now = database.now(connection)
        keys = BudgetKeys.at(held.intent.run_id, now)
        verdict = PaidVerdict(
            verdict_id=secrets.token_hex(16),
            intent_id=intent_id,
            number=len(before) + 1,
            run_id=keys.run_id,
            state=VerdictState.ASKED,
            model=asked.model,
            input_price_usd=asked.price.input_usd,
            output_price_usd=asked.price.output_usd,
            price_date=asked.price_date,
            most_usd=asked.most_usd,
            charged_usd=asked.most_usd,
            asked_at=now,
        )
        connection.execute(insert(verdicts), {**verdict_values(verdict), "day_key": keys.day, "month_key": keys.month})
        held.note(charged=held.intent.charged_usd + asked.most_usd)
        its_caps = replace(caps, run_usd=connection.execute(_CAP_OF_RUN, {"this": keys.run_id}).scalar())
        reserve(connection, keys, asked.most_usd, its_caps)  # the budgets come last: every process wants these rows
        book(connection, keys, freed=asked.most_usd, paid=asked.most_usd)
    return verdict


def answer_verdict(
    database: Database,
    verdict: PaidVerdict,
    *,
    input_tokens: int,
    output_tokens: int,
    answer: Mapping[str, Any] | None,
    error: str = "",
) -> PaidVerdict:
    """Charge the tokens that were used, even if they are more than was foreseen: the ledger tells the truth.

    The answer to an intent that has ended meanwhile comes too late to count: its most stays charged.
    """
    paid = verdict.price.amount(input_tokens, output_tokens)
    found = {"input_tokens": input_tokens, "output_tokens": output_tokens, "answer": answer, "error": error}
    return _end(database, verdict, VerdictState.ANSWERED, paid, found)


def close_verdict(database: Database, verdict: PaidVerdict, *, refused: bool, error: str) -> PaidVerdict:
    """There was no answer: certainly ``refused``, and nothing is charged; or nobody can tell, and its most is."""
    state = VerdictState.REFUSED if refused else VerdictState.UNCLEAR
    return _end(database, verdict, state, ZERO if refused else verdict.most_usd, {"error": error})


def _end(
    database: Database, verdict: PaidVerdict, state: VerdictState, paid: Decimal, found: Mapping[str, Any]
) -> PaidVerdict:
    with database.writing() as connection:
        held = LockedIntent(database, connection, verdict.intent_id)  # locked first, as when it was asked
        *row, day, month = connection.execute(_ONE, {"this": verdict.verdict_id}).one()
        now = verdict_from(row)
        if now.state is not VerdictState.ASKED:
            return now
        if held.state.final:
            state, paid, found = VerdictState.UNCLEAR, now.charged_usd, {"error": "The answer came after the end."}
        values = {"state": state, "charged": paid, "ended_at": database.now(connection), **found}
        connection.execute(_SET, {"this": verdict.verdict_id, **values})
        if paid != now.charged_usd:
            held.note(charged=held.intent.charged_usd - now.charged_usd + paid)
            correct(connection, BudgetKeys(now.run_id, day, month), counted=now.charged_usd, paid=paid)
        *row, _, _ = connection.execute(_ONE, {"this": verdict.verdict_id}).one()
        return verdict_from(row)


def add_verdict(connection: Connection, verdict: PaidVerdict) -> None:
    """Put back what a record outside the ledger knows of one; the caller books it."""
    keys = BudgetKeys.at(verdict.run_id, verdict.asked_at)
    connection.execute(insert(verdicts), {**verdict_values(verdict), "day_key": keys.day, "month_key": keys.month})


def recover_verdicts(database: Database, intent_id: str, found: Iterable[PaidVerdict]) -> None:
    """Put back those verdicts of a held, unsettled intent that the ledger does not know, with their money."""
    paid: dict[tuple[BudgetScope, str], Decimal] = defaultdict(lambda: ZERO)
    with database.writing() as connection:
        held = LockedIntent(database, connection, intent_id)
        known = {verdict_from(row).verdict_id for row in connection.execute(select_verdicts_of(intent_id))}
        missing = [verdict for verdict in found if verdict.verdict_id not in known]
        if held.state.final or not missing:
            return
        for verdict in missing:
            add_verdict(connection, verdict)
            for scope in BudgetKeys.at(verdict.run_id, verdict.asked_at).items():
                paid[scope] += verdict.charged_usd
        held.note(charged=held.intent.charged_usd + sum((verdict.charged_usd for verdict in missing), ZERO))
        spend(connection, paid)
