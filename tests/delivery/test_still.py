"""What happens between listing and upload: what may not leave any more stays, to a real server and by every reason."""

import itertools
import os
from dataclasses import dataclass, replace

import pytest

from reelmill.delivery.still import may_still_leave
from reelmill.delivery.terms import Terms
from reelmill.jobs.publishing import open_publisher, publish_all
from reelmill.ledger.records import Decision, RemovalKind, ReviewedVia, Run
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.settings import load_settings
from tests.delivery.making import PLATFORMS, fit, make_clip
from tests.delivery.test_films import film_of, scene, stitch
from tests.ledger.making import RUN
from tests.support.cms import cms

FIRST, SECOND = os.urandom(1000), os.urandom(1000)
NUMBERS = itertools.count()


def decide(stall, intent, decision):
    asked = AskedReview(
        review_id=f"r-{next(NUMBERS)}",
        intent_id=intent.intent_id,
        decision=decision,
        reviewer="ann",
        via=ReviewedVia.PAGE,
    )
    assert stall.ledger.review([asked])[0].new


@dataclass
class Meanwhile:
    """A publisher of a CMS; once it has uploaded the first file, something happens."""

    port: object
    then: object

    @property
    def target(self):
        return self.port.target

    def publish(self, deliverable):
        receipt = self.port.publish(deliverable)
        then, self.then = self.then, lambda: None
        then()
        return receipt


def publish(stall, server, then=lambda: None):
    settings = load_settings(review="optional", cms_url=server.url)
    with open_publisher(stall.root, settings) as port:
        return publish_all(stall.ledger, settings, stall.root, Meanwhile(port, then))


def test_a_clip_that_is_rejected_while_the_one_before_it_is_uploaded_does_not_leave(
    stall, tmp_path, reelmill, monkeypatch
):
    stall.deliver(make_clip("ONE", platforms=("tiktok",)), FIRST)
    second = stall.deliver(make_clip("TWO"), SECOND)
    with cms(tmp_path / "cms") as server:
        done = publish(stall, server, lambda: decide(stall, second, Decision.REJECT))
        assert list(server.uploads().values()) == [FIRST]
        assert (done.sent, done.failed, done.tally.withheld, done.tally.deliverables) == (1, 0, 1, 1)
        monkeypatch.setenv("REELMILL_REVIEW", "optional")
        monkeypatch.setenv("REELMILL_CMS_URL", server.url)
        printed = reelmill("publish", "--to", "cms", "--output", stall.root)[1]
        assert "1 clip or film withheld: not approved, rejected" in " ".join(printed.split())
        decide(stall, second, Decision.UNDO)
        done = publish(stall, server)
        assert (done.known, done.sent, done.had, done.tally.withheld) == (1, 1, 2, 0)


def test_a_film_one_scene_of_which_is_rejected_while_a_clip_is_uploaded_does_not_leave(stall, tmp_path):
    stall.deliver(make_clip("ONE", platforms=("tiktok",)), FIRST)
    clips = [scene("one", sku="TWO"), scene("two", sku="TWO")]
    _, rejected = [stall.deliver(clip, SECOND) for clip in clips]
    film = film_of(*clips)
    stall.ledger.plan_films(RUN, stall.root, [film])
    stitch(stall, film)
    with cms(tmp_path / "cms") as server:
        done = publish(stall, server, lambda: decide(stall, rejected, Decision.REJECT))
        assert list(server.uploads().values()) == [FIRST]
    assert (done.sent, done.failed, done.tally.withheld, done.tally.deliverables) == (1, 0, 1, 1)


def may_leave(stall, gate=fit, **terms):
    """Of everything that is listed, whether it may leave: what was true, and a way to ask again."""
    listed, _ = stall.listed(gate=gate, **terms)
    assert listed
    asked = Terms(platforms=PLATFORMS, gate=gate, **terms)

    def ask():
        return {may_still_leave(stall.ledger, stall.root, asked, one) for one in listed}

    assert ask() == {True}
    return ask


def everything(delivered):
    """A gate that lets all through, so that another reason has to keep it back."""
    return {intent.intent_id for _, intent in delivered}


def changed(stall, clip, _intent):
    stall.deliver(make_clip(prompt="Another lamp."))


def made_again(stall, clip, intent):
    stall.deliver(clip, again=True, after=intent.intent_id)


def removed(stall, _clip, intent):
    decide(stall, intent, Decision.REJECT)
    assert stall.ledger.begin_removals([intent], keep={RemovalKind.REJECTED: 0}) == {intent.intent_id}


@pytest.mark.parametrize("happened", [changed, made_again, removed])
def test_a_clip_stays_whatever_took_its_video_away(stall, happened):
    clip = make_clip()
    intent = stall.deliver(clip)
    ask = may_leave(stall, everything)
    happened(stall, clip, intent)
    assert ask() == {False}


def elsewhere(stall, clip, _intent):
    stall.ledger.start_run(Run(run_id="staging", output="elsewhere"))
    stall.bring(State.SUCCEEDED, clip, again=True, run_id="staging", output="elsewhere")


def test_a_clip_leaves_whatever_another_output_has_of_it(stall):
    clip = make_clip()
    intent = stall.deliver(clip)
    ask = may_leave(stall, everything)
    elsewhere(stall, clip, intent)
    assert ask() == {True}


@pytest.fixture
def film(stall):
    """A stitched film of two scenes, with them and their attempts."""
    clips = [scene("one"), scene("two")]
    intents = [stall.deliver(clip) for clip in clips]
    made = film_of(*clips)
    stall.ledger.plan_films(RUN, stall.root, [made])
    stitch(stall, made)
    return made, clips, intents


@pytest.mark.parametrize("happened", [changed, made_again, removed])
def test_a_film_stays_whatever_took_the_video_of_a_scene_away(stall, film, happened):
    _, clips, intents = film
    ask = may_leave(stall, everything)
    happened(stall, clips[1], intents[1])
    assert ask() == {False}


def test_a_film_leaves_whatever_another_output_has_of_its_scenes(stall, film):
    _, clips, intents = film
    ask = may_leave(stall, everything)
    elsewhere(stall, clips[1], intents[1])
    assert ask() == {True}
    assert len(stall.listed()[0]) > 0


def test_an_edition_stays_once_there_is_another(stall, film):
    made, _, _ = film
    ask = may_leave(stall)
    stall.ledger.plan_films(RUN, stall.root, [replace(made, crossfade_ms=500)])
    assert ask() == {True}
    stitch(stall, replace(made, crossfade_ms=500))
    assert ask() == {False}


def test_a_film_stays_once_another_one_in_its_place_is_stitched(stall, film):
    _, clips, _ = film
    ask = may_leave(stall)
    end = scene("end")
    stall.deliver(end)
    draft, other = replace(film_of(end, clips[0]), draft=True), film_of(clips[0], end)
    stall.ledger.plan_films(RUN, stall.root, [draft, other])
    stitch(stall, draft)
    assert ask() == {True}  # until that one has a video
    stitch(stall, other)
    assert ask() == {False}


def test_a_doubted_film_stays_once_a_scene_is_approved_no_more(stall, film):
    made, _, intents = film
    doubted = replace(made, crossfade_ms=500)
    stall.ledger.plan_films(RUN, stall.root, [doubted])
    stitch(stall, doubted, "review")
    for intent in intents:
        decide(stall, intent, Decision.APPROVE)
    ask = may_leave(stall)
    decide(stall, intents[1], Decision.UNDO)
    assert ask() == {False}
