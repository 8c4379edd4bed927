"""Labels under Cloud's rules, and texts without secrets."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from reelmill.scrub import scrub
from reelmill.veo.labels import MAX_LABELS, clean_labels, request_labels

ANY_TEXT = st.text(st.characters(codec=None), max_size=90)


@settings(max_examples=150)
@given(st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=80))
def test_any_labels_become_valid_ones(labels):
    cleaned = clean_labels(labels)
    assert len(cleaned) <= MAX_LABELS
    for key, value in cleaned.items():
        assert re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key)
        assert re.fullmatch(r"[a-z0-9_-]{1,63}", value)
    assert clean_labels(cleaned) == cleaned


@given(st.text("abc", min_size=64, max_size=90), st.text("abc", min_size=64, max_size=90))
def test_long_values_stay_apart(one, other):
    first, second = clean_labels({"sku": one}), clean_labels({"sku": other})
    assert (first == second) == (one == other)


def test_labels_of_a_request():
    labels = request_labels(run="r1", clip="0a", sku="Mug Ø/1", campaign="", intent="i-1")
    assert labels == {"run": "r1", "clip": "0a", "sku": "mug___1", "intent": "i-1"}


def test_data_that_is_not_valid_is_not_quoted():
    class Answer(BaseModel):
        name: str

    with pytest.raises(ValidationError) as caught:
        Answer.model_validate({"name": ["https://cdn.example.com/a.jpg?X-Goog-Signature=SECRET"]})
    assert "SECRET" in str(caught.value), "no pattern knows it, cut as it is"
    assert scrub(caught.value) == "name: Input should be a valid string"


def test_secrets_are_removed():
    dirty = (
        "Authorization: Bearer abc.def-123, ya29.a0Af_x, eyJhbGciOiJSUzI1NiJ9.eyJpc3Mi.sig, "
        "AIzaSyA1234567890123456789012345, https://user:pw@host/x?X-Goog-Signature=99#f "
        "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----"
    )
    clean = scrub(dirty)
    for secret in ("abc.def", "a0Af", "eyJ", "AIza", "pw@", "Signature", "MIIE"):
        assert secret not in clean
    assert "https://host/x" in clean


@given(ANY_TEXT, st.integers(2, 60))
def test_scrubbed_text_is_one_short_printable_line(text, limit):
    clean = scrub(text, limit)
    assert len(clean) <= limit
    assert clean.isprintable()
