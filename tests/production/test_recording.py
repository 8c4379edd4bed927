"""What is known of a submit reaches the ledger, also when its database is away just then; and nothing else is sent."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from reelmill.errors import TryLater
from reelmill.ledger.states import State
from reelmill.production import sending
from reelmill.production.sending import authorise, send
from reelmill.production.work import Work
from reelmill.veo.outcomes import Accepted, Refusal, Refused
from tests.support.production import RUN, clip, open_engine

OPERATION = "projects/p/operations/1"


class Backend:
    """Accepts every submit that it is permitted to send."""

    def __init__(self):
        self.sent = []

    def submit(self, request, *, before_send, **_):
        if not before_send():
            return Refused(Refusal.NOT_SENT, 0, "not permitted")
        self.sent.append(request.prompt)
        return Accepted(OPERATION)


def away(times, after=None):
    """Stands for a move of the ledger whose database is away so often; ``after`` is the move itself."""
    calls = []

    def move(*arguments, **named):
        calls.append(arguments)
        if len(calls) <= times:
            raise TryLater("The ledger does not answer.", "Run again.")
        return after(*arguments, **named)

    move.calls = calls
    return move


@pytest.fixture
def desk(tmp_path, veo, gcs, monkeypatch):
    """An engine whose backend takes everything, an intent that is due, and no time to lose."""
    monkeypatch.setattr(sending, "_RECORD_PAUSES_S", (0.0, 0.0, 0.0))
    with open_engine(tmp_path, veo, gcs) as engine:
        studio = replace(engine.studio(), backend=Backend())
        yield SimpleNamespace(
            ledger=engine.ledger, studio=studio, stop=engine.stop, intent=authorise(studio, Work(clip()), RUN)
        )


def state(desk):
    return desk.ledger.intent(desk.intent.intent_id).state


async def test_a_mark_whose_commit_was_not_heard_of_is_taken_back(desk, monkeypatch):
    mark = desk.ledger.mark_sending

    def marked_unheard(*arguments, **named):
        mark(*arguments, **named)
        raise TryLater("The ledger does not answer.", "Run again.")

    monkeypatch.setattr(desk.ledger, "mark_sending", marked_unheard)
    with pytest.raises(TryLater):
        await send(desk.studio, clip(), desk.intent)
    assert (state(desk), desk.studio.backend.sent) == (State.RELEASED, [])
    assert desk.ledger.audit() == []


async def test_a_mark_that_was_never_kept_releases_the_clip(desk, monkeypatch):
    monkeypatch.setattr(desk.ledger, "mark_sending", away(1))
    with pytest.raises(TryLater):
        await send(desk.studio, clip(), desk.intent)
    assert (state(desk), desk.studio.backend.sent) == (State.RELEASED, [])


async def test_googles_answer_is_kept_however_long_the_database_was_away(desk, monkeypatch):
    monkeypatch.setattr(desk.ledger, "accepted", away(20, desk.ledger.accepted))
    assert (await send(desk.studio, clip(), desk.intent)).operation == OPERATION
    assert len(desk.studio.backend.sent) == 1


@pytest.mark.parametrize("leaving", [False, True])
async def test_an_answer_that_cannot_be_kept_is_logged_and_sooner_if_the_run_is_to_leave(
    desk, monkeypatch, caplog, leaving
):
    gone = away(1000)
    monkeypatch.setattr(desk.ledger, "accepted", gone)
    if leaving:
        desk.stop.leave()
        monkeypatch.setattr(desk.stop, "_requested", SimpleNamespace(is_set=lambda: False))  # it was sent just before
    with pytest.raises(TryLater):
        await send(desk.studio, clip(), desk.intent)
    assert (state(desk), len(gone.calls)) == (State.SENDING, 4 if leaving else 1 + sending._RECORD_TRIES)
    assert OPERATION in caplog.text


async def test_a_machine_that_slept_right_after_the_mark_sends_nothing(desk, monkeypatch):
    now, mark = [0.0], desk.ledger.mark_sending

    def mark_and_sleep(*arguments, **named):
        marked = mark(*arguments, **named)
        now[0] += desk.studio.settings.lease_s
        desk.stop.request()
        return marked

    clock = SimpleNamespace(monotonic=lambda: now[0], time=lambda: now[0], sleep=lambda _: None)
    monkeypatch.setattr(sending, "time", clock)
    monkeypatch.setattr(desk.ledger, "mark_sending", mark_and_sleep)
    ended = await send(desk.studio, clip(), desk.intent)
    assert (ended.state, desk.studio.backend.sent) == (State.RELEASED, [])
