"""The video that each clip has now: its latest delivered attempt, whatever came after it and whatever others did."""

from dataclasses import replace

import pytest

from reelmill.ledger.delivered import shown_video
from reelmill.ledger.records import Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, bring_to, known, make_clip, settlement

DELIVERED = {"d": State.SUCCEEDED, "p": State.PARTIAL, "f": State.FAILED, "x": State.FILTERED, "o": State.SUBMITTED}


def attempts(ledger, name, ends):
    """One clip with an attempt for each letter."""
    clip = make_clip(name, samples=2)
    return [bring_to(ledger, DELIVERED[end], clip, again=number > 0) for number, end in enumerate(ends)]


@pytest.mark.parametrize(
    ("ends", "shown"),
    [("d", 0), ("df", 0), ("dfxo", 0), ("dd", 1), ("ddf", 1), ("pfd", 2), ("dp", 1), ("f", None), ("xo", None)],
)
def test_of_each_clip_the_latest_delivered_attempt_counts(ledger, ends, shown):
    made = attempts(ledger, "this", ends)
    other = attempts(ledger, "other", "dddd")  # with higher numbers, and delivered
    mine = [] if shown is None else [made[shown].intent_id]
    for which in ({"output": OUTPUT}, {"run_id": RUN}):
        found = sorted(intent.intent_id for _, intent in ledger.videos(**which))
        assert found == sorted([*mine, other[-1].intent_id])


@pytest.mark.parametrize(
    ("ends", "replaced"),
    [("d", []), ("df", []), ("dxo", []), ("dd", [0]), ("dfd", [0, 1]), ("ddx", [0]), ("pdd", [0, 1])],
)
def test_replaced_are_those_after_which_one_was_delivered(ledger, ends, replaced):
    made = attempts(ledger, "this", ends)
    assert ledger.replaced(run_id=RUN) == {made[number].intent_id for number in replaced}
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    bring_to(ledger, State.SUCCEEDED, make_clip("that"))
    bring_to(ledger, State.SUCCEEDED, make_clip("that"), again=True, run_id="run-2", output="elsewhere")
    assert ledger.replaced(run_id=RUN) == {made[number].intent_id for number in replaced}


def test_each_output_has_its_own(ledger):
    ledger.start_run(Run(run_id="run-2", output="elsewhere"))
    ours = bring_to(ledger, State.SUCCEEDED)
    theirs = bring_to(ledger, State.SUCCEEDED, again=True, run_id="run-2", output="elsewhere")
    for output, intent in ((OUTPUT, ours), ("elsewhere", theirs)):
        assert [found for _, found in ledger.videos(output=output)] == [intent]


def test_shown_is_the_first_video_that_is_not_unfit(ledger):
    intent = bring_to(ledger, State.SUBMITTED, make_clip(samples=3))
    ledger.settle(intent.intent_id, settlement(State.SUCCEEDED, intent))
    intent = known(ledger, intent)
    first, second, third = intent.video_uris

    def judged(**statuses):
        reports = [{"uri": uri, "status": status} for uri, status in statuses.items()]
        return replace(intent, inspection={"videos": reports})

    assert shown_video(intent) == first
    assert shown_video(judged(**{first: "pass", second: "fail"})) == first
    assert shown_video(judged(**{first: "fail", second: "fail", third: "review"})) == third
    assert shown_video(judged(**dict.fromkeys(intent.video_uris, "fail"))) == first
    assert shown_video(replace(intent, video_uris=())) == ""
