"""The publish flow: what was approved leaves once, and the artifact says what stayed and why."""

import os

import pytest

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, ReviewedVia
from reelmill.ledger.reviews import AskedReview
from tests.delivery.making import Stall, make_clip
from tests.support.cms import cms

VIDEO = os.urandom(5000)

pytestmark = pytest.mark.usefixtures("prefect_server")


async def latest_page() -> str:
    from prefect.artifacts import Artifact

    artifact = await Artifact.aget(key="reelmill-published")
    return artifact.data


async def publish(**parameters):
    from flows.publish_output import publish_output

    return await publish_output(**parameters, return_state=True)


@pytest.fixture
def stall(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("REELMILL_LEDGER_URL", url)
    monkeypatch.setenv("REELMILL_REVIEW", "required")
    with Ledger.open(url) as ledger:
        made = Stall(ledger, str(tmp_path / "out"))
        made.run()
        yield made


def approve(stall, intent):
    asked = AskedReview(
        review_id=intent.intent_id,
        intent_id=intent.intent_id,
        decision=Decision.APPROVE,
        reviewer="Ada",
        via=ReviewedVia.PAGE,
    )
    assert stall.ledger.review([asked])[0].new


async def test_what_was_approved_leaves_once_and_the_artifact_says_what_stayed(stall, tmp_path, monkeypatch):
    assert (await publish()).name == "Failed"  # nobody has said where to
    approve(stall, stall.deliver(make_clip("ONE", platforms=("tiktok",)), VIDEO))
    stall.deliver(make_clip("TWO", platforms=("tiktok",)), VIDEO[::-1])
    approve(stall, stall.deliver(make_clip("RAW", platforms=("tiktok",)), bare=True))
    with cms(tmp_path / "cms") as server:
        monkeypatch.setenv("REELMILL_CMS_URL", server.url)
        planned = await publish(dry_run=True)
        assert (planned.name, server.uploads()) == ("Planned", {})
        assert [(await publish(run="run-1")).name, (await publish()).name] == ["Completed", "Unchanged"]
        assert list(server.uploads().values()) == [VIDEO]
        page = await latest_page()
    assert "1 known to be there" in page
    assert "1: not approved" in page
    assert "Left out for tiktok" in page

    approve(stall, stall.deliver(make_clip("THREE", platforms=("tiktok",)), VIDEO[:99]))
    monkeypatch.setenv("REELMILL_CMS_ATTEMPTS", "1")
    stopped = await publish()  # nobody is there any more
    assert (stopped.name, "Run the same command again" in stopped.message) == ("Failed", True)
    assert "1: waiting for the next run" in await latest_page()
