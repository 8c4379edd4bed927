from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select

from reelmill.errors import FixConfiguration
from reelmill.ledger.engine import parse_url
from reelmill.ledger.faults import translated
from reelmill.ledger.states import State
from reelmill.ledger.types import Choice, Json, Usd, UtcTime, Words, from_micros, show_usd, to_micros

micros = st.integers(0, 2**63 - 1)
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1971, 1, 1), datetime(9000, 1, 1), timezones=zones)  # noqa: DTZ001 - bounds are naive


@given(micros)
def test_money_survives_both_ways(value):
    assert to_micros(from_micros(value)) == value


@given(st.decimals(0, 10**9, places=6), st.integers(1, 60), st.integers(1, 4))
def test_a_product_of_price_seconds_and_videos_stays_exact(price, seconds, videos):
    assert to_micros(price * seconds * videos) == to_micros(price) * seconds * videos


@given(st.decimals(0, 10**6, places=9).filter(lambda amount: amount * 10**6 % 1))
def test_what_would_have_to_be_rounded_is_refused(amount):
    with pytest.raises(FixConfiguration, match="exactly"):
        to_micros(amount)


@pytest.mark.parametrize(
    "text", ["NaN", "sNaN", "Infinity", "-Infinity", "-0.01", "1e13", "1e999999", "1e-999999", "0." + "1" * 99]
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(FixConfiguration):
        to_micros(Decimal(text))


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("3.2", "3.20"), ("0", "0.00"), ("0.012345", "0.012345"), ("1E+3", "1000.00"), ("1.5", "1.50")],
)
def test_money_is_shown_exactly(amount, shown):
    assert show_usd(Decimal(amount)) == shown


TABLE = Table(
    "things",
    MetaData(),
    Column("usd", Usd),
    Column("at", UtcTime),
    Column("state", Choice(State)),
    Column("facts", Json),
    Column("words", Words),
)


@pytest.fixture
def store(empty_url):
    """Writes one row and reads it back, on either database."""
    url = parse_url(empty_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(database=url.database.replace("/new/folder", ""))
    engine = create_engine(url)
    TABLE.create(engine)

    def through(**values):
        with translated(url), engine.begin() as connection:
            connection.execute(TABLE.delete())
            connection.execute(insert(TABLE), values)
            return connection.execute(select(*(TABLE.c[name] for name in values))).one()._asdict()

    yield through
    engine.dispose()


@settings(max_examples=30, deadline=None)
@given(usd=micros.map(from_micros), at=moments, state=st.sampled_from(State), words=st.text())
def _columns_return_what_they_were_given(through, usd, at, state, words):
    row = through(usd=usd, at=at, state=state, words=words)
    assert (row["usd"], row["at"], row["state"]) == (usd, at, state)
    assert (row["at"].tzinfo, type(row["state"]), len(row["words"])) == (UTC, State, len(words))
    assert "\0" not in row["words"]


def test_columns_return_what_they_were_given(store):
    _columns_return_what_they_were_given(store)


def test_words_keep_all_that_can_be_kept(store):
    assert store(words="größe 鞋 👟")["words"] == "größe 鞋 👟"
    assert store(words="a\0b\ud800c")["words"] == "a\ufffdb?c"


def test_json_is_kept_with_its_keys_in_order(store):
    assert store(facts={"b": [1, 2.5, None], "a": "é"}) == {"facts": {"a": "é", "b": [1, 2.5, None]}}


def test_nothing_stays_nothing(store):
    nothing = dict.fromkeys(("usd", "at", "state", "facts", "words"))
    assert store(**nothing) == nothing


def test_a_time_of_nowhere_and_a_rounded_amount_never_reach_the_database(store):
    with pytest.raises(FixConfiguration, match="time zone"):
        store(at=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(FixConfiguration, match="exactly"):
        store(usd=Decimal("0.0000001"))


def test_equal_values_are_equal_text():
    dialect = create_engine("sqlite://").dialect
    one, other = ({"b": 1, "a": {"d": 1, "c": 2}}, {"a": {"c": 2, "d": 1}, "b": 1})
    assert Json().process_bind_param(one, dialect) == Json().process_bind_param(other, dialect)
    assert Json().process_bind_param(None, dialect) is None
