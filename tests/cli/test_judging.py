"""Clips compared with their products from the command line: every side of the books agrees to the last digit."""

import csv
import io
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from tests.cli.conftest import HEADER
from tests.support.billing import export_of, write_export
from tests.support.pictures import png

JUDGE = "gemini-3.5-flash-lite"
TOTALS = {"spend": "amount_usd", "results": "cost_usd", "runs": "spent_usd"}


@pytest.fixture
def feed(tmp_path, gcs):
    """A lamp with a picture."""
    picture = gcs.put(f"gs://{gcs.bucket()}/lamp.png", png(64, 64), "image/png")
    path = tmp_path / "feed.csv"
    link = "https://shop.example.com/p"
    with path.open("w", newline="", encoding="utf-8") as file:
        lamp = ["C-1", "Lamp", "Made well.", link, picture, "in_stock", "19.00 EUR", "Orrin", "Home"]
        csv.writer(file).writerows([HEADER, lamp])
    return path


def test_all_sides_of_the_books_agree_and_the_records_bring_them_back(
    reelmill, reelmill_json, rehearsal, feed, veo, gcs, tmp_path, monkeypatch
):
    monkeypatch.setenv("REELMILL_JUDGE_MODEL", JUDGE)
    monkeypatch.setenv("REELMILL_INSPECT", "full")
    monkeypatch.setenv("REELMILL_RENDITIONS", "false")
    base = [feed, "--platforms", "tiktok", "--output", rehearsal]
    _, plan = reelmill_json("plan", *base)
    assert plan["judge"] == JUDGE
    assert plan["estimated_usd"] == pytest.approx(8 * 0.05 + plan["verdicts_usd"])
    assert plan["verdicts_usd"] > 0

    code, made = reelmill_json("run", *base, "--yes")
    ours = [one for one in veo.journal() if one["labels"].get("run") == made["run_id"]]
    billed = sum(Decimal(one["amount_usd"]) for one in ours)
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        spent = ledger.run(made["run_id"]).spent_usd
        sums = [charge.amount_usd for _, charge in ledger.charges()]
        sums += [verdict.charged_usd for *_, verdict in ledger.judged()]
        assert ledger.audit() == []
    assert (code, len(ours), made["made"]) == (ExitCode.OK, 2, 1)
    assert spent == billed == sum(sums)
    assert float(spent) == made["spent_usd"]
    assert {sum(row[column] for row in _rows(gcs, rehearsal, name)) for name, column in TOTALS.items()} == {billed}
    kinds = [row["kind"] for row in _rows(gcs, rehearsal, "spend")]
    assert sorted(kinds) == ["clip", "verdict"]

    bill = write_export(export_of(ours), tmp_path / "bill.json")
    code, printed, _ = reelmill("reconcile", "--billing-export", bill)
    assert (code, "Equal, per run and SKU." in printed) == (ExitCode.OK, True), printed

    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path}/rebuilt.db")
    code, _ = reelmill_json("ledger", "rebuild", "--output", rehearsal)
    with Ledger.open(f"sqlite:///{tmp_path}/rebuilt.db") as ledger:
        assert (code, ledger.audit(), ledger.run(made["run_id"]).spent_usd) == (ExitCode.OK, [], spent)
        assert len(list(ledger.judged())) == 1


def _rows(gcs, output, table):
    bucket, _, prefix = output.removeprefix("gs://").partition("/")
    for blob in gcs.client().list_blobs(bucket, prefix=f"{prefix}/tables/{table}/"):
        yield from pq.read_table(io.BytesIO(blob.download_as_bytes())).to_pylist()
