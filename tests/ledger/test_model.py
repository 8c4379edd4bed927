"""The real ledger against a plain-Python one, step by step, on both databases."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from reelmill.errors import LookFirst, RaiseCap
from reelmill.ledger.records import BudgetScope, Caps, Run, Settlement
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, NOON, OUTPUT, authorise, make_clip

CAPS = Caps(run_usd=Decimal(30), day_usd=Decimal(40), month_usd=Decimal(60))
LIMITS = {BudgetScope.RUN: CAPS.run_usd, BudgetScope.DAY: CAPS.day_usd, BudgetScope.MONTH: CAPS.month_usd}
CLIPS = [
    make_clip("a"),
    make_clip("b", samples=2),
    make_clip("c", price="0.123457", seconds=7, samples=3),
    make_clip("d", price="0.05", seconds=4),
]
RUNS = ("run-x", "run-y")
OWNERS = ("worker-a", "worker-b", "worker-c")
OPEN = {State.AUTHORISED, State.SENDING, State.SUBMITTED, State.UNKNOWN}
HOLDING = OPEN | {State.LOST, State.EXPIRED}
ENDS = [State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED]
MAY_SETTLE = {
    State.AUTHORISED: {State.FAILED},
    State.SUBMITTED: set(ENDS),
    State.EXPIRED: set(ENDS),
    State.UNKNOWN: {State.SUCCEEDED, State.PARTIAL},
    State.LOST: {State.SUCCEEDED, State.PARTIAL},
}


@dataclass
class Imagined:
    """What the model believes of one intent."""

    clip: int
    attempt: int
    keys: dict[BudgetScope, str]
    state: State
    owner: str
    lease_until: datetime
    operation: str | None = None
    paid: Decimal = Decimal(0)

    @property
    def held(self):
        return CLIPS[self.clip].estimated_usd if self.state in HOLDING else Decimal(0)


class LedgerMachine(RuleBasedStateMachine):
    """Every rule does one thing to the ledger and to the model, and compares what they answer."""

    def __init__(self, ledger, clock):
        super().__init__()
        self.ledger, self.clock = ledger, clock
        self.model: dict[str, Imagined] = {}
        for run in RUNS:
            self.ledger.start_run(Run(run_id=run, output=OUTPUT))

    def one(self, data):
        intent_id = data.draw(st.sampled_from(sorted(self.model)))
        return intent_id, self.model[intent_id]

    def total(self, scope, key):
        return sum((i.held + i.paid for i in self.model.values() if i.keys[scope] == key), Decimal(0))

    def latest(self, clip):
        return max((i for i in self.model.values() if i.clip == clip), key=lambda i: i.attempt, default=None)

    @rule(
        clip=st.integers(0, len(CLIPS) - 1),
        run=st.sampled_from(RUNS),
        owner=st.sampled_from(OWNERS),
        again=st.booleans(),
        unclear=st.booleans(),
    )
    def authorise(self, clip, run, owner, again, unclear):
        last, asked, now = self.latest(clip), CLIPS[clip].estimated_usd, self.clock.now
        keys = {BudgetScope.RUN: run, BudgetScope.DAY: f"{now:%Y-%m-%d}", BudgetScope.MONTH: f"{now:%Y-%m}"}
        expected = None
        if last is not None and last.state is not State.RELEASED:
            doubtful = last.state in (State.LOST, State.EXPIRED)
            if last.state in OPEN or not (unclear if doubtful else again):
                expected = LookFirst
        if expected is None and any(self.total(scope, key) + asked > LIMITS[scope] for scope, key in keys.items()):
            expected = RaiseCap
        options = {"run_id": run, "owner": owner, "caps": CAPS, "again": again, "again_unclear": unclear}
        if expected is not None:
            with pytest.raises(expected):
                authorise(self.ledger, CLIPS[clip], **options)
            return
        intent = authorise(self.ledger, CLIPS[clip], **options)
        attempt = 1 if last is None else last.attempt + 1
        assert intent.attempt == attempt
        self.model[intent.intent_id] = Imagined(clip, attempt, keys, State.AUTHORISED, owner, intent.lease_until)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), owner=st.sampled_from(OWNERS))
    def mark_sending(self, data, owner):
        intent_id, imagined = self.one(data)
        sent = self.ledger.mark_sending(intent_id, owner=owner, lease_s=LEASE_S)
        assert (sent is not None) == (imagined.state is State.AUTHORISED and imagined.owner == owner)
        if sent is not None:
            imagined.state, imagined.lease_until = State.SENDING, sent.lease_until

    @precondition(lambda self: self.model)
    @rule(data=st.data(), name=st.integers(0, 1))
    def accepted(self, data, name):
        intent_id, imagined = self.one(data)
        operation = f"operations/{intent_id}/{name}"
        answer = self.ledger.accepted(intent_id, operation)
        if imagined.state in (State.SENDING, State.UNKNOWN, State.LOST):
            imagined.state, imagined.operation = State.SUBMITTED, operation
        elif imagined.paid and imagined.operation is None:
            imagined.operation = operation
        assert answer == (imagined.state is State.SUBMITTED and imagined.operation == operation)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), final=st.booleans(), owner=st.sampled_from([None, *OWNERS]))
    def refused(self, data, final, owner):
        intent_id, imagined = self.one(data)
        mine = owner in (None, imagined.owner)
        if imagined.state in (State.UNKNOWN, State.LOST) and mine:
            imagined.state = State.RELEASED
        elif imagined.state is State.SENDING and mine:
            imagined.state = State.FAILED if final else State.AUTHORISED
        elif imagined.state is State.AUTHORISED and final and owner == imagined.owner:
            imagined.state = State.FAILED
        answer = self.ledger.refused(intent_id, code="429", message="no", final=final, owner=owner)
        assert answer is imagined.state

    @precondition(lambda self: self.model)
    @rule(data=st.data(), owner=st.sampled_from(OWNERS))
    def release(self, data, owner):
        intent_id, imagined = self.one(data)
        released = self.ledger.release(intent_id, owner=owner)
        assert released == (imagined.state is State.AUTHORISED and imagined.owner == owner)
        if released:
            imagined.state = State.RELEASED

    @precondition(lambda self: self.model)
    @rule(data=st.data(), what=st.sampled_from(["unclear", "lost", "expired"]))
    def give_up(self, data, what):
        intent_id, imagined = self.one(data)
        source, target = {
            "unclear": (State.SENDING, State.UNKNOWN),
            "lost": (State.UNKNOWN, State.LOST),
            "expired": (State.SUBMITTED, State.EXPIRED),
        }[what]
        said = ("why",) if what != "lost" else ()
        assert getattr(self.ledger, what)(intent_id, *said) == (imagined.state is source)
        if imagined.state is source:
            imagined.state = target

    @precondition(lambda self: self.model)
    @rule(data=st.data(), end=st.sampled_from(ENDS))
    def settle(self, data, end):
        intent_id, imagined = self.one(data)
        clip = CLIPS[imagined.clip]
        returned = {State.SUCCEEDED: clip.request.samples, State.PARTIAL: 1}.get(end, 0)
        settlement = Settlement(state=end, returned=returned)
        if end in MAY_SETTLE.get(imagined.state, set()):
            assert self.ledger.settle(intent_id, settlement)
            imagined.state = end
            imagined.paid = clip.unit_price_usd * clip.request.duration_s * returned
        elif imagined.state.final:
            assert not self.ledger.settle(intent_id, settlement)
        else:
            with pytest.raises(LookFirst):
                self.ledger.settle(intent_id, settlement)

    @rule(owner=st.sampled_from(OWNERS), gone=st.sets(st.sampled_from(OWNERS)), limit=st.integers(1, 5))
    def adopt(self, owner, gone, limit):
        taken = self.ledger.adopt(owner=owner, lease_s=LEASE_S, is_gone=gone.__contains__, limit=limit)
        gone = gone - {owner}
        free = {
            intent_id
            for intent_id, i in self.model.items()
            if i.state in OPEN and (i.lease_until <= self.clock.now or i.owner in gone)
        }
        assert {intent.intent_id for intent in taken} <= free
        assert len(taken) == min(limit, len(free))
        for intent in taken:
            imagined = self.model[intent.intent_id]
            imagined.owner, imagined.lease_until = owner, intent.lease_until
            if imagined.state is State.SENDING:
                imagined.state = State.UNKNOWN

    @precondition(lambda self: self.model)
    @rule(owner=st.sampled_from(OWNERS))
    def renew(self, owner):
        mine = [i for i in self.model.values() if i.owner == owner and i.state in OPEN]
        assert self.ledger.renew(list(self.model), owner=owner, lease_s=LEASE_S) == len(mine)
        for imagined in mine:
            imagined.lease_until = self.clock.now + timedelta(seconds=LEASE_S)

    @rule(seconds=st.sampled_from([1, LEASE_S, 24 * 3600, 31 * 24 * 3600]))
    def time_passes(self, seconds):
        self.clock.advance(seconds)

    @invariant()
    def every_intent_stands_as_imagined(self):
        found = {intent.intent_id: intent for _, intent in self.ledger.intents()}
        assert found.keys() == self.model.keys()
        for intent_id, imagined in self.model.items():
            real = found[intent_id]
            assert (real.state, real.owner, real.lease_until) == (imagined.state, imagined.owner, imagined.lease_until)
            assert (real.reserved_usd, real.charged_usd) == (imagined.held, imagined.paid)
            assert (real.operation, real.attempt) == (imagined.operation, imagined.attempt)

    @invariant()
    def budgets_add_up_and_no_cap_is_passed(self):
        for scope, cap in LIMITS.items():
            for key in {imagined.keys[scope] for imagined in self.model.values()}:
                budget = self.ledger.budget(scope, key)
                among = [i for i in self.model.values() if i.keys[scope] == key]
                assert budget.reserved_usd == sum(i.held for i in among)
                assert budget.spent_usd == sum(i.paid for i in among)
                assert budget.reserved_usd + budget.spent_usd <= cap

    @invariant()
    def the_books_are_clean(self):
        assert self.ledger.audit() == []
        paid = sum((charge.amount_usd for _, charge in self.ledger.charges()), Decimal(0))
        assert paid == sum(i.paid for i in self.model.values())


CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
SETTINGS = settings(max_examples=10, stateful_step_count=25, deadline=None, suppress_health_check=CHECKS)


def test_the_ledger_is_its_model(ledger, ledger_url, databases, clock):
    def begin():
        databases.empty(ledger_url)
        clock.now = NOON
        return LedgerMachine(ledger, clock)

    run_state_machine_as_test(begin, settings=SETTINGS)
