"""Questions to a judge: strict about what is asked, honest about what it sees, and every answer is in the journal."""

import base64
from copy import deepcopy
from decimal import Decimal

import pytest

from reelmill.judging.verdict import SCHEMA, read_verdict
from tests.support.pictures import png

JUDGE = "gemini-3.8-flash"


def picture(shade):
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(png(48, 48, shade)).decode()}}


QUESTION = {
    "contents": [{"role": "user", "parts": [{"text": "Same?"}, picture(200), picture(30), picture(190)]}],
    "generationConfig": {
        "maxOutputTokens": 1024,
        "responseMimeType": "application/json",
        "responseSchema": SCHEMA,
    },
    "labels": {"run": "r1", "intent": "i1"},
}


@pytest.fixture
def ask(http):
    def ask_(question, model=JUDGE):
        return http.request("POST", http.path("generateContent", model), json=question)

    return ask_


def changed(path, value):
    question = deepcopy(QUESTION)
    inner = question
    for step in path[:-1]:
        inner = inner[step]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return question


def test_an_answer_is_a_verdict_from_the_pictures_counted_and_billed(ask, veo):
    answer = ask(QUESTION).json()
    verdict = read_verdict(answer["candidates"][0]["content"]["parts"][0]["text"])
    used = answer["usageMetadata"]
    record = veo.journal()[-1]

    assert (verdict.colour.grade, verdict.label.grade) == ("ok", "not_visible")  # the nearest frame counts
    written = used["candidatesTokenCount"] + used["thoughtsTokenCount"]
    assert used["totalTokenCount"] == used["promptTokenCount"] + written
    exact = (Decimal("0.75") * used["promptTokenCount"] + Decimal("3.75") * written) / 1_000_000
    assert Decimal(record["exact_usd"]) == exact
    assert exact <= Decimal(record["amount_usd"]) < exact + Decimal("0.000001")
    assert (record["kind"], record["labels"]) == ("verdict", QUESTION["labels"])


def test_another_colour_is_wrong(ask):
    question = changed(("contents", 0, "parts"), [{"text": "Same?"}, picture(200), picture(30)])
    text = ask(question).json()["candidates"][0]["content"]["parts"][0]["text"]
    assert read_verdict(text).colour.grade == "wrong"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("generationConfig", "maxOutputTokens"), None),
        (("generationConfig", "responseSchema"), None),
        (("generationConfig", "responseMimeType"), "text/plain"),
        (("generationConfig", "candidateCount"), 2),
        (("generationConfig", "speed"), "high"),
        (("contents", 0, "role"), "model"),
        (("contents", 0, "parts", 1, "inlineData", "mimeType"), "image/gif"),
        (("contents", 0, "parts", 1, "inlineData", "data"), "?"),
        (("contents", 0, "parts", 1, "inlineData", "data"), base64.b64encode(b"no picture").decode()),
        (("labels", "Run"), "capital"),
        (("instances",), []),
    ],
)
def test_what_the_service_would_not_take_is_refused_and_not_billed(ask, veo, path, value):
    before = len(veo.journal())
    assert ask(changed(path, value)).status_code == 400
    assert len(veo.journal()) == before


def test_only_its_own_judges_answer(ask, http):
    assert ask(QUESTION, "veo-3.1-fast-generate-001").status_code == 404
    anonymous = http.request("POST", http.path("generateContent", JUDGE), json=QUESTION, headers={})
    assert anonymous.status_code == 401
