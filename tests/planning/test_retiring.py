"""What retires: products that are gone from the feed, and none that a rejected row of it stands for."""

from __future__ import annotations

import pytest

from reelmill.catalog.feed import FeedOptions, open_feed
from reelmill.ledger.records import KnownProduct, Run
from reelmill.planning.actions import Action
from reelmill.planning.spool import Spool
from reelmill.settings import Settings, load_settings

MERCHANT = "id,title,item_group_id,price,color\n"
GONE = "GONE"


@pytest.fixture
def remember(ledger):
    """Let the catalog know these products."""

    def known(*skus: str) -> None:
        ledger.start_run(Run(run_id="run-1", output="out"))
        ledger.remember_products("catalog", [KnownProduct(sku, "", 1, retired=False) for sku in skus], "run-1")

    return known


@pytest.fixture
def plan_feed(plan, tmp_path):
    """Plan a feed of this text."""

    def run(text: str, *, split: bool = False, **options):
        path = tmp_path / "feed.csv"
        path.write_text(text)
        return plan(open_feed(path, FeedOptions(split_variants=split)), **options)

    return run


@pytest.mark.parametrize("split", [False, True])
@pytest.mark.parametrize(
    "row",
    [
        "A,Cup, large,,5,red",  # one cell too many
        "A,Cup,G,5,red,x",
        "A,,G,5,red",
        "A,Cup,G,ask us,red",
        "B,Cup,G,5,red",  # the id of another row
    ],
)
def test_a_row_that_is_rejected_does_not_retire_its_product(remember, plan_feed, row, split):
    remember("A", "B", *(["G"] if ",G," in row else []))
    twice = "" if row.startswith("A") else "A,Cup,,5,\n"
    summary = plan_feed(f"{MERCHANT}B,Hat,,5,\n{twice}{row}\n", split=split)

    assert summary.rejects == 1
    assert summary.counts[Action.RETIRE] == 0


def test_a_row_torn_by_a_line_break_does_not_retire_its_product(remember, plan_feed):
    remember("A", "B")
    summary = plan_feed(f"{MERCHANT}A,a large\ncup,,5 USD,red\nB,Hat,,5,\n")

    assert (summary.rejects, summary.products) == (2, 1)
    assert summary.counts[Action.RETIRE] == 0


def test_what_is_gone_retires_beside_rows_that_are_rejected(remember, plan_feed):
    remember("A", "B", "G", GONE)
    with Spool() as spool:
        summary = plan_feed(f"{MERCHANT}A,Cup, large,,5,red\nB,Hat,,5,\nG1,Tee,G,ask us,red\n", sink=spool)
        assert list(spool.retired()) == [GONE]
        assert {reject.keys for reject in spool.rejects()} == {()}
    assert summary.retired == [GONE]
    assert not [warning for warning in summary.warnings if "retired" in warning]


@pytest.mark.parametrize(
    "row",
    [
        '"Cup,A,,5,',  # the quote may have swallowed the id
        'Cup,A,"G,5,',  # or the group
        "Cup,,,5,",
        "Cup,#REF!,,5,",
        "Cup,4.00638E+12,,5,",
        "Cup,A,4.00638E+12,5,",
    ],
)
def test_while_the_product_of_a_row_cannot_be_told_nothing_retires(remember, plan_feed, row):
    remember("A", "B")
    header, good = "title,id,item_group_id,price,color\n", "Hat,B,,5,\n"
    summary = plan_feed(f"{header}{row}\n{good}")

    assert (summary.rejects, summary.counts[Action.RETIRE]) == (1, 0)
    (warning,) = [warning for warning in summary.warnings if "nothing is retired" in warning]
    assert "1 row cannot be told" in warning
    assert "1 product seems to be gone" in warning
    assert plan_feed(header + good).retired == ["A"]


def test_rows_without_a_name_are_told_only_when_something_seems_to_be_gone(remember, plan_feed):
    remember("B")
    assert not plan_feed(f"{MERCHANT}B,Hat,,5,\n,Cup,,5,\n").warnings


SHOPIFY = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Status\n"
MUG = "mug,Mug,Color,Red,001,{price},{status}\nmug,,,Blue,,6.00,\n"


@pytest.mark.parametrize("split", [False, True])
def test_what_the_shop_has_taken_away_retires(remember, plan_feed, split):
    remember("mug", "001", "mug-blue", "hat")
    archived = MUG.format(price="5.00", status="archived")
    summary = plan_feed(f"{SHOPIFY}{archived}hat,Hat,Title,Default Title,hat,9.99,active\n", split=split)

    assert summary.rejects == 1
    assert sorted(summary.retired) == ["001", "mug", "mug-blue"]


@pytest.mark.parametrize(
    ("known", "split", "wrong"),
    [
        (("mug",), False, MUG.format(price="ask us", status="active")),
        (("001", "mug-blue"), True, MUG.format(price="ask us", status="active")),
        (("001", "mug-blue"), True, MUG.format(price="5.00", status="active").replace("Mug", "")),
        (("mug",), False, "mug,Mug, big,Color,Red,001,5.00,active\n"),
        (("001",), True, "mug,Mug, big,Color,Red,'001,5.00,active\n"),
    ],
)
def test_a_shopify_product_that_is_rejected_does_not_retire(remember, plan_feed, known, split, wrong):
    remember(*known)
    summary = plan_feed(f"{SHOPIFY}{wrong}hat,Hat,Title,Default Title,hat,9.99,active\n", split=split)

    assert summary.rejects == 1
    assert summary.counts[Action.RETIRE] == 0
    assert not [warning for warning in summary.warnings if "retired" in warning]


def guarded(percent: int | None = None) -> Settings:
    return load_settings(**({} if percent is None else {"retire_most_percent": percent}))


@pytest.mark.parametrize(
    ("percent", "known", "left", "retired"),
    [
        (None, 40, 20, 20),  # half of them
        (None, 40, 19, 0),
        (None, 11, 1, 10),  # ten are a few
        (None, 12, 1, 0),
        (60, 40, 16, 24),
        (60, 40, 15, 0),
        (0, 40, 30, 10),
        (0, 40, 29, 0),
        (100, 40, 1, 39),
    ],
)
def test_a_feed_of_which_most_is_gone_retires_nothing(remember, plan_feed, percent, known, left, retired):
    remember(*(f"P-{number}" for number in range(known)))
    rows = [f"P-{number},Cup,,5,\n" for number in range(left)]
    with Spool() as spool:
        summary = plan_feed(f"{MERCHANT}{''.join(rows)}NEW,Hat,,5,\n", sink=spool, settings=guarded(percent))
        assert len(list(spool.retired())) == summary.counts[Action.RETIRE] == retired

    assert summary.counts[Action.MAKE] == 2 * (left + 1)  # everything else goes on
    told = [warning for warning in summary.warnings if "retire_most_percent" in warning]
    assert bool(told) is (retired == 0)
    for warning in told:
        assert warning.startswith(f"{known - left} of the {known} products")
        assert "nothing is retired" in warning
        assert "REELMILL_RETIRE_MOST_PERCENT=100" in warning


def test_rejected_rows_are_not_gone_for_the_guard(remember, plan_feed):
    remember(*(f"P-{number}" for number in range(40)))
    rows = [f"P-{number},Cup,,ask us,\n" for number in range(30)]
    summary = plan_feed(f"{MERCHANT}{''.join(rows)}NEW,Hat,,5,\n")

    assert summary.counts[Action.RETIRE] == 10


def test_products_that_are_retired_already_do_not_count_for_the_guard(ledger, remember, plan_feed):
    remember(*(f"P-{number}" for number in range(40)))
    ledger.retire_products("catalog", [f"P-{number}" for number in range(20, 40)], "run-1")
    rows = [f"P-{number},Cup,,5,\n" for number in range(9)]

    assert plan_feed(MERCHANT + "".join(rows)).counts[Action.RETIRE] == 0
    assert plan_feed(f"{MERCHANT}{''.join(rows)}P-9,Cup,,5,\n").counts[Action.RETIRE] == 10
