"""A model's words are read strictly: exactly one verdict, or a reason that quotes nothing."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.judging.verdict import ASPECTS, Grade, ProductVerdict, UnreadableVerdict, read_verdict
from reelmill.scrub import scrub

REASONS = st.text(min_size=1, max_size=320)
ASPECT = st.fixed_dictionaries({"grade": st.sampled_from([grade.value for grade in Grade]), "reason": REASONS})
WHOLE = st.fixed_dictionaries(dict.fromkeys(ASPECTS, ASPECT))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*ASPECTS, "grade", "reason"]), inner),
    max_leaves=12,
)
FINE = {name: {"grade": "ok", "reason": "As it should be."} for name in ASPECTS}


@given(answer=WHOLE)
@settings(max_examples=25)
def test_whatever_is_read_is_short_and_on_one_line(answer):
    try:
        verdict = read_verdict(json.dumps(answer))
    except UnreadableVerdict:
        assert any(not scrub(each["reason"]) for each in answer.values())
        return
    for name, each in verdict.aspects():
        assert each.grade == answer[name]["grade"]
        assert len(each.reason) <= 300
        assert each.reason.isprintable()
    kept = verdict.to_dict()
    assert read_verdict(json.dumps({name: kept[name] for name in ASPECTS})).overall.value == kept["overall"]


@given(answer=JSON | WHOLE.flatmap(lambda whole: JSON.map(lambda odd: {**whole, "colour": odd})))
@settings(max_examples=60)
def test_anything_else_is_refused_without_a_word_of_it(answer):
    text, said = json.dumps(answer), ""
    try:
        assert isinstance(read_verdict(text), ProductVerdict)
    except UnreadableVerdict as error:
        said = str(error)
    assert len(said) < 80


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda fine: {**fine, "price": FINE["logo"]}, "extra_forbidden"),
        (lambda fine: {name: fine[name] for name in ASPECTS[1:]}, "label: missing"),
        (lambda fine: {**fine, "shape": {"grade": "great", "reason": "x"}}, "shape.grade: enum"),
        (lambda fine: {**fine, "shape": {"grade": "ok", "reason": 5}}, "shape.reason: string_type"),
        (lambda fine: {**fine, "shape": {"grade": "ok", "reason": "x" * 30_000}}, "characters"),
        (lambda fine: [fine], "the answer"),
    ],
)
def test_what_is_wrong_is_told(change, where):
    with pytest.raises(UnreadableVerdict, match=where):
        read_verdict(json.dumps(change(FINE)))


def test_the_overall_grade_is_that_of_the_worst_aspect():
    def overall(**grades):
        answer = {name: {"grade": grades.get(name, "not_visible"), "reason": "r"} for name in ASPECTS}
        return read_verdict(json.dumps(answer)).overall

    assert overall() is Grade.NOT_VISIBLE
    assert overall(shape="ok") is Grade.OK
    assert overall(shape="ok", logo="doubtful") is Grade.DOUBTFUL
    assert overall(shape="wrong", logo="doubtful") is Grade.WRONG


def test_secrets_and_lines_do_not_pass():
    answer = {**FINE, "label": {"grade": "wrong", "reason": "see\nBearer abc https://a.example/x?sig=secret"}}
    reason = read_verdict(json.dumps(answer)).label.reason
    assert "abc" not in reason
    assert "secret" not in reason
    assert "\n" not in reason
