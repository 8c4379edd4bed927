"""``reelmill reconcile``: what a person compares at the end of a month."""

from decimal import Decimal

from reelmill.errors import ExitCode
from tests.support.billing import export_of, write_export


def test_the_bill_and_the_ledger_are_compared_from_the_command_line(
    reelmill, reelmill_json, rehearsal, write_feed, veo, tmp_path, monkeypatch
):
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path}/ledger.db")
    base = ["--platforms", "tiktok", "--output", rehearsal, "--yes"]
    _, made = reelmill_json("run", write_feed("Lamp", "Bowl"), *base)
    rows = export_of(entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(rehearsal))

    code, printed, _ = reelmill("reconcile", "--billing-export", write_export(rows, tmp_path / "bill.json"))
    assert (code, "Equal, per run and SKU." in printed) == (ExitCode.OK, True)

    rows[0]["cost"] += Decimal("0.10")
    bill = write_export(rows, tmp_path / "bill.parquet")
    code, found = reelmill_json("reconcile", "--billing-export", bill)
    (difference,) = found["differences"]
    assert code == ExitCode.ATTENTION
    assert (difference["kind"], difference["run"], difference["billed"]) == ("amount", made["run_id"], 0.5)
    code, printed, _ = reelmill("reconcile", "--billing-export", bill)
    assert "another amount" in printed
    assert f"{made['run_id']} {difference['skus'][0]}: billed 0.5 USD, ledger 0.4 USD." in printed

    code, printed, _ = reelmill("reconcile", "--billing-export", bill, "--to", "2020-01-01")
    assert (code, "Nothing to compare in this period." in printed) == (ExitCode.ATTENTION, True)
    assert "Equal" not in printed
    code, _, problem = reelmill("reconcile", "--billing-export", bill, "--from", "2026-11-02", "--to", "2026-11-01")
    assert (code, "--from 2026-11-02 is after --to 2026-11-01." in problem) == (ExitCode.USAGE, True)
    assert reelmill("reconcile", "--billing-export", bill, "--from", "soon")[0] == ExitCode.USAGE
    code, _, problem = reelmill("reconcile", "--billing-export", tmp_path / "none.json")
    assert (code, "cannot be read" in problem) == (ExitCode.ERROR, True)
