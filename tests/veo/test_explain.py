from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.ledger.states import State
from reelmill.veo.explain import EMPTY_RESPONSE, VerdictState, classify, explain_refusal, explain_rpc
from reelmill.veo.outcomes import Failed, Finished, ReturnedVideo
from reelmill.veo.support import CATEGORIES, Side, support_codes

VIDEO = ReturnedVideo(uri="gs://b/1/sample_0.mp4", data=None)
OUTPUT = (
    "Veo could not generate 1 videos based on the prompt provided. You will not be charged for this request. Try "
    "rephrasing the prompt. If you think this was an error, send feedback. Support codes: 42237218, 15236754"
)
PROMPT = (
    "The prompt could not be submitted. This prompt contains sensitive words that violate Google's Responsible AI "
    "practices. Try rephrasing the prompt. Support codes: 58061214"
)
IMAGE = (
    "The input image contains content that has been blocked by your current safety settings for person/face "
    "generation. Support codes: 17301594"
)


def test_all_came_back():
    verdict = classify(Finished((VIDEO, VIDEO)), 2)
    assert (verdict.state, verdict.code, verdict.videos) == (VerdictState.SUCCEEDED, "", (VIDEO, VIDEO))


def test_some_came_back():
    verdict = classify(Finished((VIDEO,), 1, (OUTPUT,)), 2)
    assert verdict.state is VerdictState.PARTIAL
    assert verdict.code == "42237218,15236754"
    assert verdict.message.startswith("1 of 2 videos came back.")
    assert verdict.videos == (VIDEO,)


def test_all_filtered():
    verdict = classify(Finished((), 1, (OUTPUT,)), 1)
    assert (verdict.state, verdict.code, verdict.videos) == (VerdictState.FILTERED, "42237218,15236754", ())
    assert "well-known person" in verdict.message


def test_filtered_without_a_code():
    sound = "We encountered an issue with the audio for your prompt. You have not been charged for this attempt."
    verdict = classify(Finished((), 1, (sound,)), 1)
    assert (verdict.state, verdict.code) == (VerdictState.FILTERED, "filtered")
    assert "turn sound off" in verdict.message
    assert classify(Finished((), 2), 2).state is VerdictState.FILTERED


@pytest.mark.parametrize(
    ("message", "code", "words"), [(PROMPT, "58061214", "the prompt"), (IMAGE, "17301594", "the product picture")]
)
def test_a_blocked_input_is_filtered_and_says_which(message, code, words):
    verdict = classify(Failed(3, message), 1)
    assert (verdict.state, verdict.code) == (VerdictState.FILTERED, code)
    assert words in verdict.message
    assert "child" in verdict.message


@pytest.mark.parametrize(
    ("code", "name", "remedy"),
    [
        (3, "INVALID_ARGUMENT", "Correct the request"),
        (7, "PERMISSION_DENIED", "service agent"),
        (8, "RESOURCE_EXHAUSTED", "later"),
        (13, "INTERNAL", "again"),
        (14, "UNAVAILABLE", "later"),
        (77, "CODE_77", "again"),
    ],
)
def test_errors_keep_their_code_and_get_a_remedy(code, name, remedy):
    verdict = classify(Failed(code, "Google's words."), 1)
    assert (verdict.state, verdict.code) == (VerdictState.FAILED, f"rpc_{code}")
    assert verdict.message.startswith(f"{name}: Google's words.")
    assert remedy in verdict.message
    assert explain_rpc(code)[0] == name


def test_nothing_at_all_is_a_failure_of_its_own():
    verdict = classify(Finished(()), 1)
    assert (verdict.state, verdict.code) == (VerdictState.FAILED, EMPTY_RESPONSE)
    assert "output prefix" in verdict.message


def test_an_unknown_code_is_kept():
    (code,) = support_codes("Support codes: 11111111")
    assert (code.code, code.category) == ("11111111", "unknown")


def test_the_verdicts_are_states_of_the_ledger():
    assert {State(verdict) for verdict in VerdictState} == {
        State.SUCCEEDED, State.PARTIAL, State.FILTERED, State.FAILED,
    }  # fmt: skip


@given(
    asked=st.integers(1, 4),
    returned=st.integers(0, 5),
    filtered=st.integers(0, 4),
    reasons=st.lists(st.sampled_from([OUTPUT, PROMPT, "", "odd"]), max_size=2).map(tuple),
)
def test_every_end_is_classified_and_keeps_every_video(asked, returned, filtered, reasons):
    verdict = classify(Finished((VIDEO,) * returned, filtered, reasons), asked)
    assert len(verdict.videos) == returned
    assert (verdict.state is VerdictState.SUCCEEDED) == (returned >= asked)
    assert (verdict.state is VerdictState.PARTIAL) == (0 < returned < asked)
    assert verdict.state is VerdictState.SUCCEEDED or (verdict.code and verdict.message)


DOCUMENTED = {  # Google's responsible-AI page for Veo, by category
    "child": "58061214 17301594",
    "celebrity": "29310472 15236754",
    "video_safety_violation": "64151117 42237218",
    "dangerous": "62263041",
    "hate": "57734940 22137204",
    "other": "74803281 29578790 42876398",
    "prohibited": "89371032 49114662 63429089 72817394 60599140",
    "third_party_content": "35561574 35561575",
    "sexual": "90789179 43188360",
    "toxic": "78610348",
    "violence": "61493863 56562880",
    "vulgar": "32635315",
}
SIDES = {
    Side.PROMPT: "The prompt could not be submitted. Support codes: {}",
    Side.PICTURE: "The input image contains blocked content. Support codes: {}",
    Side.OUTPUT: "Veo could not generate 1 videos. Support codes: {}",
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("category", "code"), [(name, code) for name, codes in DOCUMENTED.items() for code in codes.split()]
)
def test_every_documented_code_says_what_was_struck_and_what_to_change_there(category, code, side):
    message = SIDES[side].format(code)
    (found,) = support_codes(message)
    assert found.category == category in CATEGORIES
    verdict = classify(Failed(3, message), 1)
    assert (verdict.state, verdict.code) == (VerdictState.FILTERED, code)
    if found.side is not Side.INPUT:
        assert found.side is side
        assert {
            Side.PROMPT: "In the prompt: ",
            Side.PICTURE: "Change the picture, not the prompt: ",
            Side.OUTPUT: "the generated video",
        }[side] in verdict.message
    assert verdict.causes == (f"{found.side.value}:{category}",)
    assert len(found.advice) > 40


def test_an_unknown_code_gets_a_remedy_for_every_side():
    for side, text in SIDES.items():
        (found,) = support_codes(text.format("11111111"))
        assert (found.category, found.side) == ("unknown", side)
        assert ("the picture" in found.advice or "picture:" in found.advice) == (side is not Side.PROMPT)


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (PROMPT.partition(" Support")[0], "prompt:unnamed"),
        (IMAGE.partition(" Support")[0], "picture:unnamed"),
        ("We encountered an issue with the audio for your prompt.", "output:sound"),
    ],
)
def test_a_filter_without_a_code_is_no_bad_request(message, cause):
    verdict = classify(Failed(3, message), 1)
    assert (verdict.state, verdict.code, verdict.causes) == (VerdictState.FILTERED, "filtered", (cause,))
    assert message in verdict.message


def test_a_refusal_by_a_filter_is_explained_and_others_stay_as_they_are():
    plain = explain_refusal("http_400", "HTTP 400: bad duration")
    assert (plain.state, plain.code, plain.message) == (VerdictState.FAILED, "http_400", "HTTP 400: bad duration")
    filtered = explain_refusal("http_400", f"HTTP 400: {PROMPT}")
    assert (filtered.state, filtered.code, filtered.causes) == (
        VerdictState.FILTERED,
        "58061214",
        classify(Failed(3, PROMPT), 1).causes,
    )
    assert "In the prompt: show the product without people" in filtered.message
