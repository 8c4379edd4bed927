from types import SimpleNamespace

import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger


def test_plan_prices_without_spending(reelmill_json, rehearsal, write_feed, veo):
    before = veo.stats()["posts"]
    code, plan = reelmill_json(
        "plan", write_feed("Lamp", "Bowl"), "--platforms", "tiktok,youtube", "--output", rehearsal
    )

    assert code == ExitCode.OK
    assert (plan["clips"], plan["make"], plan["keep"], plan["retire"], plan["blocked"]) == (4, 4, 0, 0, 0)
    assert plan["estimated_usd"] == pytest.approx(4 * 8 * 0.05)
    assert plan["eta_seconds"] > 0
    assert veo.stats()["posts"] == before


def test_run_makes_then_keeps(reelmill_json, rehearsal, write_feed):
    arguments = ["run", write_feed("Lamp", "Bowl"), "--platforms", "tiktok,youtube", "--output", rehearsal, "--yes"]
    first_code, first = reelmill_json(*arguments)
    again_code, again = reelmill_json(*arguments)

    assert (first_code, first["made"], first["spent_usd"]) == (ExitCode.OK, 4, 1.6)
    assert (again_code, again["made"], again["kept"], again["spent_usd"]) == (ExitCode.OK, 0, 4, 0)


def test_changed_and_vanished_products(reelmill_json, rehearsal, write_feed):
    base = ["--platforms", "tiktok", "--output", rehearsal]
    reelmill_json("run", write_feed("Lamp", "Bowl", "Vase"), *base, "--yes")

    _, plan = reelmill_json("plan", write_feed("Lamp", "Green bowl", name="next-night.csv"), *base)

    assert (plan["make"], plan["keep"], plan["retire"]) == (1, 1, 1)
    assert plan["retired_skus"] == ["C-3"]


def test_a_product_that_is_again_what_it_was_shows_its_old_video_again_for_nothing(
    reelmill_json, rehearsal, write_feed, monkeypatch, tmp_path
):
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path / 'again.db'}")
    titles, shown = ("Lamp", "Leuchte", "Lamp", "Lamp"), []
    for title in titles:
        code, report = reelmill_json("run", write_feed(title), "--platforms", "tiktok", "--output", rehearsal, "--yes")
        assert code == ExitCode.OK
        with Ledger.open(f"sqlite:///{tmp_path / 'again.db'}") as ledger:
            videos = list(ledger.videos(output=rehearsal))
            replaced = ledger.remade(videos)
        shown += [(clip.title, report["made"]) for clip, _ in videos if clip.clip_id not in replaced]
    assert shown == [("Lamp", 1), ("Leuchte", 1), ("Lamp", 0), ("Lamp", 0)]


def test_what_would_stop_a_run_is_told_before_anybody_is_asked(reelmill, rehearsal, write_feed, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True, readline=lambda: "yes\n"))
    for name in ("GOOGLE_CLOUD_PROJECT", "REELMILL_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path / 'none.db'}")
    code, _, problems = reelmill("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal)

    assert code == ExitCode.USAGE
    assert "No Google Cloud project is set" in problems
    assert "Spend up to" not in problems
    with Ledger.open(f"sqlite:///{tmp_path / 'none.db'}") as ledger:
        assert ledger.runs() == []


def test_nobody_is_asked_to_pay_without_a_yes(reelmill, rehearsal, write_feed, veo):
    before = veo.stats()["posts"]
    code, _, problems = reelmill("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal)

    assert code == ExitCode.USAGE
    assert "--yes" in problems
    assert veo.stats()["posts"] == before


def test_an_output_that_cannot_be_written_is_told_before_anything_is_sent(reelmill, rehearsal, write_feed, veo):
    before = veo.stats()["accepted"]
    code, _, problems = reelmill("run", write_feed("Vase"), "--output", "gs://no-such-bucket-here/x", "--yes")
    assert code == ExitCode.ERROR
    assert "output list: Bucket no-such-bucket-here does not exist. Create it" in " ".join(problems.split())
    assert "Nothing was sent." in problems
    assert veo.stats()["accepted"] == before


def test_a_cap_stops_the_run_with_its_own_code(reelmill_json, rehearsal, write_feed):
    feed = write_feed(*[f"Lamp {n}" for n in range(5)])
    code, report = reelmill_json(
        "run", feed, "--platforms", "tiktok", "--output", rehearsal, "--yes", "--cap-usd", "0.90"
    )

    assert code == ExitCode.CAP
    assert (report["made"], report["spent_usd"], report["status"]) == (2, 0.8, "capped")
    assert "cap" in report["stopped_by"]


def test_what_needs_a_look_has_its_own_code_and_is_listed(reelmill, reelmill_json, rehearsal, write_feed):
    feed = write_feed("Lamp", "Bowl [[fault:output_filter]]")
    code, report = reelmill_json("run", feed, "--platforms", "tiktok", "--output", rehearsal, "--yes")
    status_code, status = reelmill_json("status", "--output", rehearsal)
    _, printed, _ = reelmill("status", "--output", rehearsal)

    assert (code, report["counts"]) == (ExitCode.ATTENTION, {"filtered": 1, "succeeded": 1})
    assert status_code == ExitCode.ATTENTION
    (clip,) = status["attention"]
    assert (clip["sku"], clip["state"], clip["charged_usd"]) == ("C-2", "filtered", 0)
    assert "C-2" in printed


def test_redrive_shows_the_price_and_makes_only_what_ended_without_a_video(reelmill_json, rehearsal, write_feed):
    feed = write_feed("Lamp", "Bowl [[fault:output_filter]]")
    reelmill_json("run", feed, "--platforms", "tiktok", "--output", rehearsal, "--yes")

    code, report = reelmill_json("redrive", "--output", rehearsal, "--yes")

    assert code == ExitCode.ATTENTION  # it is filtered again: the prompt did not change
    assert report["counts"] == {"filtered": 1}
    assert report["planned_usd"] == pytest.approx(0.4)


def test_what_may_have_been_paid_is_redriven_by_name_only(reelmill_json, rehearsal, write_feed, veo):
    feed = write_feed("Lamp [[fault:503_before]]")
    _, first = reelmill_json("run", feed, "--platforms", "tiktok", "--output", rehearsal, "--yes")
    posts = veo.stats()["posts"]
    _, untouched = reelmill_json("redrive", "--output", rehearsal, "--yes")
    assert first["counts"] == {"lost": 1}
    assert (untouched["blocked"], untouched["counts"]) == (1, {})
    assert veo.stats()["posts"] == posts

    _, status = reelmill_json("status", "--output", rehearsal)
    clip_id = status["attention"][0]["clip_id"]
    _, named = reelmill_json("redrive", "--output", rehearsal, "--authorise-unclear", clip_id, "--yes")

    assert named["counts"] == {"lost": 1}
    assert veo.stats()["posts"] == posts + 1


def test_settle_finds_a_video_that_came_late(reelmill_json, rehearsal, write_feed, monkeypatch, veo):
    monkeypatch.setenv("REELMILL_OPERATION_DEADLINE_S", "1")
    feed = write_feed("Vase [[fault:late_done]]")
    _, report = reelmill_json("run", feed, "--platforms", "tiktok", "--output", rehearsal, "--yes")
    code, settled = reelmill_json("settle", "--output", rehearsal)

    made = report["counts"].get("succeeded", 0) + settled["counts"].get("succeeded", 0)
    assert made == 1
    assert code == ExitCode.OK


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["plan", "nowhere.csv"], ExitCode.ERROR, "nowhere.csv"),
        (["plan"], ExitCode.USAGE, "FEED"),
        (["plan", "{feed}", "--platforms", "myspace"], ExitCode.USAGE, "tiktok"),
        (["plan", "{feed}", "--model", "veo-3.0-generate-001"], ExitCode.USAGE, "veo-3.1"),
        (["plan", "{feed}", "--model", "veo-4"], ExitCode.USAGE, "veo-3.1"),
        (["plan", "{feed}", "--nonsense"], ExitCode.USAGE, "nonsense"),
        (["preview", "{feed}", "--limit", "-1"], ExitCode.USAGE, "--limit"),
        (["preview", "{feed}", "--limit", "0"], ExitCode.USAGE, ">= 1"),
        (["run", "{feed}", "--output", "s3://bucket/x", "--yes"], ExitCode.USAGE, "gs://"),
        (["plan", "{feed}", "--resolution", "4k", "--model", "veo-3.1-lite-generate-001"], ExitCode.USAGE, "price"),
    ],
)
def test_wrong_usage_says_what_to_do(reelmill, write_feed, arguments, code, says):
    feed = write_feed("Lamp")
    got, printed, problems = reelmill(*[argument.replace("{feed}", feed) for argument in arguments])

    assert got == code
    assert says.lower() in (printed + problems).lower()
    assert "Traceback" not in printed + problems


def test_preview_renders_real_rows_for_free(reelmill_json, write_feed):
    code, shown = reelmill_json("preview", write_feed("Lamp", "Bowl {{ 7*7 }}"), "--platforms", "tiktok")

    assert code == ExitCode.OK
    assert [entry["sku"] for entry in shown["prompts"]] == ["C-1", "C-2"]
    assert "49" not in shown["prompts"][1]["prompt"]


def test_the_shipped_templates_pass_lint(reelmill_json):
    code, found = reelmill_json("lint")
    assert (code, found["errors"]) == (ExitCode.OK, 0)


def test_doctor_passes_against_the_rehearsal_and_names_fixes_without_it(reelmill_json, rehearsal, monkeypatch):
    code, healthy = reelmill_json("doctor", "--output", rehearsal)
    assert (code, healthy["ok"]) == (ExitCode.OK, True)

    monkeypatch.setenv("REELMILL_JUDGE_MODEL", "nobody-1")
    code, judged = reelmill_json("doctor", "--output", rehearsal)
    assert (code, [check["name"] for check in judged["checks"] if check["ok"] is False]) == (ExitCode.ERROR, ["judge"])

    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
    code, sick = reelmill_json("doctor", "--output", rehearsal)
    assert (code, sick["ok"]) == (ExitCode.ERROR, False)
    assert all(check["fix"] for check in sick["checks"] if check["ok"] is False)


def test_help_names_every_verb_and_the_exit_codes(reelmill):
    code, printed, _ = reelmill("--help")
    assert code == 0
    for word in ("preview", "plan", "run", "status", "settle", "redrive", "report", "doctor", "simulator", "serve"):
        assert word in printed
    assert "4 stopped at a cap" in " ".join(printed.split())
