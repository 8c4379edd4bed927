"""``reelmill ledger``: what a person does to keep the ledger safe, and when it is gone."""

import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run


@pytest.fixture
def ledger_file(tmp_path, monkeypatch):
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path}/books/ledger.db")
    return tmp_path / "books" / "ledger.db"


def lose(ledger_file) -> None:
    for path in ledger_file.parent.glob("ledger.db*"):
        path.unlink()


def test_after_the_ledger_is_lost_the_bucket_gives_it_back_and_nothing_is_made_again(
    reelmill, reelmill_json, rehearsal, write_feed, ledger_file, veo
):
    base = [write_feed("Lamp", "Bowl"), "--platforms", "tiktok,youtube", "--output", rehearsal]
    _, made = reelmill_json("run", *base, "--yes")
    posts = veo.stats()["posts"]
    lose(ledger_file)
    assert reelmill_json("plan", *base)[1]["make"] == 4  # which would be paid again

    code, tried = reelmill_json("ledger", "rebuild", "--output", rehearsal, "--dry-run")
    assert (code, tried["counts"], reelmill_json("plan", *base)[1]["make"]) == (ExitCode.OK, {"added": 4}, 4)
    code, rebuilt = reelmill_json("ledger", "rebuild", "--output", rehearsal)
    assert (code, rebuilt["added_usd"], rebuilt["unrecorded"]) == (ExitCode.OK, made["spent_usd"], [])

    _, plan = reelmill_json("plan", *base)
    assert (plan["make"], plan["keep"], plan["blocked"]) == (0, 4, 0)
    code, status = reelmill_json("status", "--output", rehearsal)
    assert (code, status["audit"]) == (ExitCode.OK, [])
    assert status["states"]["succeeded"]["charged_usd"] == made["spent_usd"]
    assert veo.stats()["posts"] == posts
    code, printed, _ = reelmill("ledger", "rebuild", "--output", rehearsal)
    assert code == ExitCode.OK
    assert "0 added" in printed
    assert "4 known already" in printed


def test_back_up_lose_restore(reelmill, reelmill_json, rehearsal, write_feed, ledger_file, tmp_path):
    base = [write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal]
    _, made = reelmill_json("run", *base, "--yes")
    code, printed, _ = reelmill("ledger", "backup", tmp_path / "backup.db")
    assert (code, "1 intents, 1 charges, 1 runs" in printed) == (ExitCode.OK, True)
    assert reelmill("ledger", "backup", tmp_path / "backup.db")[0] == ExitCode.USAGE
    assert reelmill_json("ledger", "backup", tmp_path / "backup.db", "--overwrite")[1]["rows"]["charges"] == 1
    code, _, problem = reelmill("ledger", "restore", tmp_path / "backup.db")
    assert (code, "--replace" in problem) == (ExitCode.ATTENTION, True)

    lose(ledger_file)
    code, printed, _ = reelmill("ledger", "restore", tmp_path / "backup.db")

    assert code == ExitCode.OK
    assert f"reelmill ledger rebuild --output {rehearsal}" in printed
    _, plan = reelmill_json("plan", *base)
    assert (plan["make"], plan["keep"]) == (0, 1)
    code, restored = reelmill_json("ledger", "restore", tmp_path / "backup.db", "--replace")
    assert (code, restored["outputs"]) == (ExitCode.OK, [rehearsal])
    with Ledger.open(f"sqlite:///{ledger_file}") as ledger:
        assert ledger.audit() == []
        assert sum(float(charge.amount_usd) for _, charge in ledger.charges()) == made["spent_usd"]


@pytest.mark.parametrize("make", [lambda _: None, lambda path: path.mkdir(), lambda path: path.write_text("x")])
def test_a_place_where_nothing_lies_is_not_called_rebuilt(reelmill, ledger_file, tmp_path, make):
    make(tmp_path / "nosuch")
    code, printed, problems = reelmill("ledger", "rebuild", "--output", tmp_path / "nosuch")
    assert code == ExitCode.ATTENTION
    assert f"Nothing lies below {tmp_path}/nosuch. Check the output" in " ".join((printed + problems).split())


def test_an_output_for_which_nothing_was_paid_may_be_empty(reelmill, ledger_file, tmp_path):
    with Ledger.open(f"sqlite:///{ledger_file}") as ledger:
        ledger.start_run(Run(run_id="run-1", output=str(tmp_path / "out")))
    assert reelmill("ledger", "rebuild", "--output", tmp_path / "out")[0] == ExitCode.OK


def test_the_commands_after_a_restore_are_whole_and_quoted(reelmill, ledger_file, tmp_path):
    output = str(tmp_path / ("my reels " * 9))
    with Ledger.open(f"sqlite:///{ledger_file}") as ledger:
        ledger.start_run(Run(run_id="run-1", output=output))
    reelmill("ledger", "backup", tmp_path / "backup.db")
    lose(ledger_file)
    _, printed, _ = reelmill("ledger", "restore", tmp_path / "backup.db")
    assert f"  reelmill ledger rebuild --output '{output}' && reelmill settle --output '{output}'\n" in printed


def test_videos_that_nobody_accounts_for_need_a_person(reelmill, reelmill_json, rehearsal, ledger_file, gcs):
    gcs.put(f"{rehearsal}/clips/lost/9x16/0123456789ab-1-x/7/sample_0.mp4", b"video", "video/mp4")
    gcs.put(f"{rehearsal}/clips/bad/9x16/0123456789ab-1-y/provenance.json", b"{", "application/json")
    code, printed, _ = reelmill("ledger", "rebuild", "--output", rehearsal)
    assert code == ExitCode.ATTENTION
    assert "clips/lost/9x16/0123456789ab-1-x: 1 videos, 0.0 MB, cost unknown; not in the ledger." in printed
    assert "clips/bad/9x16/0123456789ab-1-y/provenance.json is no provenance record" in printed
