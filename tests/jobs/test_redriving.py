"""What a redrive would make, what it leaves alone, and what status offers to redrive: all before any money."""

import pytest

from reelmill.jobs.attention import Step, find_attention
from reelmill.jobs.engine import Engine
from reelmill.jobs.redriving import plan_redrive
from reelmill.ledger.records import KnownProduct, Run, Settlement
from reelmill.ledger.states import State
from reelmill.settings import load_settings
from tests.ledger.making import bring_to
from tests.support.production import RUN, clip, rehearsed

ENDS = (State.FILTERED, State.FAILED, State.PARTIAL, State.LOST, State.EXPIRED)


class Night:
    """An engine that is asked what it would do, and sends nothing."""

    def __init__(self, engine):
        self.engine, self.ledger, self.root = engine, engine.ledger, engine.storage.root
        self.ledger.start_run(Run(run_id=RUN, output=self.root))

    def end(self, state, one, **changes):
        return bring_to(self.ledger, state, one, run_id=RUN, output=self.root, **changes)

    def unfit(self, one):
        unfit = {"status": "fail", "findings": []}
        told = Settlement(state=State.SUCCEEDED, returned=1, video_uris=("x",), inspection=unfit)
        self.ledger.settle(self.end(State.SUBMITTED, one).intent_id, told)

    def redrive(self, **asked):
        """The SKUs that would be paid for, and why others would not."""
        summary, works = plan_redrive(self.engine, **asked)
        return {work.clip.sku for work in works}, {one.sku: one.reason for one in summary.blocked}

    def attention(self):
        """What a person is told to do next, by SKU."""
        rehearsal = self.engine.settings.rehearsal
        found = find_attention(self.ledger, self.root, catalog=self.engine.catalog, rehearsal=rehearsal, keeps=20)
        told = {one.sku: step for step, group in found.steps.items() for one, _ in group.clips}
        return told | {one.sku: "unfit" for one, _ in found.unfit.clips}


@pytest.fixture
def night(tmp_path, request):
    """At Google, unless a test is parametrized with the address of a rehearsal."""
    settings = load_settings(
        ledger_url=f"sqlite:///{tmp_path / 'ledger.db'}", vertex_base_url=getattr(request, "param", "")
    )
    with Engine(settings, str(tmp_path / "reels")) as engine:
        yield Night(engine)


BOTH_STAGES = pytest.mark.parametrize(
    "night", ["", "http://127.0.0.1:9"], indirect=True, ids=["at Google", "in a rehearsal"]
)


def here_and_there(night, name=""):
    """A clip asked for on the stage that the night is on, and one asked for on the other."""
    here, there = clip(f"HERE{name}"), clip(f"THERE{name}")
    return (rehearsed(here), there) if night.engine.settings.rehearsal else (here, rehearsed(there))


@BOTH_STAGES
@pytest.mark.parametrize("state", ENDS)
def test_what_was_asked_for_on_the_other_stage_is_not_made_on_this_one(night, state):
    both = here_and_there(night)
    for one in both:
        night.end(state, one)
    why = {
        False: "It was asked for in a rehearsal, and this is Google. ",
        True: "It was asked for at Google, and this is a rehearsal. ",
    }[night.engine.settings.rehearsal] + "Run the catalog here, or set vertex_base_url as it was."
    unclear = [one.clip_id for one in both] if state.needs_person else []
    for only in ((), ("HERE", "THERE")):
        assert night.redrive(only=only, unfit=True, authorise_unclear=unclear) == ({"HERE"}, {"THERE": why})


@BOTH_STAGES
def test_of_the_other_stage_status_lists_what_may_have_been_paid_and_offers_none(night):
    for state in (*ENDS, State.UNKNOWN):
        for one in here_and_there(night, f"-{state}"):
            night.end(state, one)
    for one in here_and_there(night, "-unfit"):
        night.unfit(one)
    assert night.attention() == {
        "HERE-unfit": "unfit",
        "HERE-filtered": Step.CHANGE,
        "HERE-failed": Step.REDRIVE,
        "HERE-partial": Step.REVIEW,
        **{f"HERE-{state}": Step.DECIDE for state in ("lost", "expired")},
        **{f"THERE-{state}": Step.WATCH for state in ("lost", "expired")},
        **{f"{where}-unknown": Step.SETTLE for where in ("HERE", "THERE")},
    }


@pytest.mark.parametrize("state", ENDS)
def test_nothing_is_paid_for_a_product_that_vanished_from_the_feed_unless_it_is_named(night, state):
    gone, there = clip("GONE"), clip("THERE")
    for one in (gone, there):
        night.end(state, one)
    night.ledger.remember_products(
        night.engine.catalog, [KnownProduct(one.sku, "f", 1, retired=one is gone) for one in (gone, there)], RUN
    )
    asked = {"unfit": True, "authorise_unclear": [one.clip_id for one in (gone, there)] if state.needs_person else []}
    why = "Its product vanished from the feed. Run again with a feed that has it, then redrive; "
    assert night.redrive(**asked) == ({"THERE"}, {"GONE": f"{why}or name its SKU with --only to pay all the same."})
    assert night.redrive(**asked, only=["GONE", "THERE"]) == ({"GONE", "THERE"}, {})
    told = night.attention()
    assert told["THERE"] not in (Step.SETTLE, Step.WATCH)
    assert told.get("GONE") is (Step.WATCH if state.may_be_paid else None)


def test_an_unfit_video_of_a_product_that_vanished_is_not_to_be_made_again(night):
    gone, there = clip("GONE"), clip("THERE")
    for one in (gone, there):
        night.unfit(one)
    known = [KnownProduct(one.sku, "f", 1, retired=one is gone) for one in (gone, there)]
    night.ledger.remember_products(night.engine.catalog, known, RUN)
    assert night.attention() == {"THERE": "unfit"}


@pytest.mark.parametrize("state", [state for state in ENDS if not state.delivered])
def test_what_has_no_video_is_not_made_beside_a_changed_clip_that_was_asked_for_later(night, state):
    before, after = {}, {}
    for later in State:
        before[later], after[later] = clip(later), clip(later, "A plainer shirt.")
        night.end(state, before[later])
        night.end(later, after[later])
    summary, works = plan_redrive(night.engine)
    told = {one.sku: one.reason for one in summary.blocked if "later in its place" in one.reason}
    assert {work.clip.clip_id for work in works} == {after[end].clip_id for end in (State.FILTERED, State.FAILED)}
    assert told == {
        later: f"Clip {after[later].clip_id} was asked for later in its place. Redrive that one, or run the catalog "
        "again: with --only and --force, which makes all clips of the SKU anew, if the product is as it was before."
        for later in State
        if not later.delivered or state.may_be_paid  # a place that was taken needs no word, unless money is held
    }


@pytest.mark.parametrize("state", [state for state in ENDS if not state.delivered])
def test_of_a_changed_product_status_offers_the_latest_and_lists_what_may_have_been_paid_before(night, state):
    before, after = clip("SHIRT"), clip("SHIRT", "A plainer shirt.")
    night.end(state, before)
    night.end(State.FAILED, after)
    found = find_attention(night.ledger, night.root, catalog=night.engine.catalog, rehearsal=False, keeps=9)
    told = {one.clip_id: step for step, group in found.steps.items() for one, _ in group.clips}
    assert told == {after.clip_id: Step.REDRIVE} | ({before.clip_id: Step.WATCH} if state.may_be_paid else {})


@pytest.mark.parametrize("state", [State.LOST, State.EXPIRED])
def test_an_unclear_clip_that_was_named_itself_is_made_although_a_changed_one_came_later(night, state):
    before = clip("SHIRT")
    night.end(state, before)
    night.end(State.LOST, clip("SHIRT", "A plainer shirt."))
    _, works = plan_redrive(night.engine, authorise_unclear=[before.clip_id])
    assert [work.clip.clip_id for work in works] == [before.clip_id]


@pytest.mark.parametrize("asked", [{"unfit": True}, {"unfit": True, "only": ["SHIRT"]}])
def test_a_video_in_part_is_made_whole_until_a_changed_one_is_there(night, asked):
    night.end(State.PARTIAL, clip("SHIRT"))
    night.end(State.LOST, clip("SHIRT", "A plainer shirt."))
    assert night.redrive(**asked)[0] == {"SHIRT"}
    night.end(State.SUCCEEDED, clip("SHIRT", "The plainest shirt."))
    assert night.redrive(**asked)[0] == set()
