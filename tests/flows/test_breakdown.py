"""The results artifact says what the money of a run went to, and what came of it, on one screen."""

import pytest

from reelmill.ledger.records import Decision, ReviewedVia
from reelmill.ledger.reviews import AskedReview
from tasks.breakdown import cost_and_yield
from tests.support.review_shop import RUN, review_shop, shop_clip

HEAD = ["By", "", "Attempts", "Delivered", "Filtered", "Unfit", "Rejected", "Yield", "Paid", "Share of cost"]


@pytest.fixture
def shop(tmp_path):
    with review_shop(f"sqlite:///{tmp_path}/ledger.db", str(tmp_path / "reels")) as opened:
        yield opened


def table(shop):
    """The cells of each row; the heading and what stands below it apart."""
    title, text = cost_and_yield(shop.ledger, RUN)
    assert title == "### Cost and yield"
    head, rule, *rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines()]
    assert head == HEAD
    assert {len(row) for row in (rule, *rows)} == {len(HEAD)}
    return rows


def test_every_dimension_with_more_than_one_value_is_shown_with_what_became_of_it(shop):
    intents = shop.fill(20)
    asked = AskedReview(
        review_id="review-1",
        intent_id=intents[0].intent_id,
        decision=Decision.REJECT,
        reviewer="Ada",
        via=ReviewedVia.PAGE,
    )
    shop.ledger.review([asked], run_id=RUN)
    total, *rows = table(shop)
    # Twenty attempts, of which two (9 and 19) were filtered, two (2 and 12) are unfit, and a person rejected one.
    assert total[:9] == ["**All**", "", "20", "18", "2", "2", "1", "90%", "$19.20"]
    assert total[9] == "`████████████` 100%"
    headings = [(number, row[0]) for number, row in enumerate(rows) if row[0]]
    assert headings == [(0, "**Category**"), (3, "**Platform**"), (6, "**SKU**")], "one model and template say nothing"
    assert rows[0][1:] == [r"Home & Garden \> Bowls", "7", "6", "1", "0", "0", "86%", "$7.20", "`████` 38%"]
    assert [row[1:7] for row in rows[1:3]] == [
        ["Toys", "6", "6", "0", "1", "0"],
        [r"Apparel \> Shirts", "7", "6", "1", "1", "1"],
    ]
    assert [row[1] for row in rows[3:6]] == [r"instagram\_reels", "tiktok", "youtube"]
    assert [row[1] for row in rows[6:10]] == ["SKU-0004", "SKU-0014", "SKU-0000", "SKU-0001"], "the dearest first"
    assert (len(rows), rows[-1][1]) == (6 + 10 + 1, "… and 10 more")


def test_of_one_clip_the_total_says_it_all_and_of_none_there_is_nothing(shop):
    assert cost_and_yield(shop.ledger, RUN) == []
    shop.deliver(shop_clip(1))
    assert len(table(shop)) == 1


def test_it_fits_one_screen_whatever_a_feed_says(shop):
    for number in range(12):
        shop.deliver(
            shop_clip(
                number,
                category=f"A | B\n<b>{number}</b>",
                campaign=f"c{number}",
                template=f"t{number}",
                platforms=tuple(f"p{index}" for index in range(number + 1)),
                sku=f"SKU | {number} {'long ' * 50}",
            ),
            shared=True,
        )
    rows = cost_and_yield(shop.ledger, RUN)[1].splitlines()
    assert len(rows) == 2 + 1 + 4 * (5 + 1) + (10 + 1)
    assert r"| A \| B \<b\>4\</b\> " in rows[3]
    assert max(map(len, rows)) < 200
