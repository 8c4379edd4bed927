"""What test processes do. Importable, so that real processes can run it; all begin at the same moment."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

from reelmill.errors import LookFirst, RaiseCap
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Decision, ReviewedVia, Run, Softening
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, OUTPUT, FixedClock, authorise, make_clip, settlement
from tests.support.forkserver import PROCESSES

_LIMIT_S = 120
_CHILD_LIMIT_S = 30


def start(work: Callable[..., Any], *args: Any) -> Any:
    """A process of its own; the caller joins or kills it."""
    process = PROCESSES.Process(target=work, args=args, daemon=True)
    process.start()
    return process


def run_together(number_of: int, work: Callable[..., Any], *args: Any) -> list[Any]:
    """Run ``work(number, *args)`` in ``count`` processes that begin together; their results in no order."""
    barrier, queue = PROCESSES.Barrier(number_of), PROCESSES.Queue()
    processes = [start(_begin_together, barrier, queue, work, number, *args) for number in range(number_of)]
    try:
        outcomes = [queue.get(timeout=_LIMIT_S) for _ in processes]
    finally:
        for process in processes:
            process.join(_LIMIT_S)
    for good, value in outcomes:
        assert good, value
    return [value for _, value in outcomes]


def _begin_together(barrier: Any, queue: Any, work: Callable[..., Any], number: int, *args: Any) -> None:
    try:
        barrier.wait(_LIMIT_S)
        queue.put((True, work(number, *args)))
    except BaseException as error:  # noqa: BLE001 - the parent shall tell what happened here
        queue.put((False, repr(error)))


def open_and_start_run(number: int, url: str) -> str:
    with Ledger.open(url) as ledger:
        ledger.start_run(Run(run_id=f"run-{number}", output=OUTPUT))
    return f"run-{number}"


def spend_until_capped(number: int, url: str, cap: Decimal) -> list[str]:
    """Authorise clips of several prices; settle some, lose some, release some; then fill what is left."""
    made = []
    with Ledger.open(url, clock=FixedClock()) as ledger:
        for step in range(5):
            price, seconds = (("0.40", 8), ("0.15", 6), ("0.10", 4))[(number + step) % 3]
            clip = make_clip(f"p{number}-{step}", price=price, seconds=seconds)
            try:
                intent = authorise(ledger, clip, owner=f"p{number}", caps=Caps(day_usd=cap))
            except RaiseCap:
                continue
            made.append(intent.intent_id)
            if step % 4 == 3:
                ledger.release(intent.intent_id, owner=f"p{number}")
                continue
            ledger.mark_sending(intent.intent_id, owner=f"p{number}", lease_s=LEASE_S)
            if step % 4 == 2:
                ledger.unclear(intent.intent_id, "lost the line")
                continue
            ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
            if step % 4 == 0:
                end = State.SUCCEEDED if number % 2 else State.FILTERED
                ledger.settle(intent.intent_id, settlement(end, intent))
        # Whoever is last to give money back comes here afterwards, so in the end nothing fits any more.
        with suppress(RaiseCap):
            for step in count():
                cheapest = make_clip(f"q{number}-{step}", price="0.10", seconds=4)
                made.append(authorise(ledger, cheapest, owner=f"p{number}", caps=Caps(day_usd=cap)).intent_id)
    return made


def claim_clips(number: int, url: str, names: list[str]) -> list[str]:
    """Authorise the same clips as everybody else, in a run of one's own; the names of those won."""
    won = []
    with Ledger.open(url) as ledger:
        ledger.start_run(Run(run_id=f"run-{number}", output=OUTPUT))
        for name in names:
            try:
                authorise(ledger, make_clip(name), run_id=f"run-{number}", owner=f"p{number}")
            except LookFirst:
                continue
            won.append(name)
    return won


def adopt_all(number: int, url: str, clock: FixedClock) -> list[str]:
    """Adopt a few at a time until none are left."""
    taken: list[str] = []
    with Ledger.open(url, clock=clock) as ledger:
        while some := ledger.adopt(owner=f"p{number}", lease_s=LEASE_S, is_gone=lambda _: False, limit=7):
            taken.extend(intent.intent_id for intent in some)
    return taken


def take_slots(_number: int, url: str, slots: int) -> list[float]:
    with Ledger.open(url, clock=FixedClock()) as ledger:
        return [ledger.next_slot("shared", 100) for _ in range(slots)]


def fork_and_share(_number: int, url: str) -> int:
    """Use a ledger, fork, use it in parent and child at once; the child's exit code."""
    with Ledger.open(url) as ledger:
        ledger.start_run(Run(run_id="before", output=OUTPUT))
        child = os.fork()
        if child == 0:
            for step in range(20):
                ledger.start_run(Run(run_id=f"child-{step}", output=OUTPUT))
            os._exit(0 if ledger.run("before") else 1)
        for step in range(20):
            ledger.start_run(Run(run_id=f"parent-{step}", output=OUTPUT))
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)


def fork_while_in_turn(_number: int, url: str) -> int:
    """Fork while another thread is about to write; the exit code of a child that writes."""
    in_turn, done = threading.Event(), threading.Event()

    def be_about_to_write() -> None:
        with database._in_turn():
            in_turn.set()
            done.wait(_LIMIT_S)

    database = Ledger.open(url)._db
    thread = threading.Thread(target=be_about_to_write)
    thread.start()
    assert in_turn.wait(_LIMIT_S)
    child = os.fork()
    if child == 0:
        signal.alarm(_CHILD_LIMIT_S)
        with database.writing():
            os._exit(0)
    _, status = os.waitpid(child, 0)
    done.set()
    thread.join()
    database.close()
    return os.waitstatus_to_exitcode(status)


def work_until_killed(url: str, run_id: str, told: Path) -> None:
    """Authorise and settle for ever, telling each charge once the ledger said that it is kept."""
    with Ledger.open(url) as ledger, told.open("a", buffering=1) as out:
        ledger.start_run(Run(run_id=run_id, output=OUTPUT))
        step = 0
        while True:
            step += 1
            intent = authorise(ledger, make_clip(f"{run_id}-{step}"), run_id=run_id, owner=f"{run_id}-{os.getpid()}")
            if step % 5 == 0:
                continue
            ledger.mark_sending(intent.intent_id, owner=intent.owner, lease_s=LEASE_S)
            ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
            if ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent)):
                out.write(f"{intent.intent_id}\n")


def wait_for(condition: Callable[[], bool], *, within_s: float = 60) -> None:
    """Until something is so; fails when it takes too long."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def retry_filtered(number: int, url: str, after: str) -> bool:
    """Try to be the one who retries a filtered clip; whether this process was."""
    with Ledger.open(url) as ledger:
        ledger.start_run(Run(run_id=f"run-{number}", output=OUTPUT))
        softer = Softening(step=1, prompt=f"Softened by {number}.", negative_prompt="")
        try:
            authorise(ledger, make_clip(), run_id=f"run-{number}", softening=softer, retries=3, after=after)
        except LookFirst:
            return False
        return True


def take_everything_due(number: int, url: str) -> list[str]:
    """Take deliveries, a few at a time, until none is due; their ids."""
    taken: list[str] = []
    with Ledger.open(url) as ledger:
        while due := ledger.take_due(holder=f"sender-{number}", lease_s=3600, limit=3):
            taken += [one.delivery_id for one in due]
    return taken


def look_at_feed(number: int, url: str, feed: str, version: str) -> str:
    with Ledger.open(url) as ledger:
        return ledger.saw_feed(feed, version).value


def review_everything(number: int, url: str) -> int:
    """Decide about every clip; how many decisions were new."""
    with Ledger.open(url) as ledger:
        asked = [
            AskedReview(
                review_id=f"{number}-{intent.intent_id}",
                intent_id=intent.intent_id,
                decision=[Decision.APPROVE, Decision.REJECT][number % 2],
                reviewer=f"reviewer {number}",
                via=ReviewedVia.PAGE,
            )
            for _, intent in ledger.intents()
        ]
        return sum(outcome.new for outcome in ledger.review(asked))
