from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.storage.names import check_name, safe_name

NASTY = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="aB0./\\-_ \0\né🎬", max_size=30),
    st.sampled_from(
        ["", ".", "..", "...", "../../etc", "/", "a" * 500, "🎬", "=cmd|' /C calc'!A0", "%2e%2e", "\ud800"]
    ),
)


@given(NASTY)
def test_every_text_becomes_one_harmless_part(text):
    name = safe_name(text)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,80}", name)
    assert name[0] not in "._-"
    assert not name.endswith(".")
    assert check_name(name) == name
    assert safe_name(text) == name


@given(NASTY, NASTY)
def test_different_texts_have_different_names(one, other):
    assert (safe_name(one) == safe_name(other)) == (one == other)


@given(NASTY)
def test_a_name_never_stands_for_two_texts(text):
    name = safe_name(text)
    assert name == text or safe_name(name) != name


@pytest.mark.parametrize("sku", ["SKU-1", "a.b_c-D", "0042", "x" * 80, "shoe-12345678901"])
def test_harmless_skus_stay(sku):
    assert safe_name(sku) == sku


def test_what_is_readable_stays_readable():
    assert re.fullmatch(r"Cafe-a-la-carte-[0-9a-f]{12}", safe_name("Café à la carte"))
    assert re.fullmatch(r"etc-passwd-[0-9a-f]{12}", safe_name("../../etc/passwd"))


@given(NASTY, st.integers(24, 120))
def test_the_limit_holds(text, limit):
    assert len(safe_name(text, limit)) <= limit


def test_a_limit_too_small_for_a_hash_is_refused():
    with pytest.raises(ValueError, match="24"):
        safe_name("x", 10)
