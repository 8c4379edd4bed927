"""What a verdict costs: a dated price, the most of it, and never nothing."""

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import ChooseAnotherModel, FixConfiguration
from reelmill.judging.prices import JudgePrices
from reelmill.judging.question import MOST_TEXT_TOKENS, most_input_tokens, words_for
from reelmill.judging.terms import JudgeTerms
from reelmill.judging.verdict import SCHEMA
from reelmill.money import MICRO_USD, TokenPrice
from reelmill.settings import load_settings
from reelmill.simulator.models import PriceList
from tests.ledger.making import make_clip

LITE, FLASH = "gemini-3.5-flash-lite", "gemini-3.8-flash"
PRICES = JudgePrices.shipped()
TODAY = date(2026, 11, 29)


def terms(day=TODAY, **settings):
    return JudgeTerms.of(load_settings(**settings), day)


@pytest.mark.parametrize(
    ("model", "day", "price"),
    [
        (LITE, date(2026, 10, 7), ("0.30", "2.50")),
        (FLASH, date(2026, 12, 31), ("0.75", "3.75")),
        (FLASH, date(2027, 1, 1), ("1.50", "7.50")),
    ],
)
def test_the_price_of_the_day_counts(model, day, price):
    assert PRICES.price(model, day) == TokenPrice(*map(Decimal, price))
    billed = PriceList.load().judges[model].price(day)  # the simulator's own list
    assert (billed.input_usd, billed.output_usd) == tuple(map(Decimal, price))


@pytest.mark.parametrize(("model", "day"), [(LITE, date(2026, 10, 6)), ("gemini-9", TODAY)])
def test_what_has_no_price_is_refused(model, day):
    with pytest.raises(ChooseAnotherModel, match="judge_model"):
        terms(day, judge_model=model)


def test_nothing_is_judged_unless_it_is_set_and_there_are_frames():
    assert terms() is None
    with pytest.raises(FixConfiguration, match="inspect"):
        terms(judge_model=LITE, inspect="header")


def test_old_prices_are_told():
    found = terms(judge_model=LITE)
    assert found.warnings(TODAY, 90) == ()
    assert "2026-10-07" in found.warnings(date(2027, 2, 1), 90)[0]


tokens = st.integers(0, 1_000_000)


@given(read=tokens, written=tokens, model=st.sampled_from([LITE, FLASH]))
def test_amounts_are_booked_rounded_up_by_less_than_a_millionth(read, written, model):
    price = PRICES.price(model, TODAY)
    exact, booked = price.exact(read, written), price.amount(read, written)
    assert booked == booked.quantize(MICRO_USD)
    assert exact <= booked < exact + MICRO_USD
    assert exact == price.input_usd * read / 1_000_000 + price.output_usd * written / 1_000_000


@settings(max_examples=30)
@given(frames=st.integers(1, 16), out=st.integers(256, 16_384), share=st.floats(0, 1))
def test_no_question_within_its_bounds_costs_more_than_its_most(frames, out, share):
    found = terms(judge_model=LITE, judge_frames=frames, judge_max_output_tokens=out)
    used = found.price.amount(int(most_input_tokens(frames) * share), int(out * share))
    assert 0 <= used <= found.most_usd
    assert found.most_of_clip_usd == 2 * found.most_usd


@given(title=st.text(max_size=150), brand=st.text(max_size=150))
@settings(max_examples=25)
def test_words_and_schema_stay_below_their_bound_whatever_a_feed_says(title, brand):
    clip = make_clip(title=title + "\U0001f45f" * 500, brand=brand + "\U0001f45f" * 500, category="\U0001f45f" * 500)
    assert len(words_for(clip).encode()) + len(json.dumps(SCHEMA).encode()) < MOST_TEXT_TOKENS
