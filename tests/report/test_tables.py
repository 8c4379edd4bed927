"""Tables written from a real ledger and read back as they stand by the readers that people use."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.ledger.states import State
from reelmill.report import tables
from reelmill.report.frames import read_table, total_by
from reelmill.report.schema import TABLES
from reelmill.report.tables import rebuild_tables, write_tables
from tests.report.making import OUTPUT, make_clip


def written(storage):
    return {found.name: storage.read(found.name) for found in storage.list("tables/")}


def rows(storage, table):
    return read_table(storage, table).to_dict("records")


@pytest.fixture
def books(shop, local):
    """A folder with the tables of a few runs."""
    for run_id in shop.a_few_runs():
        write_tables(shop.ledger, local, run_id)
    return local


def test_each_run_has_one_file_in_each_table(shop, storage):
    shop.a_few_runs()
    names = write_tables(shop.ledger, storage, "run-1")
    assert names == [
        f"tables/{table}/run_date=2026-07-15/run-1.parquet"
        for table in ("results", "spend", "films", "rejects", "runs")
    ]
    assert sorted(names) == [found.name for found in storage.list("")]


def test_the_day_is_that_of_the_start_in_utc(shop, storage):
    shop.run("late", started_at=datetime(2026, 7, 15, 23, 30, tzinfo=UTC) + timedelta(hours=2))
    assert "run_date=2026-07-16/" in write_tables(shop.ledger, storage, "late")[0]


def test_spend_and_results_sum_to_the_ledger(shop, books):
    charged = sum((charge.amount_usd for _, charge in shop.ledger.charges()), Decimal(0))
    assert charged == Decimal("0.15") * 8 * (1 + 3 + 1) + Decimal("0.40") * 8
    assert read_table(books, "spend")["amount_usd"].sum() == charged
    assert read_table(books, "results")["cost_usd"].sum() == charged
    assert read_table(books, "runs")["spent_usd"].sum() == charged
    for run_id in ("run-1", "run-2", "run-3"):
        spend = read_table(books, "spend")
        assert (spend[spend["run_id"] == run_id]["amount_usd"].sum() or 0) == shop.ledger.run(run_id).spent_usd


def test_a_charge_multiplies_out(books):
    for row in rows(books, "spend"):
        assert row["amount_usd"] == row["seconds"] * row["samples"] * row["unit_price_usd"]


def test_results_say_how_every_clip_went(books):
    status = {row["sku"]: row["status"] for row in rows(books, "results")}
    assert status == {
        "SKU-1": "succeeded",
        "SKU-2": "partial",
        "SKU-3": "filtered",
        "SKU-4": "submitted",
        "SKU-5": "released",
        "SKU-6": "succeeded",
        "SKU-7": "succeeded",
    }


def test_a_result_holds_what_the_ledger_knows(shop, storage):
    shop.a_few_runs()
    write_tables(shop.ledger, storage, "run-1")
    clip, intent = next(shop.ledger.intents(run_id="run-1"))
    table = pq.read_table(pa.BufferReader(storage.read("tables/results/run_date=2026-07-15/run-1.parquet")))
    assert table.to_pylist()[0] == {
        "run_id": "run-1",
        "clip_id": clip.clip_id,
        "sku": "SKU-1",
        "item_group_id": "",
        "title": "The SKU-1",
        "brand": "Acme",
        "price": "",
        "sale_price": "",
        "category": "Apparel & Accessories > Shoes",
        "campaign": "",
        "platforms": ["tiktok", "instagram_reels", "youtube_shorts"],
        "aspect_ratio": "9:16",
        "variant": 0,
        "scene": "",
        "film_id": "",
        "model": "veo-3.1-fast-generate-001",
        "prompt": "SKU-1 turns slowly.",
        "negative_prompt": "",
        "softening": 0,
        "remake": 0,
        "draft": False,
        "template": "apparel/9x16",
        "template_version": "ab12cd34",
        "input_hash": "ef56",
        "seed": 7,
        "duration_s": 8,
        "resolution": "720p",
        "audio": True,
        "status": "succeeded",
        "video_uris": list(intent.video_uris),
        "poster_uri": "/out/p.jpg",
        "renditions": [("tiktok", "/t")],
        "removed_at": None,
        "inspection": {
            "status": "review",
            "findings": [{"code": "silent", "message": "Its sound is silence.", "at_s": None}],
        },
        "likeness": 0.75,
        "decision": None,
        "decision_reason": "",
        "error_code": "",
        "error_message": "",
        "operation": f"operations/{intent.intent_id}",
        "attempt": 1,
        "submitted_at": intent.submitted_at,
        "finished_at": intent.finished_at,
        "cost_usd": Decimal("1.2"),
        "ai_generated": True,
        "provenance_uri": None,
    }


def test_spend_dates_its_price(books):
    assert {row["price_date"] for row in rows(books, "spend")} == {date(2026, 7, 9)}


def test_an_unreadable_price_date_does_not_keep_the_books_from_being_written(shop, storage):
    shop.run()
    shop.made(make_clip(price_date="None"))
    write_tables(shop.ledger, storage, "run-1")
    assert pd.isna(read_table(storage, "spend")["price_date"][0])


def test_rejects_are_in_the_order_of_the_feed(books):
    found = [(row["row_number"], row["sku"], row["remedy"], row["raw_value"]) for row in rows(books, "rejects")]
    assert found == [(3, "BAD-3", "Write 12.50 EUR.", "=1+1"), (9, "BAD-9", "Write 12.50 EUR.", "=1+1")]


def test_runs_count_and_promise(shop, books):
    first = next(row for row in rows(books, "runs") if row["run_id"] == "run-1")
    assert dict(first["counts"]) == {"succeeded": 1, "partial": 1, "filtered": 1, "submitted": 1, "released": 1}
    assert dict(first["planned_counts"]) == {"make": 5, "keep": 0}
    assert (first["planned_usd"], first["reserved_usd"]) == (Decimal("9.6"), Decimal("1.2"))
    assert (first["cap_run_usd"], first["status"]) == (Decimal(100), "completed")
    assert pd.isna(first["cap_month_usd"])
    assert first["parameters"] == '{"feed":"a.csv","limit":3}'
    assert first["ended_at"] > first["started_at"]


@pytest.mark.parametrize("table", TABLES)
def test_files_have_exactly_the_schema_and_not_the_partition(books, table):
    for found in books.list(f"tables/{table}/"):
        schema = pq.read_schema(found.uri)
        assert schema.equals(TABLES[table].schema)
        described = [field.metadata[b"description"] for field in schema]
        assert described == [field.metadata[b"description"] for field in TABLES[table].schema]
        assert "run_date" not in schema.names


def test_pandas_duckdb_and_pyarrow_read_the_folders_as_they_stand(shop, books):
    charged = sum((charge.amount_usd for _, charge in shop.ledger.charges()), Decimal(0))
    for table in TABLES:
        folder = f"{books.root}/tables/{table}"
        count = len(rows(books, table))
        by_pandas = pd.read_parquet(folder)
        assert len(by_pandas) == count
        assert set(by_pandas["run_date"].astype(str)) <= {"2026-07-15"}
        with duckdb.connect() as connection:
            query = f"SELECT count(*), min(run_date) FROM '{folder}/**/*.parquet'"
            assert connection.execute(query).fetchone() in ((count, date(2026, 7, 15)), (0, None))
        assert ds.dataset(folder, partitioning="hive").count_rows() == count
    assert sum(pd.read_parquet(f"{books.root}/tables/spend")["amount_usd"]) == charged
    with duckdb.connect() as connection:
        query = f"SELECT sum(amount_usd) FROM '{books.root}/tables/spend/**/*.parquet' WHERE run_date >= '2026-07-01'"
        assert connection.execute(query).fetchone() == (charged,)
        query = (
            f"SELECT inspection.findings[1].code, renditions['tiktok'] FROM '{books.root}/tables/results/**/*.parquet' "
        )
        assert connection.execute(query + "WHERE sku = 'SKU-1'").fetchone() == ("silent", "/t")


def test_pyarrow_reads_them_in_cloud_storage_as_they_stand(shop, cloud, gcs):
    for run_id in shop.a_few_runs():
        write_tables(shop.ledger, cloud, run_id)
    host = gcs.url.removeprefix("http://")
    filesystem = pa.fs.GcsFileSystem(anonymous=True, scheme="http", endpoint_override=host)
    folder = f"{cloud.root.removeprefix('gs://')}/tables/spend"
    amounts = ds.dataset(folder, filesystem=filesystem, partitioning="hive").to_table()["amount_usd"].to_pylist()
    assert sum(amounts) == sum(charge.amount_usd for _, charge in shop.ledger.charges())


def test_an_empty_run_has_empty_tables_that_read(shop, local):
    shop.run("empty")
    write_tables(shop.ledger, local, "empty")
    for table in ("results", "spend", "rejects"):
        frame = pd.read_parquet(f"{local.root}/tables/{table}")
        assert list(frame.columns) == [*TABLES[table].schema.names, "run_date"]
        assert frame.empty


def test_the_same_ledger_gives_the_same_bytes(shop, storage):
    run_ids = shop.a_few_runs()
    names = [name for run_id in run_ids for name in write_tables(shop.ledger, storage, run_id)]
    before = written(storage)
    for name in names:
        storage.replace(name, b"damaged", "application/octet-stream")
    assert sorted(rebuild_tables(shop.ledger, storage, OUTPUT)) == sorted(names)
    assert written(storage) == before


def test_rebuilding_leaves_other_outputs_alone(shop, storage):
    shop.a_few_runs()
    assert rebuild_tables(shop.ledger, storage, "/elsewhere") == []
    assert storage.list("") == []


def test_rewriting_shows_what_was_settled_since(shop, storage):
    shop.run()
    intent_id = shop.sent(make_clip())
    write_tables(shop.ledger, storage, "run-1")
    assert [row["status"] for row in rows(storage, "results")] == ["submitted"]
    assert rows(storage, "spend") == []

    shop.ledger.expired(intent_id, "no end in sight")
    write_tables(shop.ledger, storage, "run-1")
    (row,) = rows(storage, "results")
    assert (row["status"], row["error_message"]) == ("expired", "no end in sight")
    assert len(storage.list("tables/results/")) == 1


def test_another_attempt_is_another_row(shop, storage):
    shop.run()
    shop.made(make_clip())
    shop.intent(make_clip(), again=True)
    write_tables(shop.ledger, storage, "run-1")
    assert [(row["attempt"], row["status"]) for row in rows(storage, "results")] == [
        (1, "succeeded"),
        (2, "authorised"),
    ]


def test_an_unknown_run_is_refused(shop, storage):
    with pytest.raises(FixConfiguration, match="not in this ledger"):
        write_tables(shop.ledger, storage, "nope")


def test_a_hostile_run_id_stays_below_the_tables(shop, storage):
    shop.run("../../etc/_x")
    names = write_tables(shop.ledger, storage, "../../etc/_x")
    assert all(name.startswith(f"tables/{name.split('/')[1]}/run_date=2026-07-15/") for name in names)
    assert all(name.count("/") == 3 for name in names)


HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60),
    st.sampled_from(["=HYPERLINK(1)", "@SUM(A1)", "-2+3", "../../x", "{{ 7*7 }}", "NULL", "a\tb\r\nc", "🎬" * 9]),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sku=HOSTILE, title=HOSTILE)
def test_hostile_text_stays_data(shop, local, sku, title):
    run_id = f"run-{shop.clock().timestamp():.0f}"
    shop.run(run_id)
    clip = make_clip(sku, title=title, prompt=str(shop.clock()))
    shop.made(clip, run_id, error_message=title)
    (name, *_) = write_tables(shop.ledger, local, run_id)
    (row,) = pq.read_table(pa.BufferReader(local.read(name))).to_pylist()
    assert (row["sku"], row["title"], row["error_message"]) == (sku, title, title)


def test_large_runs_are_written_in_batches(shop, local, monkeypatch):
    monkeypatch.setattr(tables, "_BATCH_ROWS", 10)
    held = []
    keep = tables._batches

    def watched(source):
        for batch in keep(source):
            held.append(len(batch))
            yield batch

    monkeypatch.setattr(tables, "_batches", watched)
    shop.run()
    for number in range(25):
        shop.made(make_clip(f"SKU-{number}"))
    write_tables(shop.ledger, local, "run-1")
    assert held[:3] == [10, 10, 5]
    (found,) = local.list("tables/results/")
    file = pq.ParquetFile(found.uri)
    assert [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)] == [10, 10, 5]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert file.read()["sku"].to_pylist() == [f"SKU-{number}" for number in range(25)]


def test_people_get_totals_by_what_they_choose(books):
    totals = total_by(read_table(books, "spend"), ["category", "model"])
    assert totals.to_numpy().tolist() == [
        ["Apparel & Accessories > Shoes", "veo-3.1-fast-generate-001", 2, Decimal("4.8")],
        ["Apparel & Accessories > Shoes", "veo-3.1-generate-001", 1, Decimal("3.2")],
        ["Toys", "veo-3.1-fast-generate-001", 1, Decimal("1.2")],
    ]


def test_reading_before_anything_was_written(storage):
    assert read_table(storage, "spend", columns=["sku", "amount_usd"]).columns.tolist() == ["sku", "amount_usd"]
    with pytest.raises(FixConfiguration, match="no table"):
        read_table(storage, "nope")


def test_every_state_has_its_name_in_the_tables():
    assert {state.value for state in State} == {state.name.lower() for state in State}
