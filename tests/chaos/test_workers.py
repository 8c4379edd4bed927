"""Two workers on one ledger: whatever either does, and however long it stands still, each clip is paid once."""

import signal
import sqlite3
from contextlib import closing

import pytest

from reelmill.ledger.states import State
from tests.chaos.judge import judge
from tests.chaos.tracing import STOP
from tests.chaos.worker import Interference
from tests.chaos.workers import PLACES, Pause, leases_lapsed, paused, stopped_world, together, until
from tests.chaos.world import World

RECORD = PLACES["before the answer is recorded"]


@pytest.fixture
def world_of(chaos_bank, tmp_path):
    worlds = []

    def make(title, **options):
        worlds.append(stopped_world(chaos_bank, tmp_path / str(len(worlds)), f"{title} {tmp_path.name}", **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


def stopped_at(world, place):
    worker = world.start(interference=Interference(places={place: STOP}))
    assert until(lambda: worker.stopped), worker.said
    return worker


def stopped_before_the_answer_is_recorded(world_of, title, **options):
    """A world and its worker, which stands still while none of its threads keeps others out of the ledger."""
    for turn in range(10):
        world = world_of(f"{turn} {title}", **options)  # the simulator counts some faults by the prompt
        first = stopped_at(world, RECORD)
        if is_free(world):
            return world, first
        first.signal(signal.SIGKILL)
        first.wait()
    raise TimeoutError("every worker stopped in the middle of a sign of life")


def is_free(world):
    with closing(sqlite3.connect(world.folder / "ledger.db", timeout=0.5, isolation_level=None)) as ledger:
        try:
            ledger.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
    return True


def states(world):
    return sorted(world.states())


def test_workers_that_do_the_same_at_once_share_the_work(chaos_bank, tmp_path):
    titles = [f"Bowl {number} {tmp_path.name}" for number in range(4)]
    world = World(tmp_path / "world", chaos_bank, titles=[*titles, f"{titles[0]} [[fault:drop_after_accept]]"])

    verdict = together(world, 3)

    assert not verdict.broken
    assert verdict.accepted == 5
    world.close()


@pytest.mark.parametrize(
    ("where", "verb"),
    [
        ("before it is marked", "run"),
        ("before the lease is looked at", "run"),
        ("when the video has landed", "settle"),
        ("before it is settled", "run"),
    ],
)
def test_a_worker_stopped_past_its_lease_pays_nothing_twice_when_it_goes_on(world_of, where, verb):
    result = paused(world_of("Bowl"), Pause(place=PLACES[where], verb=verb))

    assert result.where
    assert not result.verdict.broken
    assert result.verdict.accepted == 1


def test_a_stopped_worker_is_not_gone_before_its_lease_lapses(world_of):
    world, first = stopped_before_the_answer_is_recorded(world_of, "Bowl", lease_s=30)
    with world.ledger() as ledger:
        [(_, before)] = ledger.intents()
    second, third = world.start("run"), world.start("settle")
    second.wait()
    third.wait()
    with world.ledger() as ledger:
        [(_, after)] = ledger.intents()

    assert after == before
    assert after.state is State.SENDING
    assert third.printed()["held_by_others"] == 1

    first.signal(signal.SIGCONT)
    first.wait()
    assert states(world) == [State.SUCCEEDED]
    assert not judge(world).broken


def test_an_answer_that_comes_after_the_clip_was_given_up_still_counts(world_of):
    world, first = stopped_before_the_answer_is_recorded(world_of, "Bowl [[fault:missing_object]]")
    assert until(lambda: leases_lapsed(world))
    world.start("settle").wait()
    assert states(world) == [State.LOST]

    first.signal(signal.SIGCONT)
    first.wait()

    assert states(world) == [State.SUCCEEDED]
    with world.ledger() as ledger:
        [(_, intent)] = ledger.intents()
    assert intent.operation
    assert not judge(world).broken


def test_a_refusal_that_comes_late_frees_what_was_reserved(world_of):
    world, first = stopped_before_the_answer_is_recorded(world_of, "Bowl [[fault:429:1]]")
    assert until(lambda: leases_lapsed(world))
    world.start("settle").wait()
    assert states(world) == [State.LOST]

    first.signal(signal.SIGCONT)
    first.wait()

    assert states(world) == [State.RELEASED]
    world.until_quiet()
    assert states(world) == [State.RELEASED, State.SUCCEEDED]
    assert not judge(world).broken
