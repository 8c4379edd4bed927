from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from reelmill.money import split_evenly

AMOUNTS = st.decimals(min_value=0, max_value=10**9, places=6)


@given(AMOUNTS, st.lists(st.text(min_size=1), min_size=1, max_size=9, unique=True))
def test_shares_sum_to_the_amount_and_differ_by_dust(amount, names):
    shares = split_evenly(amount, names)
    assert sum(shares.values()) == amount
    assert list(shares) == names
    assert max(shares.values()) - min(shares.values()) <= Decimal("0.00001")


def test_nothing_is_shared_among_nobody():
    assert split_evenly(Decimal(1), ()) == {}
