"""The ledger against its model, for much longer than a test may take; it has to make every move of the protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from tests.chaos.bank import Bank
from tests.chaos.tally import Tally
from tests.ledger.making import NOON, FixedClock
from tests.ledger.model import EVERY_MOVE, PROFILES, LedgerMachine, empty

__all__ = ["run"]

_ROUNDS = 4  # some moves are rare: not every round makes all of them


def run(
    bank: Bank, folder: Path, tally: Tally, *, examples: int | None = None, say: Callable[[str], None] = lambda _: None
) -> None:
    """``examples`` sequences of steps, or as many as the profile says, on a ledger of the bank's kind."""
    folder.mkdir(parents=True, exist_ok=True)
    long = PROFILES["long"]
    asked = settings(long, max_examples=examples) if examples else long
    seen: Counter[tuple[State, State]] = Counter()
    clock = FixedClock()
    url = bank.ledgers.make(folder)
    with Ledger.open(url, clock=clock) as one, Ledger.open(url, clock=clock) as other:

        def begin() -> LedgerMachine:
            empty(one)
            clock.now = NOON
            return LedgerMachine([one, other], clock, seen)

        try:
            for _ in range(1 if examples else _ROUNDS):
                run_state_machine_as_test(begin, settings=asked)
                if seen.keys() >= EVERY_MOVE:
                    break
        except Exception as error:  # noqa: BLE001 - whatever Hypothesis found, with the shortest way there
            tally.broken.append(
                "\n".join([f"model: {type(error).__name__}: {error}", *getattr(error, "__notes__", ())])
            )
    say(f"{seen.total():,} moves from state to state, {len(seen)} of {len(EVERY_MOVE)} kinds")
    if not examples and not seen.keys() >= EVERY_MOVE:
        missed = ", ".join(f"{source} to {target}" for source, target in sorted(EVERY_MOVE - seen.keys()))
        tally.broken.append(f"model: never seen: {missed}")
    bank.ledgers.drop(url)
