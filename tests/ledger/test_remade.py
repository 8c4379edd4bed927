import dataclasses

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
