"""A plain-Python ledger that is told everything the real one is told, and has to agree with it after each step."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from reelmill.errors import LookFirst, RaiseCap
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import BudgetScope, Caps, Run, Settlement, Softening
from reelmill.ledger.schema import metadata
from reelmill.ledger.states import TRANSITIONS, State
from tests.ledger.making import LEASE_S, OUTPUT, FixedClock, authorise, make_clip

__all__ = ["EVERY_MOVE", "PROFILES", "LedgerMachine", "empty", "profile"]

CAPS = Caps(run_usd=Decimal(30), day_usd=Decimal(40), month_usd=Decimal(60))
TIGHTER = Caps(run_usd=Decimal(12), day_usd=Decimal(15), month_usd=Decimal(60))
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
DOUBTFUL = {State.LOST, State.EXPIRED}
HOLDING = OPEN | DOUBTFUL
ENDS = [State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED]
MAY_SETTLE = {
    State.AUTHORISED: {State.FAILED},
    State.SUBMITTED: set(ENDS),
    State.EXPIRED: set(ENDS),
    State.UNKNOWN: {State.SUCCEEDED, State.PARTIAL},
    State.LOST: {State.SUCCEEDED, State.PARTIAL},
}
_STEPS = ["authorise", "authorise", "mark_sending", "mark_sending", "accepted", "refused", "release"]
_STEPS += ["give_up", "give_up", "settle", "settle", "adopt", "renew", "move_the_clock"]
EVERY_MOVE = frozenset((source, target) for source, targets in TRANSITIONS.items() for target in targets)
_DAY = 24 * 3600

_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
_QUIET = {"deadline": None, "suppress_health_check": _CHECKS}
PROFILES = {
    "quick": settings(max_examples=8, stateful_step_count=25, **_QUIET),
    "long": settings(max_examples=400, stateful_step_count=60, database=None, **_QUIET),
}
"""How far to go. ``HYPOTHESIS_PROFILE`` names one; the longest has to see every move."""


def profile() -> settings:
    """The one that is asked for."""
    return PROFILES.get(os.environ.get("HYPOTHESIS_PROFILE", ""), PROFILES["quick"])


def empty(ledger: Ledger) -> None:
    """Forget everything."""
    with ledger._db.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


@dataclass
class Imagined:
    """What the model believes of one intent. ``step``: sent, or to be sent, in words softened so often."""

    intent_id: str
    clip: int
    attempt: int
    keys: dict[BudgetScope, str]
    state: State
    owner: str
    lease_until: datetime
    step: int
    operation: str | None = None
    paid: Decimal = Decimal(0)
    refusals: int = 0

    @property
    def held(self) -> Decimal:
        return CLIPS[self.clip].estimated_usd if self.state in HOLDING else Decimal(0)


class LedgerMachine(RuleBasedStateMachine):
    """Every rule does one thing to the ledger and to the model, and compares what they answer.

    Several ledgers are open on the same database, as from several processes, and take turns. ``seen`` counts the
    moves from state to state.
    """

    def __init__(self, ledgers: list[Ledger], clock: FixedClock, seen: Counter[tuple[State, State]]) -> None:
        super().__init__()
        self._turns, self.clock, self.seen = cycle(ledgers), clock, seen
        self.model: dict[str, Imagined] = {}
        for run in RUNS:
            self.ledger.start_run(Run(run_id=run, output=OUTPUT))

    @property
    def ledger(self) -> Ledger:
        return next(self._turns)

    def one(self, data: Any, *likely: State) -> tuple[str, Imagined]:
        """An intent, mostly in one of these states if any is: others say no. Drawn by place, for ids are random."""
        among = [imagined for imagined in self.model.values() if imagined.state in likely]
        if not among or not data.draw(st.integers(0, 3), "likely"):
            among = list(self.model.values())
        imagined = among[data.draw(st.integers(0, len(among) - 1), "place")]
        return imagined.intent_id, imagined

    def move(self, imagined: Imagined, target: State) -> None:
        if imagined.state is not target:
            self.seen[imagined.state, target] += 1
            imagined.state = target

    def total(self, scope: BudgetScope, key: str) -> Decimal:
        return sum((i.held + i.paid for i in self.model.values() if i.keys[scope] == key), Decimal(0))

    def latest(self, clip: int) -> Imagined | None:
        return max((i for i in self.model.values() if i.clip == clip), key=lambda i: i.attempt, default=None)

    def compare(self) -> None:
        """All that has to agree after every step."""
        self.every_intent_stands_as_imagined()
        self.the_latest_attempt_is_known_whatever_the_clock_said()
        self.budgets_add_up_and_no_cap_is_passed()
        self.at_most_one_attempt_at_a_clip_is_open()
        self.the_books_are_clean()

    def permitted(self, last: Imagined, told: dict[str, Any]) -> bool:
        """Whether another attempt may follow, as the documents say it."""
        softening, after = told["softening"], told["after"]
        if last.state is State.RELEASED and last.step <= told["retries"]:
            return True  # it was never sent, so nothing is made again
        if last.state in OPEN or after not in (None, last.intent_id):
            return False
        if softening is not None:
            bound = softening.step == last.step + 1 <= told["retries"]
            return bound and last.state is State.FILTERED and after == last.intent_id
        if last.state in DOUBTFUL:
            return bool(told["again_unclear"])
        return bool(told["again"]) and not (told["again_unclear"] and after is not None)

    @rule(data=st.data(), what=st.sampled_from(_STEPS))
    def step(self, data, what):
        """One rule for all: Hypothesis leaves some rules out of each sequence, and here each leans on others."""
        getattr(self, what if self.model else "authorise")(data)

    def authorise(self, data):
        clip = data.draw(st.integers(0, len(CLIPS) - 1), "clip")
        run, owner = data.draw(st.sampled_from(RUNS), "run"), data.draw(st.sampled_from(OWNERS), "owner")
        caps = data.draw(st.sampled_from([CAPS, CAPS, TIGHTER]), "caps")
        again, unclear = data.draw(st.booleans(), "again"), data.draw(st.booleans(), "unclear")
        bound = data.draw(st.sampled_from(["latest", "stale", None]), "bound")
        softer, retries = data.draw(st.sampled_from([0, 0, 0, 1, 2]), "softer"), data.draw(st.integers(0, 2), "retries")
        self.clock.advance(0.001)  # what was authorised later comes later in every order
        last, asked, now = self.latest(clip), CLIPS[clip].estimated_usd, self.clock.now
        older = [i.intent_id for i in self.model.values() if i is not last]
        after = {"latest": last and last.intent_id, None: None}.get(bound, older[0] if older else "nothing")
        words = Softening(step=softer, prompt=f"Softer {softer}.", negative_prompt="") if softer and last else None
        told = {"again": again, "again_unclear": unclear, "after": after, "softening": words, "retries": retries}
        keys = {BudgetScope.RUN: run, BudgetScope.DAY: f"{now:%Y-%m-%d}", BudgetScope.MONTH: f"{now:%Y-%m}"}
        limits = dict(zip(BudgetScope, (caps.run_usd, caps.day_usd, caps.month_usd), strict=True))
        expected = None
        if last is not None and not self.permitted(last, told):
            expected = LookFirst
        elif any(self.total(scope, key) + asked > limits[scope] for scope, key in keys.items()):
            expected = RaiseCap
        options = {"run_id": run, "owner": owner, "caps": caps, **told}
        if expected is not None:
            with pytest.raises(expected):
                authorise(self.ledger, CLIPS[clip], **options)
            return
        intent = authorise(self.ledger, CLIPS[clip], **options)
        attempt = 1 if last is None else last.attempt + 1
        step = words.step if words else 0
        if last is not None and last.state is State.RELEASED and (words or not again):
            step = last.step  # what was never sent is still due in the words that it had
        assert (intent.attempt, intent.softening) == (attempt, step)
        self.model[intent.intent_id] = Imagined(
            intent.intent_id, clip, attempt, keys, State.AUTHORISED, owner, intent.lease_until, step
        )

    def mark_sending(self, data):
        intent_id, imagined = self.one(data, State.AUTHORISED)
        owner = data.draw(st.sampled_from([imagined.owner, imagined.owner, *OWNERS]), "owner")
        sent = self.ledger.mark_sending(intent_id, owner=owner, lease_s=LEASE_S)
        assert (sent is not None) == (imagined.state is State.AUTHORISED and imagined.owner == owner)
        if sent is not None:
            self.move(imagined, State.SENDING)
            imagined.lease_until = sent.lease_until

    def accepted(self, data):
        name = data.draw(st.integers(0, 1), "name")
        intent_id, imagined = self.one(data, State.SENDING, State.UNKNOWN, State.LOST)
        operation = f"operations/{intent_id}/{name}"
        answer = self.ledger.accepted(intent_id, operation)
        if imagined.state in (State.SENDING, State.UNKNOWN, State.LOST):
            self.move(imagined, State.SUBMITTED)
            imagined.operation = operation
        elif imagined.paid and imagined.operation is None:
            imagined.operation = operation
        assert answer == (imagined.state is State.SUBMITTED and imagined.operation == operation)

    def refused(self, data):
        final = data.draw(st.booleans(), "final")
        causes = data.draw(st.sampled_from([(), ("prompt:violence",)]), "what a filter struck")
        owner = data.draw(st.sampled_from([None, *OWNERS]), "owner")
        behind = data.draw(st.sampled_from([None, 0, 0, 1]), "refusals that it does not know of")
        intent_id, imagined = self.one(data, State.SENDING, State.UNKNOWN, State.LOST)
        mine, before = owner in (None, imagined.owner), imagined.state
        if behind:  # the answer to an earlier mark
            pass
        elif imagined.state in (State.UNKNOWN, State.LOST) and mine:
            self.move(imagined, State.RELEASED)
        elif imagined.state is State.SENDING and mine:
            self.move(imagined, State.AUTHORISED if not final else State.FILTERED if causes else State.FAILED)
        elif imagined.state is State.AUTHORISED and final and owner == imagined.owner:
            self.move(imagined, State.FAILED)
        known = None if behind is None else imagined.refusals - behind
        told = {"code": "429", "message": "no", "final": final, "filter_causes": causes}
        answer = self.ledger.refused(intent_id, **told, owner=owner, refusals=known)
        imagined.refusals += imagined.state is not before
        assert answer is imagined.state

    def release(self, data):
        owner = data.draw(st.sampled_from(OWNERS), "owner")
        intent_id, imagined = self.one(data)
        released = self.ledger.release(intent_id, owner=owner)
        assert released == (imagined.state is State.AUTHORISED and imagined.owner == owner)
        if released:
            self.move(imagined, State.RELEASED)

    def give_up(self, data):
        what = data.draw(st.sampled_from(["unclear", "lost", "expired"]), "what")
        source, target = {
            "unclear": (State.SENDING, State.UNKNOWN),
            "lost": (State.UNKNOWN, State.LOST),
            "expired": (State.SUBMITTED, State.EXPIRED),
        }[what]
        intent_id, imagined = self.one(data, source)
        said = ("why",) if what != "lost" else ()
        assert getattr(self.ledger, what)(intent_id, *said) == (imagined.state is source)
        if imagined.state is source:
            self.move(imagined, target)

    def settle(self, data):
        end = data.draw(st.sampled_from(ENDS), "end")
        intent_id, imagined = self.one(data, State.SUBMITTED, State.EXPIRED, State.UNKNOWN, State.LOST)
        clip = CLIPS[imagined.clip]
        returned = {State.SUCCEEDED: clip.request.samples, State.PARTIAL: 1}.get(end, 0)
        settlement = Settlement(state=end, returned=returned)
        if end in MAY_SETTLE.get(imagined.state, set()):
            assert self.ledger.settle(intent_id, settlement)
            self.move(imagined, end)
            imagined.lease_until = self.clock.now  # nobody works on it any more
            imagined.paid = clip.unit_price_usd * clip.request.duration_s * returned
        elif imagined.state.final:
            assert not self.ledger.settle(intent_id, settlement)
        else:
            with pytest.raises(LookFirst):
                self.ledger.settle(intent_id, settlement)

    def adopt(self, data):
        owner, gone = data.draw(st.sampled_from(OWNERS), "owner"), data.draw(st.sets(st.sampled_from(OWNERS)), "gone")
        run, limit = data.draw(st.sampled_from([None, *RUNS]), "run"), data.draw(st.integers(1, 5), "limit")
        taken = self.ledger.adopt(owner=owner, lease_s=LEASE_S, is_gone=gone.__contains__, run_id=run, limit=limit)
        gone = gone - {owner}
        free = {
            intent_id
            for intent_id, i in self.model.items()
            if i.state in OPEN
            and run in (None, i.keys[BudgetScope.RUN])
            and (i.lease_until <= self.clock.now or i.owner in gone)
        }
        assert {intent.intent_id for intent in taken} <= free
        assert len(taken) == min(limit, len(free))
        for intent in taken:
            imagined = self.model[intent.intent_id]
            imagined.owner, imagined.lease_until = owner, intent.lease_until
            if imagined.state is State.SENDING:
                self.move(imagined, State.UNKNOWN)

    def renew(self, data):
        owner = data.draw(st.sampled_from(OWNERS), "owner")
        mine = [i for i in self.model.values() if i.owner == owner and i.state in OPEN]
        assert self.ledger.renew(list(self.model), owner=owner, lease_s=LEASE_S) == len(mine)
        for imagined in mine:
            imagined.lease_until = self.clock.now + timedelta(seconds=LEASE_S)

    def move_the_clock(self, data):
        """Time passes, or somebody sets the clock."""
        self.clock.advance(data.draw(st.sampled_from([1, LEASE_S, _DAY, 31 * _DAY, -1, -LEASE_S, -_DAY]), "seconds"))

    @invariant()
    def every_intent_stands_as_imagined(self) -> None:
        found = {intent.intent_id: intent for _, intent in self.ledger.intents()}
        assert found.keys() == self.model.keys()
        for intent_id, imagined in self.model.items():
            real = found[intent_id]
            assert (real.state, real.owner, real.lease_until) == (imagined.state, imagined.owner, imagined.lease_until)
            assert (real.reserved_usd, real.charged_usd) == (imagined.held, imagined.paid)
            assert (real.operation, real.attempt) == (imagined.operation, imagined.attempt)

    @invariant()
    def the_latest_attempt_is_known_whatever_the_clock_said(self) -> None:
        clip_ids = {clip.clip_id: number for number, clip in enumerate(CLIPS)}
        standings = self.ledger.standings(list(clip_ids))
        for clip_id, number in clip_ids.items():
            last = self.latest(number)
            standing = standings.get(clip_id)
            assert (standing and standing.intent_id) == (last and last.intent_id)
        latest = {intent.intent_id for _, intent in self.ledger.intents(latest=True)}
        assert latest == {standing.intent_id for standing in standings.values()}

    @invariant()
    def budgets_add_up_and_no_cap_is_passed(self) -> None:
        for scope, cap in LIMITS.items():
            for key in {imagined.keys[scope] for imagined in self.model.values()}:
                budget = self.ledger.budget(scope, key)
                among = [i for i in self.model.values() if i.keys[scope] == key]
                assert budget.reserved_usd == sum(i.held for i in among)
                assert budget.spent_usd == sum(i.paid for i in among)
                assert budget.reserved_usd + budget.spent_usd <= cap

    @invariant()
    def at_most_one_attempt_at_a_clip_is_open(self) -> None:
        opened = Counter(i.clip for i in self.model.values() if i.state in OPEN)
        assert not [clip for clip, times in opened.items() if times > 1]

    @invariant()
    def the_books_are_clean(self) -> None:
        assert self.ledger.audit() == []
        paid = sum((charge.amount_usd for _, charge in self.ledger.charges()), Decimal(0))
        assert paid == sum(i.paid for i in self.model.values())
