"""Cleaning, shortening and measuring text."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.prompts.text import MOST_CHARS, brief, clean, estimate_tokens, fold
from reelmill.prompts.view import ProductView


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("  plain  text ", "plain text"),
        ("two\r\nlines\tand\u00a0more", "two lines and more"),
        ("zero\u200bwidth \u202eoverride\u2066", "zerowidth override"),
        ("nul\x00 bell\x07 esc\x1b[31m", "nul bell esc [31m"),
        ('the "Aurora" lamp', "the Aurora lamp"),
        ("the “Aurora” lamp, «grande»", "the Aurora lamp, grande"),
        ('12" pan, 8" lid', "12 inch pan, 8 inch lid"),
        ('12″ x 8″ ("Model 12")', "12 inch x 8 inch (Model 12)"),
        ('Poster 12"x18"', "Poster 12 inch x18 inch"),
        ('12"×18", 3"3 mm, a 5"-tube', "12 inch×18 inch, 3 inch 3 mm, a 5 inch-tube"),  # noqa: RUF001
        ("it's {{ fine }} {% here %} 100%", "it's {{ fine }} {% here %} 100%"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("Größe 小物 ✓", "Größe 小物 ✓"),
        ("", ""),
    ],
)
def test_clean(raw, shown):
    assert clean(raw) == shown


@settings(max_examples=150)
@given(st.text(max_size=300))
def test_clean_text_is_one_line_and_stays_clean(text):
    once = clean(text)
    assert once.isprintable()
    assert "  " not in once
    assert '"' not in once
    assert clean(once) == once
    once.encode("utf-8")
    wanted = {char for char in text if char.isalnum()}
    assert wanted <= set(once)


def test_clean_bounds_what_one_cell_can_cost():
    assert len(clean("a" * 10_000)) == MOST_CHARS
    assert len(clean("a\n" * 10_000)) <= MOST_CHARS


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("Short.", 20, "Short"),
        ("A first sentence. And a second one.", 24, "A first sentence"),
        ("One very long sentence without any stop", 20, "One very long…"),
        ("Supercalifragilistic", 10, "Supercali…"),
        ("", 10, ""),
        ("Exactly ten", 11, "Exactly ten"),
        ("3.5 litre pot with lid", 12, "3.5 litre…"),
    ],
)
def test_brief(text, limit, shown):
    assert brief(text, limit) == shown


@settings(max_examples=150)
@given(st.text(max_size=300).map(clean), st.integers(4, 120))
def test_brief_is_never_longer_and_begins_alike(text, limit):
    short = brief(text, limit)
    assert len(short) <= limit
    assert text.startswith(short.removesuffix("…")) or short.removesuffix("…") in text


def test_token_estimates_are_cautious():
    english = "The quick brown fox jumps over the lazy dog. " * 20
    assert estimate_tokens(english) >= 200  # a word is a token at the very least
    assert estimate_tokens("小" * 300) >= 300
    assert estimate_tokens("") <= 2
    assert estimate_tokens("x " * 900) >= 1024


@settings(max_examples=100)
@given(st.text(max_size=200), st.text(max_size=200))
def test_token_estimates_grow_with_the_text(one, other):
    assert estimate_tokens(one + other) >= estimate_tokens(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Dresses", "dress"),
        ("Apparel & Accessories", "apparel and accessory"),
        ("Cookies", "cookie"),
        ("Toys&Games", "toys and games"),
        ("CAFÉ-Möbel", "cafe mobel"),
        ("Watches", "watch"),
        ("T-Shirts", "t shirt"),
        ("Ties", "tie"),
        ("Lenses", "lens"),
        ("Shelves", "shelf"),
        ("Skis", "ski"),
        ("TVs", "tv"),
        ("Bikinis", "bikini"),
        ("Menus", "menu"),
        ("Tomatoes", "tomato"),
        ("Shoes", "shoe"),
        ("Toes", "toe"),
        ("Axes", "axe"),
        ("Buses", "bus"),
        ("Kitchen Knives", "kitchen knife"),
        ("Children", "child"),
    ],
)
def test_folded_alike(one, other):
    assert fold(one) == fold(other)


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_folding_ignores_case_and_composition(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert all(word.isascii() and word.isalnum() for word in fold(text))


@pytest.mark.parametrize(
    ("title", "brand", "name"),
    [
        ("Linen Dress", "Fjord", "Linen Dress by Fjord"),
        ("FJORD Linen Dress", "Fjord", "FJORD Linen Dress"),
        ("Fjordland Dress", "Fjord", "Fjordland Dress by Fjord"),
        ("Dress", "", "Dress"),
        ("Dress", "Dress", "Dress"),
    ],
)
def test_the_brand_is_named_once(minimal, title, brand, name):
    assert ProductView(replace(minimal, title=title, brand=brand)).name == name


@pytest.mark.parametrize(
    ("category", "kind"), [((), ""), (("2271",), ""), (("Clothing", "Dresses"), "Dresses"), (("4k TVs",), "4k TVs")]
)
def test_the_kind_is_the_last_level_unless_it_is_a_number(minimal, category, kind):
    assert ProductView(replace(minimal, category=category)).kind == kind
