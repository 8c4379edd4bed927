"""A receiver that drops, delays, refuses, dies and comes back misses nothing, and no run waits for it."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from reelmill.errors import TryLater
from reelmill.jobs.delivering import Sender, delivering
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import DeliveryStatus, Run, RunStatus, Settlement
from reelmill.ledger.states import State
from reelmill.production.stop import StopSignal
from reelmill.settings import load_settings
from reelmill.telemetry.log_context import labels
from tests.ledger.making import OUTPUT, RUN, bring_to, make_clip
from tests.support.postcount import answer, drop, half, post_counter, reset, silent
from tests.support.webhook_receiver import OTHER_SECRET, SECRET, told, verified

OK = answer(204, raw=b"")
DEADLINE_S = 60.0
DELIVERED, PENDING, DEAD = DeliveryStatus.DELIVERED, DeliveryStatus.PENDING, DeliveryStatus.DEAD


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/books.db"


@pytest.fixture
def books(url):
    """A ledger with one run that is told, and no clip yet."""
    with Ledger.open(url) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT, webhooks=True))
        yield ledger


def settings(receiver_url: str, **changes):
    told = {"webhook_wait_s": 0.05, "webhook_wait_max_s": 0.2, "webhook_timeout_s": 60, "webhook_secret": SECRET}
    return load_settings(**told | changes, webhook_url=receiver_url)


def sender(ledger, receiver, **changes) -> Sender:
    return Sender.open(ledger, settings(f"{receiver.url}/hook", **changes), "tester")


def wait_until(condition) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)  # between two looks


def send_until(ledger, one: Sender, **counts: int) -> None:
    """Send what is due, again and again, until the outbox stands so."""
    wanted = {DeliveryStatus(name): number for name, number in counts.items()}

    def done() -> bool:
        one.send_due()
        return ledger.count_deliveries() == wanted

    wait_until(done)


def test_a_clip_and_a_run_are_told_in_the_words_of_the_business(books):
    clip = make_clip("shoe", samples=2, campaign="summer", item_group_id="shoes")
    intent = bring_to(books, State.SUBMITTED, clip)
    end = {"poster_uri": "gs://shop/poster.jpg", "inspection": {"status": "pass"}, "video_uris": ("gs://shop/a.mp4",)}
    books.settle(intent.intent_id, Settlement(state=State.PARTIAL, returned=1, **end))
    books.finish_run(RUN, RunStatus.COMPLETED)
    with post_counter(OK) as receiver:
        assert sender(books, receiver).send_due() == {DELIVERED: 2}
        messages = {message["type"]: message for (message,) in told(receiver).values()}

    data = messages["clip.partial"]["data"]
    assert data == {
        "run_id": RUN,
        "clip_id": clip.clip_id,
        "attempt": 1,
        "status": "partial",
        "sku": "shoe",
        "item_group_id": "shoes",
        "campaign": "summer",
        "platforms": ["tiktok", "youtube_shorts"],
        "aspect_ratio": "9:16",
        "variant": 0,
        "softening": 0,
        "remake": 0,
        "draft": False,
        "video_uris": ["gs://shop/a.mp4"],
        "poster_uri": "gs://shop/poster.jpg",
        "inspection": "pass",
        "cost_usd": "3.20",
        "error": None,
    }
    run = messages["run.completed"]["data"]
    assert (run["run_id"], run["status"], run["output"]) == (RUN, "completed", OUTPUT)
    assert (run["clips"], run["spent_usd"], run["reserved_usd"]) == ({"partial": 1}, "3.20", "0.00")
    assert datetime.fromisoformat(run["ended_at"]) >= datetime.fromisoformat(run["started_at"])
    assert datetime.fromisoformat(messages["run.completed"]["timestamp"]).tzinfo == UTC


def test_a_message_says_what_was_when_it_was_written(books):
    intent = bring_to(books, State.SUBMITTED)
    books.expired(intent.intent_id, "no end in sight")
    books.settle(intent.intent_id, Settlement(state=State.SUCCEEDED, returned=1, video_uris=("gs://shop/a.mp4",)))
    with post_counter(OK) as receiver:
        sender(books, receiver).send_due()
        data = {message["type"]: message["data"] for (message,) in told(receiver).values()}
    assert (data["clip.expired"]["status"], data["clip.expired"]["video_uris"]) == ("expired", [])
    assert data["clip.expired"]["cost_usd"] == "0.00"
    assert (data["clip.succeeded"]["video_uris"], data["clip.succeeded"]["cost_usd"]) == (["gs://shop/a.mp4"], "3.20")


def test_a_refusal_is_told_with_its_reason_and_without_secrets(books):
    intent = bring_to(books, State.SUBMITTED)
    why = "see https://x.example.com/a?X-Goog-Signature=00ff with Bearer abc.def"
    books.settle(intent.intent_id, Settlement(state=State.FILTERED, error_code="filtered", error_message=why))
    with post_counter(OK) as receiver:
        sender(books, receiver).send_due()
        ((message,),) = told(receiver).values()
    assert message["data"]["error"]["code"] == "filtered"
    assert "00ff" not in message["data"]["error"]["message"]
    assert "abc.def" not in message["data"]["error"]["message"]


def test_every_trouble_ends_in_a_delivery_under_the_same_id(books):
    bring_to(books, State.SUCCEEDED)
    slow = [drop, reset, silent, answer(500), answer(429, headers={"Retry-After": "0"}), answer(302), answer(404), OK]
    with post_counter(*slow) as receiver:
        send_until(books, sender(books, receiver, webhook_timeout_s=2), delivered=1)
        (messages,) = told(receiver).values()
    assert len(messages) >= len(slow)  # on a busy machine one more may take too long
    assert len({str(message) for message in messages}) == 1
    (one,) = books.deliveries(statuses=[DELIVERED])
    assert one.tries >= len(slow)
    assert one.error == ""


def test_an_answer_that_breaks_off_after_its_2xx_is_a_delivery(books):
    bring_to(books, State.SUCCEEDED)
    with post_counter(half) as receiver:
        assert sender(books, receiver).send_due() == {DELIVERED: 1}


def test_gone_is_a_dead_letter_at_once_and_a_redrive_tells_it(books):
    bring_to(books, State.SUCCEEDED)
    with post_counter(answer(410, {"why": "closed"}), OK) as receiver:
        one = sender(books, receiver)
        assert one.send_due() == {DEAD: 1}
        (dead,) = books.deliveries(statuses=[DEAD])
        assert dead.error == 'HTTP 410 {"why": "closed"}'
        assert one.send_due() == {}
        assert books.redrive_deliveries() == 1
        assert one.send_due() == {DELIVERED: 1}
        assert [len(messages) for messages in told(receiver).values()] == [2]


def test_after_the_last_attempt_it_is_a_dead_letter(books):
    bring_to(books, State.SUCCEEDED)
    with post_counter(answer(500, raw=b"oops")) as receiver:
        send_until(books, sender(books, receiver, webhook_attempts=3), dead=1)
        assert receiver.posts() == 3
    (dead,) = books.deliveries(statuses=[DEAD])
    assert (dead.tries, dead.error) == (3, "HTTP 500 oops")


def test_a_receiver_that_dies_and_comes_back_misses_nothing(books):
    for number in range(20):
        bring_to(books, State.SUCCEEDED, make_clip(f"shoe-{number}"))
    with post_counter(OK) as receiver:
        port = int(receiver.url.rpartition(":")[2])
        one = sender(books, receiver)
        taken = books.take_due(holder="before", lease_s=0, limit=20)
        for delivery in taken[:5]:
            books.delivered(delivery.delivery_id)
    assert one.send_due() == {PENDING: 8}  # nobody listens: the rest is not even tried
    with post_counter(OK, port=port) as back:
        send_until(books, one, delivered=20)
        assert len(told(back)) == 15


def test_a_receiver_that_asks_for_a_pause_is_left_alone(books):
    for number in range(20):
        bring_to(books, State.SUCCEEDED, make_clip(f"shoe-{number}"))
    with post_counter(answer(429, headers={"Retry-After": "3600"})) as receiver:
        one = sender(books, receiver, webhook_wait_max_s=3600)
        one.send_due()
        tried = receiver.posts()
        assert one.send_due() == {}
        assert receiver.posts() == tried == 8
    soon = datetime.now(UTC) + timedelta(minutes=50)
    assert all(waiting.next_at > soon for waiting in books.deliveries(statuses=[PENDING]))


def test_a_pause_holds_for_what_ends_later_too(books):
    bring_to(books, State.SUCCEEDED)
    with post_counter(answer(503, headers={"Retry-After": "3600"})) as receiver:
        one = sender(books, receiver, webhook_wait_max_s=3600)
        one.send_due()
        bring_to(books, State.SUCCEEDED, make_clip("hat"))
        assert one.send_due() == {}
        assert receiver.posts() == 1


def test_what_time_cut_short_is_no_failed_try(books):
    bring_to(books, State.SUCCEEDED)

    def too_late(connection, counter) -> bool:
        one.stop_at = time.monotonic()
        return drop(connection, counter)

    with post_counter(too_late, OK) as receiver:
        one = sender(books, receiver, webhook_attempts=1)
        assert one.send_due() == {PENDING: 1}
        (waiting,) = books.deliveries(statuses=[PENDING])
        assert (waiting.tries, waiting.error) == (0, "")
        one.stop_at = time.monotonic() + 0.3  # too little to take anything
        assert one.send_due() == {}
        assert receiver.posts() == 1
        assert sender(books, receiver, webhook_attempts=1).send_due() == {DELIVERED: 1}


def test_the_warning_of_a_dead_letter_bears_its_run(books):
    found = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append((record.getMessage(), dict(labels())))
    bring_to(books, State.SUCCEEDED)
    logger = logging.getLogger("reelmill.jobs.delivering")
    logger.addHandler(handler)
    try:
        with post_counter(answer(410)) as receiver:
            assert sender(books, receiver).send_due() == {DEAD: 1}
    finally:
        logger.removeHandler(handler)
    ((said, known),) = found
    assert "dead letter" in said
    assert known["run"] == RUN


def test_certificates_that_cannot_be_read_are_a_warning(books, monkeypatch, caplog):
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    with delivering(Workshop(books, "https://cms.example.com")):
        pass
    assert "SSL_CERT_FILE" in caplog.text


def test_while_a_secret_is_changed_the_old_and_the_new_one_open_each_message(books):
    bring_to(books, State.SUCCEEDED)
    with post_counter(OK) as receiver:
        sender(books, receiver, webhook_secret=f"{OTHER_SECRET} {SECRET}").send_due()
        (request,) = receiver.seen
    assert verified(request, SECRET) == verified(request, OTHER_SECRET)


def test_senders_that_work_together_tell_each_once(books, url):
    for number in range(40):
        bring_to(books, State.SUCCEEDED, make_clip(f"shoe-{number}"))
    with post_counter(OK) as receiver, ExitStack() as opened:
        ledgers = [opened.enter_context(Ledger.open(url)) for _ in range(3)]
        threads = [threading.Thread(target=sender(one, receiver).send_due) for one in ledgers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Counter(map(len, told(receiver).values())) == {1: 40}
    assert books.count_deliveries() == {DELIVERED: 40}


def test_a_sender_killed_between_receipt_and_mark_tells_it_again_under_the_same_id(books, url):
    bring_to(books, State.SUCCEEDED)
    received = threading.Event()

    def keep_waiting(connection, counter) -> bool:
        received.set()
        return silent(connection, counter)

    with post_counter(keep_waiting, OK) as receiver:
        environment = os.environ | {
            "REELMILL_LEDGER_URL": url,
            "REELMILL_WEBHOOK_URL": f"{receiver.url}/hook",
            "REELMILL_WEBHOOK_SECRET": SECRET,
            "REELMILL_WEBHOOK_TIMEOUT_S": "100",
        }
        command = [sys.executable, "-m", "reelmill", "webhooks", "send"]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as killed:
            assert received.wait(DEADLINE_S)
            killed.send_signal(signal.SIGKILL)
        assert killed.returncode == -signal.SIGKILL
        assert sender(books, receiver).send_due() == {}  # its lease still holds

        with Ledger.open(url, clock=lambda: datetime.now(UTC) + timedelta(minutes=10)) as later:
            assert sender(later, receiver).send_due() == {DELIVERED: 1}
        assert [len(messages) for messages in told(receiver).values()] == [2]
    assert books.count_deliveries() == {DELIVERED: 1}


@pytest.fixture
def patient(monkeypatch):
    """A busy machine may need more than the few seconds that a run gives its receiver."""
    monkeypatch.setattr("reelmill.jobs.delivering._GRACE_S", DEADLINE_S)


class Workshop:
    """What the background sender needs of an engine."""

    def __init__(self, ledger, receiver_url: str, **changes) -> None:
        self.ledger, self.settings = ledger, settings(receiver_url, **changes)
        self.owner, self.stop = "worker", StopSignal()


def test_in_the_background_an_end_is_told_within_seconds(books):
    with post_counter(OK) as receiver, delivering(Workshop(books, receiver.url)):
        bring_to(books, State.SUCCEEDED)
        wait_until(receiver.posts)
        bring_to(books, State.FILTERED, make_clip("hat"))
        wait_until(lambda: len(told(receiver)) == 2)


@pytest.mark.usefixtures("patient")
def test_what_ends_last_is_told_before_the_block_is_left(books):
    with post_counter(OK) as receiver:
        with delivering(Workshop(books, receiver.url)):
            for number in range(10):
                bring_to(books, State.SUCCEEDED, make_clip(f"shoe-{number}"))
            books.finish_run(RUN, RunStatus.COMPLETED)
        assert len(told(receiver)) == 11
    assert books.count_deliveries() == {DELIVERED: 11}


@pytest.mark.parametrize("behaviour", [silent, drop])
def test_a_bad_receiver_neither_delays_nor_fails_the_block(books, behaviour):
    with post_counter(behaviour) as receiver:
        with delivering(Workshop(books, receiver.url, webhook_timeout_s=120)):
            bring_to(books, State.SUCCEEDED)
            wait_until(receiver.posts)
            left = time.monotonic()
        assert time.monotonic() - left < DEADLINE_S  # half of what one delivery may take
    assert books.count_deliveries() == {PENDING: 1}


@pytest.mark.usefixtures("patient")
def test_a_block_that_fails_fails_as_it_would_have(books):
    with post_counter(OK) as receiver:

        def work() -> None:
            with delivering(Workshop(books, receiver.url)):
                bring_to(books, State.SUCCEEDED)
                raise TryLater("tired", "later")

        with pytest.raises(TryLater, match="tired"):
            work()
        assert receiver.posts() == 1


@pytest.mark.parametrize("changes", [{"webhook_secret": ""}, {"webhook_url": ""}])
def test_without_a_receiver_or_a_secret_the_block_just_runs(books, changes, caplog):
    with post_counter(OK) as receiver:
        workshop = Workshop(books, receiver.url)
        workshop.settings = load_settings(**{"webhook_url": receiver.url, "webhook_secret": SECRET} | changes)
        with delivering(workshop):
            bring_to(books, State.SUCCEEDED)
        assert receiver.posts() == 0
    assert ("Nobody is told" in caplog.text) == ("webhook_secret" in changes)
