from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, text

from reelmill.errors import RaiseCap
from reelmill.ledger.engine import parse_url
from reelmill.ledger.judging import VerdictsUsedUp
from reelmill.ledger.records import BudgetScope, Caps, Run
from reelmill.ledger.states import State, VerdictState
from tests.ledger.making import ASKED, OUTPUT, RUN, bring_to, known, make_clip, settlement

SAID = {"overall": "ok"}


def ask(ledger, intent, *, caps=None, at_most=2):
    return ledger.ask_verdict(intent.intent_id, ASKED, caps=caps or Caps(), at_most=at_most)


def spent(ledger):
    scopes = ((BudgetScope.RUN, RUN), (BudgetScope.DAY, "2026-07-15"), (BudgetScope.MONTH, "2026-07"))
    found = {ledger.budget(scope, key).spent_usd for scope, key in scopes}
    assert len(found) == 1
    return found.pop()


def test_what_is_asked_counts_at_its_most_until_the_answer_tells_its_tokens(ledger):
    intent = bring_to(ledger, State.SUBMITTED)
    verdict = ask(ledger, intent)
    assert (spent(ledger), known(ledger, intent).charged_usd) == (ASKED.most_usd, ASKED.most_usd)
    assert ledger.audit() == []
    answered = ledger.answer_verdict(verdict, input_tokens=1001, output_tokens=101, answer=SAID)
    assert answered.charged_usd == Decimal("0.000553")  # 1001 x 0.3 + 101 x 2.5 = 552.8 millionths
    assert answered.exact_usd == Decimal("0.0005528")
    assert ask(ledger, intent) == answered  # known already: handed out again, at no cost
    assert ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
    assert spent(ledger) == known(ledger, intent).charged_usd == Decimal("3.200553")
    assert ledger.audit() == []
    (clip, attempt, kept), *others = ledger.judged(run_id=RUN)
    assert (clip.clip_id, attempt, kept, others) == (intent.clip_id, 1, answered, [])


def test_without_an_answer_the_most_stays_and_questions_are_counted(ledger):
    intent = bring_to(ledger, State.SUBMITTED)
    ask(ledger, intent)  # and its process dies
    second = ask(ledger, intent)
    assert second.number == 2
    assert ledger.close_verdict(second, refused=False, error="no answer").state is VerdictState.UNCLEAR
    with pytest.raises(VerdictsUsedUp):
        ask(ledger, intent)
    assert spent(ledger) == 2 * ASKED.most_usd
    assert ledger.audit() == []


def test_a_refusal_gives_the_money_back(ledger):
    intent = bring_to(ledger, State.SUBMITTED)
    refused = ledger.close_verdict(ask(ledger, intent), refused=True, error="HTTP 429")
    assert (refused.state, spent(ledger), known(ledger, intent).charged_usd) == (VerdictState.REFUSED, 0, 0)
    assert ledger.audit() == []


def test_an_answer_after_the_end_changes_no_books_that_are_closed(ledger):
    intent = bring_to(ledger, State.SUBMITTED)
    verdict = ask(ledger, intent)
    ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
    late = ledger.answer_verdict(verdict, input_tokens=10, output_tokens=10, answer=SAID)
    assert (late.state, late.charged_usd, late.answer) == (VerdictState.UNCLEAR, ASKED.most_usd, None)
    with pytest.raises(VerdictsUsedUp, match="succeeded"):
        ask(ledger, intent, at_most=9)
    assert spent(ledger) == Decimal("3.210000")
    assert ledger.audit() == []


@pytest.mark.parametrize("cap", ["run_usd", "day_usd", "month_usd"])
def test_many_at_once_never_pass_a_cap(ledger, cap):
    """Clips hold 6.40 of it: there is room for three verdicts at their most, whoever asks."""
    caps = Caps(**{cap: Decimal("6.435")})
    ledger.start_run(Run(run_id=RUN, output=OUTPUT, caps=caps))
    intents = [bring_to(ledger, State.SUBMITTED, make_clip(name)) for name in ("one", "two")]

    def one(number):
        try:
            return ask(ledger, intents[number % 2], caps=caps, at_most=99)
        except RaiseCap:
            return None

    with ThreadPoolExecutor(8) as threads:
        asked = [verdict for verdict in threads.map(one, range(8)) if verdict]
    assert len(asked) == 3
    for verdict in asked:
        ledger.answer_verdict(verdict, input_tokens=0, output_tokens=2000, answer=None, error="unreadable")
    assert spent(ledger) == Decimal("0.015000")
    assert ledger.audit() == []


@pytest.mark.parametrize(
    ("own", "of_the_asker", "refused"), [(None, "2", False), ("100", "2", False), ("3.2", "100", True)]
)
def test_who_takes_a_clip_over_asks_within_the_cap_of_the_run_that_the_clip_is_of(ledger, own, of_the_asker, refused):
    ledger.start_run(Run(run_id=RUN, output=OUTPUT, caps=Caps(run_usd=own and Decimal(own))))
    intent = bring_to(ledger, State.SUBMITTED)  # which holds 3.20
    with pytest.raises(RaiseCap, match=f"run cap of 3.20 USD .{RUN}.") if refused else nullcontext():
        ask(ledger, intent, caps=Caps(run_usd=Decimal(of_the_asker)))
    assert spent(ledger) == (0 if refused else ASKED.most_usd)
    assert ledger.audit() == []


def test_the_caps_of_day_and_month_are_those_of_the_asker(ledger):
    ledger.start_run(Run(run_id=RUN, output=OUTPUT, caps=Caps(day_usd=Decimal(1), month_usd=Decimal(1))))
    intent = bring_to(ledger, State.SUBMITTED)
    with pytest.raises(RaiseCap, match="day cap of 3"):
        ask(ledger, intent, caps=Caps(day_usd=Decimal(3)))
    with pytest.raises(RaiseCap, match="month cap of 3"):
        ask(ledger, intent, caps=Caps(month_usd=Decimal(3)))
    assert ask(ledger, intent).state is VerdictState.ASKED


def test_a_verdict_is_booked_on_the_day_on_which_it_is_asked(ledger, clock):
    intent = bring_to(ledger, State.SUBMITTED)
    clock.advance(timedelta(days=1).total_seconds())
    ledger.answer_verdict(ask(ledger, intent), input_tokens=0, output_tokens=400, answer=SAID)
    assert ledger.budget(BudgetScope.DAY, "2026-07-15").spent_usd == 0
    assert ledger.budget(BudgetScope.DAY, "2026-07-16").spent_usd == Decimal("0.001")
    assert ledger.audit() == []


def test_verdicts_that_an_open_intent_is_missing_are_put_back_once(ledger, clock):
    intent = bring_to(ledger, State.SUBMITTED)
    there = ask(ledger, intent)
    clock.advance(timedelta(days=1).total_seconds())
    asked_at = clock()
    lost = [
        replace(there, verdict_id=f"lost {number}", number=number, asked_at=asked_at, charged_usd=Decimal("0.001"))
        for number in (2, 3)
    ]
    lost = [replace(one, state=VerdictState.ANSWERED, input_tokens=0, output_tokens=400) for one in lost]
    for _ in range(2):
        ledger.recover_verdicts(intent.intent_id, [there, *lost])
        assert ledger.verdicts_of(intent.intent_id) == (there, *lost)
        assert known(ledger, intent).charged_usd == ASKED.most_usd + Decimal("0.002")
        assert ledger.budget(BudgetScope.DAY, "2026-07-16").spent_usd == Decimal("0.002")
        assert ledger.audit() == []


def test_none_are_put_back_once_the_intent_has_ended(ledger):
    intent = bring_to(ledger, State.SUBMITTED)
    there = ask(ledger, intent)
    ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
    before = known(ledger, intent)
    ledger.recover_verdicts(intent.intent_id, [replace(there, verdict_id="late", number=2)])
    assert (ledger.verdicts_of(intent.intent_id), known(ledger, intent)) == ((there,), before)


def test_damage_is_told(ledger, ledger_url):
    intent = bring_to(ledger, State.SUBMITTED)
    verdict = ledger.answer_verdict(ask(ledger, intent), input_tokens=1001, output_tokens=101, answer=SAID)
    engine = create_engine(parse_url(ledger_url))
    for change, back in (("charged + 1", "charged - 1"), ("0", "553")):
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE verdicts SET charged = {change}"))
        found = ledger.audit()
        assert any(verdict.verdict_id in each for each in found), found
        assert any("and verdicts for" in each or "no charge" in each for each in found), found
        assert any(each.startswith("Budget of day") for each in found), found
        with engine.begin() as connection:
            connection.execute(text(f"UPDATE verdicts SET charged = {back}"))
        assert ledger.audit() == []
    engine.dispose()


@pytest.mark.parametrize("missing", ["input_tokens", "output_tokens"])
def test_an_answer_without_either_count_of_tokens_is_damage(ledger, ledger_url, missing):
    intent = bring_to(ledger, State.SUBMITTED)
    verdict = ledger.answer_verdict(ask(ledger, intent), input_tokens=1001, output_tokens=101, answer=SAID)
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE verdicts SET {missing} = NULL"))
    engine.dispose()
    assert any(verdict.verdict_id in each for each in ledger.audit())
