"""``reelmill webhooks``, and runs that tell: what a person sees and a receiver gets."""

import os

import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from tests.support.postcount import answer, post_counter
from tests.support.webhook_receiver import SECRET, told

OK = answer(200, {"ok": True})


@pytest.fixture
def cms(monkeypatch):
    """A receiver that is set up; tell it how to behave with ``cms.behaviours[:] = [...]``."""
    with post_counter(OK) as receiver:
        monkeypatch.setenv("REELMILL_WEBHOOK_URL", f"{receiver.url}/hooks/s3cret-path")
        monkeypatch.setenv("REELMILL_WEBHOOK_SECRET", SECRET)
        monkeypatch.setenv("REELMILL_WEBHOOK_WAIT_S", "0.05")
        monkeypatch.setenv("REELMILL_WEBHOOK_WAIT_MAX_S", "0.1")
        monkeypatch.setenv("REELMILL_WEBHOOK_TIMEOUT_S", "20")
        monkeypatch.setattr("reelmill.jobs.delivering._GRACE_S", 60.0)  # the machine may be busy
        yield receiver


def test_a_run_tells_of_each_clip_and_of_itself(reelmill_json, rehearsal, write_feed, cms):
    feed = write_feed("Lamp", "Bowl [[fault:output_filter]]")
    wanted = ["--platforms", "tiktok,youtube", "--output", rehearsal, "--campaign", "autumn"]

    _, made = reelmill_json("run", feed, *wanted, "--yes")

    messages = [message for (message,) in told(cms).values()]
    kinds = sorted(message["type"] for message in messages)
    assert kinds == ["clip.filtered", "clip.filtered", "clip.succeeded", "clip.succeeded", "run.completed"]
    delivered = [message["data"] for message in messages if message["type"] == "clip.succeeded"]
    assert {data["sku"] for data in delivered} == {"C-1"}
    assert {data["aspect_ratio"] for data in delivered} == {"9:16", "16:9"}
    assert all(data["video_uris"][0].startswith(rehearsal) and data["campaign"] == "autumn" for data in delivered)
    (run,) = (message["data"] for message in messages if message["type"] == "run.completed")
    assert (run["run_id"], float(run["spent_usd"])) == (made["run_id"], made["spent_usd"])
    assert run["clips"] == {"filtered": 2, "succeeded": 2}
    code, listed = reelmill_json("webhooks", "list")
    assert (code, listed["counts"], listed["deliveries"]) == (
        ExitCode.OK,
        {"pending": 0, "delivered": 5, "dead": 0},
        [],
    )


def test_a_run_without_webhooks_writes_none_down(reelmill_json, rehearsal, write_feed):
    reelmill_json("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal, "--yes")
    assert sum(reelmill_json("webhooks", "list")[1]["counts"].values()) == 0


def test_a_run_that_could_believe_nobody_does_not_begin(
    reelmill, reelmill_json, rehearsal, write_feed, cms, veo, monkeypatch
):
    posts = veo.stats()["posts"]
    monkeypatch.setenv("REELMILL_WEBHOOK_URL", "https://cms.example.com/hooks/s3cret-path")
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere.pem")
    code, _, said = reelmill("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal, "--yes")
    assert (code, veo.stats()["posts"]) == (ExitCode.USAGE, posts)
    assert "SSL_CERT_FILE" in said
    assert "Traceback" not in said


def test_a_run_that_could_not_sign_does_not_begin(reelmill, rehearsal, write_feed, cms, veo, monkeypatch):
    posts = veo.stats()["posts"]
    monkeypatch.setenv("REELMILL_WEBHOOK_SECRET", "")
    code, _, said = reelmill("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal, "--yes")
    assert code == ExitCode.USAGE
    assert "REELMILL_WEBHOOK_SECRET" in said
    assert "s3cret-path" not in said
    assert veo.stats()["posts"] == posts


def test_dead_letters_are_listed_redriven_and_sent(reelmill, reelmill_json, rehearsal, write_feed, cms):
    cms.behaviours[:] = [answer(410, {"why": "moved"})]
    reelmill_json("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal, "--yes")

    code, listed = reelmill_json("webhooks", "list")
    assert (code, listed["counts"]["dead"]) == (ExitCode.ATTENTION, 2)
    assert {one["error"] for one in listed["deliveries"]} == {'HTTP 410 {"why": "moved"}'}
    code, printed, _ = reelmill("webhooks", "list")
    assert "given up" in printed
    assert "reelmill webhooks redrive" in printed
    first = listed["deliveries"][0]["id"]
    code, _, said = reelmill("webhooks", "redrive", first, "msg_nobody")
    assert (code, "msg_nobody" in said) == (ExitCode.USAGE, True)
    assert reelmill_json("webhooks", "redrive", first)[1] == {"redriven": 1}
    cms.behaviours[:] = [OK]
    assert reelmill_json("webhooks", "send") == (
        ExitCode.OK,
        {"sent": {"pending": 0, "delivered": 1, "dead": 0}, "counts": {"pending": 0, "delivered": 1, "dead": 1}},
    )
    assert reelmill_json("webhooks", "redrive")[1] == {"redriven": 1}
    code, printed, _ = reelmill("webhooks", "send")
    assert (code, "1 delivered to http://127.0.0.1:" in printed) == (ExitCode.OK, True)
    assert [len(messages) for messages in told(cms).values()] == [2, 2]


def test_what_a_run_could_not_tell_settle_tells(reelmill_json, rehearsal, write_feed, cms):
    cms.behaviours[:] = [answer(500)]
    reelmill_json("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal, "--yes")
    code, sent = reelmill_json("webhooks", "send")
    assert sent["counts"]["pending"] == 2
    assert code in (ExitCode.OK, ExitCode.ATTENTION)  # whether one was due just now
    cms.behaviours[:] = [OK]

    while reelmill_json("webhooks", "list")[1]["counts"]["pending"]:
        assert reelmill_json("settle", "--output", rehearsal)[0] == ExitCode.OK

    assert {messages[0]["type"] for messages in told(cms).values()} == {"clip.succeeded", "run.completed"}


def test_a_test_message_says_what_came_back(reelmill, reelmill_json, cms):
    Ledger.open(os.environ["REELMILL_LEDGER_URL"]).close()
    code, said = reelmill_json("webhooks", "test")
    assert (code, said["delivered"], said["status"], said["said"]) == (ExitCode.OK, True, 200, "HTTP 200")
    ((message,),) = told(cms).values()
    assert message["type"] == "test"
    cms.behaviours[:] = [answer(401, raw=b"wrong signature")]
    code, printed, _ = reelmill("webhooks", "test")
    assert (code, "HTTP 401 wrong signature" in printed) == (ExitCode.ERROR, True)
    assert "s3cret-path" not in printed
    assert sum(reelmill_json("webhooks", "list")[1]["counts"].values()) == 0


@pytest.mark.parametrize("verb", ["send", "test"])
def test_without_an_address_it_is_said_how_to_set_one(reelmill, verb):
    code, _, said = reelmill("webhooks", verb)
    assert (code, "REELMILL_WEBHOOK_URL" in said) == (ExitCode.USAGE, True)


def test_the_doctor_looks_at_the_address_and_the_secret(reelmill_json, rehearsal, cms, monkeypatch):
    def webhooks() -> dict:
        checks = reelmill_json("doctor", "--output", rehearsal)[1]["checks"]
        return next(check for check in checks if check["name"] == "webhooks")

    assert webhooks()["ok"] is True
    monkeypatch.setenv("REELMILL_WEBHOOK_SECRET", "whsec_short")
    assert webhooks()["ok"] is False
