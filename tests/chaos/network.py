"""The network lost in every way that the simulator knows, before and after the submit is accepted, and then some.

One clip for each fault, many in one world. ``EXPECTED`` says how each has to end when nobody kills a worker.
"""

from __future__ import annotations

import random
import re
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from reelmill.ledger.states import State
from tests.chaos.bank import Bank, open_bank
from tests.chaos.judge import judge
from tests.chaos.tally import Tally
from tests.chaos.tracing import KILL
from tests.chaos.worker import Interference, Worker
from tests.chaos.workers import until
from tests.chaos.world import World

__all__ = ["EXPECTED", "ends", "faulty", "run", "storm", "without_service"]

_MADE, _FAILED, _FILTERED, _LOST = State.SUCCEEDED, State.FAILED, State.FILTERED, State.LOST

EXPECTED: Mapping[str, State] = {
    # Refused for good, or for now.
    "400": _FAILED,
    "400_filter": _FILTERED,
    "401:1": _MADE,  # the run stops there; the next one makes it
    "403:1": _MADE,
    "404:1": _MADE,
    "429:3": _MADE,
    # Nobody can tell whether it was accepted, and nothing ever lies at its prefix: a person decides.
    "500_before": _LOST,
    "503_before": _LOST,
    "504_before": _LOST,
    "drop_before": _LOST,
    "redirect": _LOST,
    # Accepted, and nobody heard of it: found by looking, never sent again.
    "drop_after_accept": _MADE,
    "reset_after_accept": _MADE,
    "half_body": _MADE,
    "500_after": _MADE,
    "503_after": _MADE,
    "504_after": _MADE,
    "malformed_body": _MADE,
    "empty_body": _MADE,
    "list_body": _MADE,
    "drip": _MADE,
    "slow": _MADE,
    "redirect_after": _MADE,
    # How the operation ends.
    "never_done": State.EXPIRED,
    "late_done": _MADE,
    "error_3": _FAILED,
    "error_8": _FAILED,
    "error_13": _FAILED,
    "error_14": _FAILED,
    "prompt_filter": _FILTERED,
    "image_filter": _FILTERED,
    "output_filter": _FILTERED,
    "partial": State.PARTIAL,
    "poll_gone": _MADE,
    "missing_done": _MADE,
    "error_without_done": _FAILED,
    "done_only": _MADE,
    "empty_response": _MADE,
    "nameless_poll": _MADE,
    "missing_object": _MADE,
    "truncated_video": _MADE,
    "black_video": _MADE,
    "frozen_video": _MADE,
    # Single polls.
    "poll_429": _MADE,
    "poll_500": _MADE,
    "poll_503": _MADE,
    "poll_drop": _MADE,
    "poll_malformed": _MADE,
    "poll_slow": _MADE,
}
_HASTY = {
    "REELMILL_OPERATION_DEADLINE_S": "5",
    "REELMILL_SUBMIT_ATTEMPTS": "8",
    "REELMILL_POLL_INTERVAL_S": "0.2",  # what never ends is polled to its deadline
}
_ASKED = re.compile(r"\[\[fault:([a-z0-9_:]+)\]\]")
_EVENTS_OF_A_CLIP = 7_500
_PATIENCE_S = 60.0
_NIGHTS = 6
"""Runs after which everything that can be made is made: a refusal of access stops one run each."""


def faulty(
    bank: Bank, folder: Path, tally: Tally, kinds: Iterable[str], *, samples: int = 1, kill: int | None = None
) -> dict[str, State]:
    """One world with a clip for each kind of fault; with ``kill``, its first worker dies at that line event.

    ``partial`` needs two ``samples``: a part of one video would be none. Judged into ``tally``; returns how each
    clip ended.
    """
    night = secrets.token_hex(4)  # the simulator counts how often it has seen a prompt
    titles = [f"Bowl {night} [[fault:{kind}]]" for kind in kinds]
    world = World(folder, bank, titles=titles, settings={**_HASTY, "REELMILL_SAMPLES": str(samples)})
    return _lived_through(world, tally, kill, f"{samples} samples of {', '.join(titles)}, killed at {kill}")


def _lived_through(world: World, tally: Tally, kill: int | None, what: str) -> dict[str, State]:
    with _counting_faults(world.bank, tally):
        if kill is not None:
            worker = world.start(interference=Interference(signals={kill: KILL}))
            worker.wait()
            world.look()
            _count_kill(worker, tally)
        made_all = _until_made(world)
        verdict = judge(world)
        tally.add(what, verdict)
    if not made_all:
        tally.broken.append(f"{what}: some clips were never made")
    ended = ends(world)
    world.close()
    return ended


def _count_kill(worker: Worker, tally: Tally) -> None:
    if worker.note:
        tally.kill_points += 1
        tally.kill_lines.add(worker.note.split()[-1])


def _until_made(world: World) -> bool:
    """What a person does: run until nothing is left unmade, settle until only what never ends is overdue."""
    for _ in range(_NIGHTS):
        world.start("run").wait()
        if State.RELEASED not in ends(world).values():
            break
    for night in range(_NIGHTS):
        states = ends(world)
        overdue = {kind for kind, state in states.items() if state is State.EXPIRED}
        waiting = any(state.open for state in states.values()) or not overdue <= {"never_done"}
        if not waiting and (night or not any(state.needs_person for state in states.values())):
            break
        if night:
            until(lambda: not world.generating(), _PATIENCE_S)  # a busy machine makes videos slowly
        world.start("settle").wait()
    world.look()
    return State.RELEASED not in ends(world).values()


def ends(world: World) -> dict[str, State]:
    """How the latest attempt of each clip stands, by the fault that its title asks for (or its title)."""
    with world.ledger() as ledger:
        return {_asked(clip.title): intent.state for clip, intent in ledger.intents()}


def _asked(title: str) -> str:
    asked = _ASKED.search(title)
    return asked[1] if asked else title


@contextmanager
def _counting_faults(bank: Bank, tally: Tally) -> Iterator[None]:
    """Count what the journal cannot know: faults of refused submits and of single polls."""
    before, journalled = Counter(bank.veo.stats()["faults"]), Counter(tally.faults)
    yield
    tally.faults += Counter(bank.veo.stats()["faults"]) - before - (tally.faults - journalled)


def without_service(bank: Bank, folder: Path, tally: Tally, *, kill: int | None = None) -> dict[str, State]:
    """First runs that cannot reach Vertex AI at all, then the same command with the right address.

    Returns how a clip ended for each way of not being there.
    """
    ended = {}
    with ExitStack() as listening:
        ways = {
            "name does not resolve": "http://veo.invalid:1",
            "nothing listens": f"http://127.0.0.1:{_port(listening, queue=None)}",
            "accepted and never answered": f"http://127.0.0.1:{_port(listening, queue=16)}",
        }
        for way, url in ways.items():
            world = World(folder / way.replace(" ", "-"), bank, titles=[way])
            told = Interference(signals={kill: KILL} if kill else {})
            away = {"REELMILL_VERTEX_BASE_URL": url, "REELMILL_SUBMIT_ATTEMPTS": "2"}
            worker = world.start(interference=told, **away)
            code = worker.wait()
            _count_kill(worker, tally)
            tally.faults[way] += 1
            if code == 0:
                tally.broken.append(f"{way}: the run said that all was well")
            ended[way] = _lived_through(world, tally, None, f"{way}, kill at {kill}")[way]
    return ended


def _port(listening: ExitStack, queue: int | None) -> int:
    """A port of ours. With a ``queue`` the kernel accepts connections and nobody ever reads from them."""
    server = listening.enter_context(socket.socket())
    server.bind(("127.0.0.1", 0))
    if queue is not None:
        server.listen(queue)
    return int(server.getsockname()[1])


def storm(folder: Path, tally: Tally, *, quota: int, clips: int) -> dict[str, State]:
    """More clips than the quota lets through in a minute, and a worker that believes in a larger one."""
    settings = {"REELMILL_SUBMIT_ATTEMPTS": "500", "REELMILL_OPERATION_DEADLINE_S": "90"}
    with open_bank(folder, quota_per_minute=quota) as bank:
        world = World(folder / "storm", bank, titles=[f"Bowl {number}" for number in range(clips)], settings=settings)
        ended = _lived_through(world, tally, None, f"{clips} clips at {quota} a minute")
        tally.faults["429 by quota"] += int(bank.veo.stats()["refused"].get("429", 0))
    return ended


def run(bank: Bank, folder: Path, tally: Tally, *, rounds: int = 20, seed: int = 1, say: Callable[[str], None]) -> None:
    """Everything in peace; then, ``rounds`` times, with a worker killed somewhere; then a storm of 429s."""
    say(f"{len(EXPECTED)} kinds of fault of the service, and three ways of not being there")
    _compare(tally, "in peace", faulty(bank, folder / "peace", tally, EXPECTED, samples=2), EXPECTED)
    without_service(bank, folder / "away", tally)
    chance = random.Random(seed)
    for number in range(1, rounds + 1):
        kinds = sorted(EXPECTED)
        chance.shuffle(kinds)
        kill = chance.randint(1, _EVENTS_OF_A_CLIP * len(kinds) // 2)
        faulty(bank, folder / f"round-{number}", tally, kinds, samples=2, kill=kill)
        without_service(bank, folder / f"away-{number}", tally, kill=chance.randint(1, _EVENTS_OF_A_CLIP // 2))
        say(f"  round {number} of {rounds}, {len(tally.broken)} promises broken")
    say("a storm of 429s")
    (folder / "storm").mkdir(parents=True)
    ended = storm(folder / "storm", tally, quota=20, clips=30)
    _compare(tally, "storm", ended, dict.fromkeys(ended, _MADE))


def _compare(tally: Tally, what: str, ended: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    tally.broken += [
        f"{what}: {kind} ended as {ended.get(kind)} and not as {state}"
        for kind, state in expected.items()
        if ended.get(kind) != state
    ]
