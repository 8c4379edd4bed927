"""A clip carries its product's price to its captions; a new price buys nothing and is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.catalog.price import format_price, parse_price
from reelmill.finish import Finish
from reelmill.planning.actions import Action
from reelmill.planning.planner import PlanOptions
from reelmill.planning.prices import ShownPrices, shown_prices
from reelmill.planning.spool import Spool
from reelmill.prompts.library import PromptLibrary
from tests.support.making import planner_for, product, settle_all

NOON = datetime(2026, 7, 15, 12, tzinfo=UTC)
CURRENCIES = st.sampled_from(["EUR", "USD", "JPY", "KWD", ""])


@given(st.decimals(0, 99_999, places=4), CURRENCIES)
def test_a_shown_price_reads_back_exactly(amount, currency):
    shown = format_price(amount, currency)
    digits = shown.split(" ")[0]
    if len(digits.partition(".")[2]) != 3:  # three digits after a point may mean thousands
        assert parse_price(shown) == (amount, currency)
    assert Decimal(digits) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "shown"),
    [
        ("19.9", "EUR", "19.90 EUR"),
        ("1299", "USD", "1299.00 USD"),
        ("1999.00", "JPY", "1999 JPY"),
        ("5", "KWD", "5.000 KWD"),
        ("0.123450", "EUR", "0.12345 EUR"),
        ("7.5", "", "7.50"),
        ("1E+2", "EUR", "100.00 EUR"),
    ],
)
def test_a_price_has_the_minor_units_of_its_currency(amount, currency, shown):
    assert format_price(Decimal(amount), currency) == shown


@pytest.mark.parametrize(
    ("sale", "dates", "shown"),
    [
        ("49.00 EUR", "", "49.00 EUR"),
        ("49", "2026-07-15T13:00+0200/2026-07-16T00:00Z", "49.00 EUR"),
        ("49 EUR", "2026-07-15/2026-07-16", "49.00 EUR"),
        ("49 EUR", "2026-07-01T00:00Z/2026-07-15T12:00Z", ""),
        ("49 EUR", "next week", ""),
        ("49 USD", "", ""),
        ("59.00 EUR", "", ""),
        ("0 EUR", "", ""),
        ("half", "", ""),
    ],
)
def test_a_sale_is_shown_only_while_it_certainly_runs(sale, dates, shown):
    asked = product(extra={"sale_price": sale, "sale_price_effective_date": dates})
    assert shown_prices(asked, NOON) == ShownPrices("59.00 EUR", shown)


def priced_planner(ledger, **options):
    planner = planner_for(ledger, platforms=["tiktok"])
    library = planner.builder.library
    brand = library.brand.model_copy(update={"finish": Finish(caption="{title}\n{price}", font="f")})
    builder = replace(planner.builder, library=PromptLibrary(library.sources, library.categories, brand))
    return replace(planner, builder=builder, options=PlanOptions(**options))


def test_a_new_price_keeps_the_clip_and_its_old_price_and_is_told_once(ledger):
    planner = priced_planner(ledger)
    with Spool() as spool:
        planner.plan([product(1)], spool)
        (before,) = [planned.clip for planned in spool.planned_clips()]
        settle_all(ledger, spool)
    cheaper = product(1, price=Decimal("39.00"), extra={"sale_price": "29 EUR"})
    with Spool() as spool:
        summary = planner.plan([cheaper], spool)
        settle_all(ledger, spool)

    assert summary.counts == {Action.KEEP: 1}
    assert [text for text in summary.warnings if "SKU-1" in text and "1 clip kept" in text]
    assert (ledger.clip(before.clip_id).price, ledger.clip(before.clip_id).sale_price) == ("59.00 EUR", "")
    assert planner.plan([cheaper]).warnings == []

    with Spool() as spool:
        priced_planner(ledger, force=True).plan([cheaper], spool)
        settle_all(ledger, spool)
    assert (ledger.clip(before.clip_id).price, ledger.clip(before.clip_id).sale_price) == ("39.00 EUR", "29.00 EUR")


def test_a_product_without_a_price_is_told_before_money_if_the_caption_needs_one(ledger):
    rows = [product(1, price=None), product(2)]
    (told,) = priced_planner(ledger).plan(rows).warnings
    assert told.startswith("1 clip to make, the first for SKU-1, will not show a price")
    assert planner_for(ledger, platforms=["tiktok"]).plan(rows).warnings == []
