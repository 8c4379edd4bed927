"""The printed queries over tables that were really written: DuckDB runs its own, and BigQuery's translated."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from reelmill.errors import FixConfiguration
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from reelmill.ledger.tallying import Dimension
from reelmill.platforms import NativeRatio
from reelmill.report.queries import Dialect, queries, script, setup_of
from reelmill.report.schema import TABLES
from reelmill.report.summary import summarise
from reelmill.report.tables import rebuild_tables
from reelmill.settings import Settings
from reelmill.storage.open import open_storage
from tests.report.making import OUTPUT, Shop, make_clip

NAMES = [query.name for query in queries(Dialect.DUCKDB, "/out")]
UNFIT = {
    "status": "fail",
    "findings": [
        {"code": "black", "message": "It is black.", "at_s": 0.0},
        {"code": "black", "message": "It is black again.", "at_s": 3.0},
        {"code": "silent", "message": "Its sound is silence.", "at_s": None},
    ],
    "videos": [],
}
YIELDS = [dimension for dimension in Dimension if dimension is not Dimension.STATE]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('books')}/ledger.db"
    with Ledger.open(url, clock=(clock := Shop.Clock())) as ledger:
        yield Shop(ledger, clock)


@pytest.fixture(scope="module")
def books(shop, tmp_path_factory):
    """Tables of runs with every kind of ending, uneven shares, what was made twice, and what is unclear."""
    folder = open_storage(str(tmp_path_factory.mktemp("out") / "it's [out]*?"), Settings())
    shop.a_few_runs()
    shared = {"platforms": ("youtube", "tiktok", "x"), "unit_price_usd": Decimal("0.100001"), "campaign": "Spring 27"}
    shop.made(make_clip("ODD-1", samples=2, **shared), "run-2", inspection=UNFIT)
    shop.made(make_clip("ODD-2", category="Toys", **shared), "run-2", inspection=UNFIT)
    shop.made(make_clip("FAIL", template_version="ffff", **shared), "run-2", returned=0, state=State.FAILED)
    for text in ("A child.", "A celebrity."):
        shop.made(make_clip(text), "run-2", returned=0, error_code="15236754", error_message=text)
    twice = make_clip("TWICE", ratio=NativeRatio.LANDSCAPE)
    first = shop.made(twice, "run-2")
    again = shop.sent(twice, "run-3", again=True, after=first)
    shop.finish(again, twice)
    shop.ledger.expired(shop.sent(make_clip("LATE"), "run-3"), "no end in sight")
    rebuild_tables(shop.ledger, folder, OUTPUT)
    return folder


@pytest.fixture(scope="module", params=list(Dialect))
def ask(request, books):
    """Answer a query by name, as rows by column."""
    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'America/Los_Angeles'")
        if request.param is Dialect.BIGQUERY:
            asked = _as_duckdb(database, books.root)
        else:
            asked = {query.name: query.sql for query in queries(Dialect.DUCKDB, books.root)}

        def answer(name):
            rows = database.execute(asked[name])
            names = [column[0] for column in rows.description]
            return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]

        yield answer


def _as_duckdb(database, root):
    """BigQuery's queries in DuckDB's words, over views that stand for the external tables."""
    database.execute("CREATE SCHEMA reelmill")
    (first, *_) = queries(Dialect.DUCKDB, root)
    source = first.sql.partition("FROM ")[2].partition("\n")[0]
    for table in TABLES:
        database.execute(f"CREATE VIEW reelmill.{table} AS SELECT * FROM {source.replace('/spend/', f'/{table}/')}")
    read = {query.name: query.sql for query in queries(Dialect.BIGQUERY, "gs://shop/reels")}
    return {
        name: sqlglot.parse_one(sql, read="bigquery").transform(_as_exact).sql("duckdb") for name, sql in read.items()
    }


def _as_exact(node):
    """BigQuery's NUMERIC has nine decimals; DuckDB's has three unless it is told."""
    if isinstance(node, exp.DataType) and node.this is exp.DataType.Type.DECIMAL and not node.expressions:
        return exp.DataType.build("DECIMAL(30, 9)")
    return node


@pytest.mark.parametrize("dimension", YIELDS)
def test_cost_and_yield_are_the_ledgers(shop, ask, dimension):
    groups = summarise(shop.ledger, by=[dimension]).by[dimension].groups
    found = {}
    for row in ask(f"yield_by_{dimension}"):
        key = f"{row.pop('template')}@{row.pop('template_version')}" if dimension == "template" else row.pop(dimension)
        found[key] = row
    assert found.keys() == groups.keys()
    for key, row in found.items():
        said = groups[key].to_dict()
        assert row.pop("paid_usd") == said.pop("spent_usd")
        del said["reserved_usd"]  # the tables promise nothing per attempt
        for name in ("yield", "usd_per_video"):
            value, exact = row.pop(name), said.pop(name)
            assert (value is None) == (exact is None)
            assert value is None or abs(float(value) - float(exact)) < 1.5e-6
        assert row == said


def test_money_by_day_second_and_run_is_the_ledgers(shop, ask):
    charged = sum((charge.amount_usd for _, charge in shop.ledger.charges()), Decimal(0))
    days = defaultdict(Decimal)
    seconds = 0
    for _, charge in shop.ledger.charges():
        days[charge.charged_at.date()] += charge.amount_usd
        seconds += charge.seconds * charge.returned
    assert {row["day"]: row["paid_usd"] for row in ask("spend_by_day")} == days
    by_second = ask("cost_per_second")
    assert (sum(row["seconds"] for row in by_second), sum(row["paid_usd"] for row in by_second)) == (seconds, charged)
    pro = next(row for row in by_second if row["model"] == "veo-3.1-generate-001")
    assert float(pro["usd_per_second"]) == 0.4
    for row in ask("budget_use"):
        run = shop.ledger.run(row["run_id"])
        assert (row["used_usd"], row["planned_usd"]) == (run.spent_usd + run.reserved_usd, run.planned_usd)
        assert float(row["cap_run_used"]) == pytest.approx(float(row["used_usd"] / run.caps.run_usd), abs=1e-4)
        assert row["day"] == run.started_at.date()


def test_what_may_have_been_paid_is_held_by_these_runs(shop, ask):
    rows = {row["run_id"]: row for row in ask("unclear_money")}
    held = {run.run_id: run.reserved_usd for run in shop.ledger.runs() if run.reserved_usd}
    assert {run_id: row["reserved_usd"] for run_id, row in rows.items()} == held
    assert (rows["run-1"]["in_flight"], rows["run-1"]["expired"]) == (1, 0)
    assert (rows["run-3"]["in_flight"], rows["run-3"]["expired"], rows["run-3"]["lost"]) == (0, 1, 0)


def test_remakes_are_what_was_paid_more_than_once(shop, ask):
    orphaned = sum(intent.charged_usd for _, intent in shop.ledger.orphans())
    (row,) = ask("remakes")
    assert (row["sku"], row["paid_attempts"], row["superseded_usd"]) == ("TWICE", 2, orphaned)
    assert row["paid_usd"] == 2 * orphaned > 0


def test_reasons_and_findings_are_counted_with_an_example(ask):
    assert [tuple(row.values()) for row in ask("filtered_reasons")] == [
        ("15236754", 2, 2, "A celebrity."),
        ("58061214", 1, 1, "A child was seen."),
    ]
    assert [tuple(row.values()) for row in ask("unfit_findings")] == [
        ("black", 4, 2, "It is black again."),
        ("silent", 2, 2, "Its sound is silence."),
    ]


def test_the_columns_are_those_of_the_header(ask):
    for query in queries(Dialect.DUCKDB, "/out"):
        assert query.question.endswith("?")
        assert list(ask(query.name)[0]) == [column for column, _ in query.columns], query.name


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_script_is_read_whole_by_its_own_dialect(dialect):
    statements = sqlglot.parse(script(dialect, "gs://it's a\\shop/reels"), read=dialect.value)
    assert sum(isinstance(one, exp.Query) for one in statements) == len(NAMES)


def test_bigquery_is_shown_every_table():
    setup = setup_of(Dialect.BIGQUERY, "gs://it's a\\shop/reels")
    for table in TABLES:
        assert f"EXTERNAL TABLE reelmill.{table}\n" in setup
        assert f"uris = ['gs://it\\'s a\\\\shop/reels/tables/{table}/*']" in setup


def test_bigquery_reads_no_folder():
    with pytest.raises(FixConfiguration, match="use --sql duckdb"):
        script(Dialect.BIGQUERY, "/out")


def test_only_the_cloud_needs_a_secret():
    assert setup_of(Dialect.DUCKDB, "/out") == ""
    assert "CREATE SECRET" in setup_of(Dialect.DUCKDB, "gs://shop/reels")
