import dataclasses
from datetime import timedelta

import pytest

from reelmill.clip import Clip
from reelmill.ledger.records import Run
from reelmill.ledger.states import State
from reelmill.platforms import NativeRatio
from tests.ledger.making import OUTPUT, bring_to, make_clip


def changed(clip, **request):
    """Another clip for the same product, asking for something else."""
    asked = dataclasses.replace(clip.request, **{"prompt": "Another prompt.", **request})
    return dataclasses.replace(clip, request=asked, clip_id=Clip.identify(asked, clip.sku, clip.variant))


def failed(ledger):
    clip = make_clip()
    return clip, bring_to(ledger, State.FAILED, clip)


def test_a_changed_clip_that_was_delivered_later_takes_the_place(ledger, clock):
    clip, intent = failed(ledger)
    assert ledger.remade([(clip, intent)]) == set()
    clock.advance(1)
    bring_to(ledger, State.SUCCEEDED, changed(clip))
    assert ledger.remade([(clip, intent)]) == {clip.clip_id}


@pytest.mark.parametrize("state", [state for state in State if not state.delivered])
def test_one_that_was_not_delivered_does_not(ledger, clock, state):
    clip, intent = failed(ledger)
    clock.advance(1)
    bring_to(ledger, state, changed(clip))
    assert ledger.remade([(clip, intent)]) == set()


def test_neither_does_an_older_one_nor_one_for_another_place(ledger, clock):
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    clip = make_clip()
    bring_to(ledger, State.SUCCEEDED, changed(clip))
    clock.advance(1)
    intent = bring_to(ledger, State.FAILED, clip)
    clock.advance(1)
    bring_to(ledger, State.SUCCEEDED, make_clip("other"))
    bring_to(ledger, State.SUCCEEDED, changed(clip, aspect_ratio=NativeRatio.LANDSCAPE))
    bring_to(ledger, State.SUCCEEDED, dataclasses.replace(changed(clip, seed=1), variant=7))
    bring_to(ledger, State.SUCCEEDED, changed(clip, seed=2), run_id="run-2", output="elsewhere")
    assert ledger.remade([(clip, intent)]) == set()
    assert ledger.followed([(clip, intent)]) == {}


def test_a_draft_takes_the_place_of_drafts_alone_and_a_final_that_of_both(ledger, clock):
    final, draft = make_clip(), changed(make_clip(), model="veo-3.1-lite-generate-001")
    places = [
        (final, bring_to(ledger, State.SUCCEEDED, final)),
        (draft, bring_to(ledger, State.FAILED, draft, draft=True)),
    ]
    clock.advance(1)
    bring_to(ledger, State.SUCCEEDED, changed(draft, seed=1), draft=True)
    assert ledger.remade(places) == {draft.clip_id}
    clock.advance(1)
    bring_to(ledger, State.SUCCEEDED, changed(final, seed=2))
    assert ledger.remade(places) == {final.clip_id, draft.clip_id}


@pytest.mark.parametrize("state", State)
def test_a_place_that_was_taken_stays_so_whatever_becomes_of_the_next_attempt_there(ledger, clock, state):
    clip, intent = failed(ledger)
    clock.advance(1)
    taker = changed(clip)
    bring_to(ledger, State.SUCCEEDED, taker)
    clock.advance(1)
    again = bring_to(ledger, state, taker, again=True)
    assert ledger.remade([(clip, intent), (taker, again)]) == {clip.clip_id}


def test_a_further_attempt_at_the_clip_itself_takes_no_place(ledger, clock):
    first = bring_to(ledger, State.SUCCEEDED)
    clock.advance(1)
    bring_to(ledger, State.SUCCEEDED, again=True)
    assert ledger.remade([(make_clip(), first)]) == set()


def test_what_a_plan_keeps_is_current_again_in_its_output(ledger, clock):
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    before, after = make_clip(), changed(make_clip())
    attempts = {output: [] for output in (OUTPUT, "elsewhere")}
    for clip in (before, after):
        for output, run in ((OUTPUT, "run-1"), ("elsewhere", "run-2")):
            intent = bring_to(ledger, State.SUCCEEDED, clip, again=True, output=output, run_id=run)
            attempts[output].append((clip, intent))
            clock.advance(1)
    for found in attempts.values():
        assert ledger.remade(found) == {before.clip_id}
    ledger.keep_planned(OUTPUT, [before.clip_id, "nobody"])
    assert ledger.remade(attempts[OUTPUT]) == {after.clip_id}
    assert ledger.remade(attempts["elsewhere"]) == {before.clip_id}
    clock.advance(1)
    ledger.keep_planned(OUTPUT, [after.clip_id])
    assert ledger.remade(attempts[OUTPUT]) == {before.clip_id}


def test_what_an_older_plan_keeps_is_not_current_because_its_books_are_opened_later(ledger, clock):
    before, after = make_clip(), changed(make_clip())
    attempts = [(before, bring_to(ledger, State.SUCCEEDED, before))]
    clock.advance(1)
    older = ledger.now()  # it waits for somebody to approve it
    clock.advance(1)
    attempts.append((after, bring_to(ledger, State.SUCCEEDED, after)))
    newer = ledger.now()
    clock.advance(1)
    ledger.keep_planned(OUTPUT, [before.clip_id], planned_at=older)
    assert ledger.remade(attempts) == {before.clip_id}
    clock.advance(1)
    ledger.keep_planned(OUTPUT, [before.clip_id])
    ledger.keep_planned(OUTPUT, [before.clip_id, after.clip_id], planned_at=newer)  # takes nothing back
    assert ledger.remade(attempts) == {after.clip_id}


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FILTERED])
def test_what_an_older_plan_makes_later_takes_no_place(ledger, clock, state):
    ledger.start_run(Run(run_id="newer", output=OUTPUT, planned_at=clock.now + timedelta(seconds=1)))
    ledger.start_run(Run(run_id="older", output=OUTPUT, planned_at=clock.now))
    clock.advance(2)
    before, after = make_clip(), changed(make_clip())
    attempts = [(after, bring_to(ledger, State.SUCCEEDED, after, run_id="newer"))]
    clock.advance(1)
    attempts.append((before, bring_to(ledger, state, before, run_id="older")))
    assert ledger.remade(attempts) == {before.clip_id}


def test_what_was_not_delivered_is_not_current_for_being_planned(ledger, clock):
    clip, intent = failed(ledger)
    clock.advance(1)
    bring_to(ledger, State.SUCCEEDED, changed(clip))
    clock.advance(1)
    ledger.keep_planned(OUTPUT, [clip.clip_id])
    assert ledger.remade([(clip, intent)]) == {clip.clip_id}


def test_a_rehearsal_takes_no_place_of_what_was_bought_nor_the_other_way_round(ledger, clock):
    bought = make_clip()
    rehearsed, later = (
        dataclasses.replace(clip, clip_id=Clip.identify(clip.request, clip.sku, clip.variant, rehearsal=True))
        for clip in (bought, changed(bought))
    )
    assert [clip.rehearsed for clip in (bought, rehearsed, later)] == [False, True, True]
    attempts = []
    for clip in (rehearsed, bought, later):
        attempts.append((clip, bring_to(ledger, State.SUCCEEDED, clip)))
        clock.advance(1)
    assert ledger.remade(attempts) == {rehearsed.clip_id}
    assert ledger.followed(attempts) == {rehearsed.clip_id: later.clip_id}


def test_a_clip_of_pictures_for_one_platform_and_one_of_words_for_another_share_a_place(ledger, clock):
    words = dataclasses.replace(make_clip(), platforms=("instagram_reels",))
    picture = dataclasses.replace(changed(words, image="gs://shop/a.png"), platforms=("tiktok",))
    for_both = dataclasses.replace(changed(words, image="gs://shop/b.png"), platforms=("tiktok", "instagram_reels"))
    attempts = []
    for clip in (words, picture):
        attempts.append((clip, bring_to(ledger, State.SUCCEEDED, clip)))
        clock.advance(1)
    assert ledger.remade(attempts) == set()
    bring_to(ledger, State.SUCCEEDED, for_both)  # somebody chose pictures for all
    assert ledger.remade(attempts) == {words.clip_id, picture.clip_id}


def test_a_changed_clip_takes_the_place_even_if_it_was_asked_for_another_platform(ledger, clock):
    clip, intent = failed(ledger)
    clock.advance(1)
    bring_to(ledger, State.SUCCEEDED, dataclasses.replace(changed(clip), platforms=("snapchat",)))
    assert ledger.remade([(clip, intent)]) == {clip.clip_id}


def test_the_video_of_an_output_is_its_own_if_it_has_one(ledger):
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    clip, other = make_clip(), make_clip("other")
    ours = bring_to(ledger, State.SUCCEEDED, clip)
    theirs = bring_to(ledger, State.SUCCEEDED, clip, again=True, run_id="run-2", output="elsewhere")
    only = bring_to(ledger, State.SUCCEEDED, other, run_id="run-2", output="elsewhere")
    ids = [clip.clip_id, other.clip_id]
    assert ledger.videos_of(ids, output=OUTPUT) == {clip.clip_id: ours, other.clip_id: only}
    assert ledger.videos_of(ids, output="elsewhere") == {clip.clip_id: theirs, other.clip_id: only}
    assert ledger.videos_of(ids) == {clip.clip_id: theirs, other.clip_id: only}


def test_the_latest_delivered_attempt_is_the_clips_video(ledger):
    clip, other = make_clip(), make_clip("other")
    bring_to(ledger, State.SUCCEEDED, clip)
    second = bring_to(ledger, State.SUCCEEDED, clip, again=True)
    bring_to(ledger, State.FAILED, clip, again=True)
    bring_to(ledger, State.LOST, other)
    assert ledger.videos_of([clip.clip_id, other.clip_id, "nobody"]) == {clip.clip_id: second}


def test_latest_attempts_alone_can_be_read(ledger):
    first = bring_to(ledger, State.FAILED)
    second = bring_to(ledger, State.FAILED, again=True, after=first.intent_id)
    assert [intent.intent_id for _, intent in ledger.intents(latest=True, output=OUTPUT)] == [second.intent_id]


def test_a_clip_is_followed_by_the_latest_one_that_was_asked_for_in_its_place_however_that_ended(ledger, clock):
    attempts, expected = [], {}
    for state in State:
        first = make_clip(state)
        attempts.append((first, bring_to(ledger, State.FAILED, first)))
        for seed in (1, 2):
            clock.advance(1)
            expected[first.clip_id] = changed(first, seed=seed).clip_id
            bring_to(ledger, state, changed(first, seed=seed))
    assert ledger.followed(attempts) == expected


def test_a_further_attempt_is_followed_only_by_what_came_after_it(ledger, clock):
    clip, first = failed(ledger)
    clock.advance(1)
    bring_to(ledger, State.FAILED, changed(clip))
    assert ledger.followed([(clip, first)]) == {clip.clip_id: changed(clip).clip_id}
    clock.advance(1)
    again = bring_to(ledger, State.FAILED, clip, again=True)
    assert ledger.followed([(clip, again)]) == {}
