"""``reelmill settings``: for a person, for a machine, and when something is wrong."""

import pytest

from reelmill.errors import ExitCode
from reelmill.setting_groups import setting_groups
from reelmill.settings import Settings

FILE = """
model = "veo-3.1-generate-001"
sampels = 2
[profile.staging]
output = "gs://shop-staging/reels"
cap_day_usd = 5.5
[profile.production]
output = "gs://shop/reels"
cap-day-usd = 200
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reelmill.toml").write_text(FILE)
    return tmp_path


def test_a_person_sees_every_setting_in_groups_within_100_columns(reelmill, here, monkeypatch):
    monkeypatch.setenv("REELMILL_PROFILE", "staging")
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"postgresql://me:hunter2@{'db.' * 60}example.com/ledger")
    monkeypatch.setenv("REELMILL_VERTEX_TOKEN", "hunter2")
    monkeypatch.setenv("REELMILL_CAMPAIGN", "a\nb\x1b[31m")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    code, printed, problems = reelmill("settings")
    assert code == ExitCode.OK
    assert max(map(len, printed.splitlines())) <= 100
    assert "hunter2" not in printed + problems
    assert "\x1b[31m" not in printed
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    assert "project shop environment GOOGLE_CLOUD_PROJECT" in lines
    assert "output gs://shop-staging/reels reelmill.toml [profile.staging]" in lines
    assert "model veo-3.1-generate-001 reelmill.toml" in lines
    assert "seed unset default" in lines
    assert "split_variants false default" in lines
    assert "quota_per_minute 50 default" in lines
    assert "campaign a�b�[31m environment REELMILL_CAMPAIGN" in lines
    assert "from environment REELMILL_LEDGER_URL" in lines
    together = "".join(printed.split())  # a long path goes on in the next line
    assert together.startswith(f"reelmill.toml:{here / 'reelmill.toml'}Profileinforce")
    assert "Profile in force: staging, of production, staging (REELMILL_PROFILE chooses)" in lines
    told = [line.split()[0] for line in lines if line.split(" ")[0] in Settings.model_fields]
    assert told == [name for names in setting_groups().values() for name in names]
    assert [line for line in lines if line in setting_groups()] == list(setting_groups())


def test_only_what_is_changed(reelmill, here, monkeypatch):
    monkeypatch.delenv("REELMILL_LEDGER_URL")
    _, printed, _ = reelmill("settings", "--changed")
    assert "Profile in force: none, of production, staging" in printed
    assert printed.split("What to make")[1].split() == ["model", "veo-3.1-generate-001", "reelmill.toml"]
    (here / "reelmill.toml").unlink()
    _, printed, _ = reelmill("settings", "--changed")
    assert "There is no reelmill.toml" in printed
    assert "Every setting is at its default." in printed


def test_a_machine_gets_one_object(reelmill_json, here, monkeypatch):
    monkeypatch.setenv("REELMILL_PROFILE", "staging")
    monkeypatch.setenv("REELMILL_VERTEX_TOKEN", "hunter2")
    code, told = reelmill_json("settings")
    path = str(here / "reelmill.toml")
    assert (code, told["ok"], told["profile"]) == (ExitCode.OK, True, "staging")
    assert (told["profiles"], told["file"]) == (["production", "staging"], path)
    assert list(told["settings"]) == [name for names in setting_groups().values() for name in names]
    assert told["settings"]["cap_day_usd"] == {
        "group": "Money",
        "value": 5.5,
        "from": "reelmill.toml",
        "path": path,
        "section": "profile.staging",
    }
    assert told["settings"]["model"]["section"] is None
    assert told["settings"]["vertex_token"] == {
        "group": "Google",
        "value": "******",
        "from": "environment",
        "variable": "REELMILL_VERTEX_TOKEN",
    }
    assert told["settings"]["platforms"]["value"] == ["instagram_reels", "youtube"]
    assert told["settings"]["seed"] == {"group": "What to make", "value": None, "from": "default"}
    assert [warning.split()[0] for warning in told["warnings"]] == ["sampels", "cap-day-usd"]


def test_a_wrong_setting_is_marked_and_all_others_are_listed(reelmill, reelmill_json, here, monkeypatch):
    monkeypatch.setenv("REELMILL_SAMPLES", "hunter2")
    code, told = reelmill_json("settings")
    assert (code, told["ok"], len(told["settings"])) == (ExitCode.USAGE, False, len(Settings.model_fields))
    assert [name for name, each in told["settings"].items() if "problem" in each] == ["samples"]
    code, printed, problems = reelmill("settings", "--changed")
    assert code == ExitCode.USAGE
    assert "wrong: Input should be a valid integer" in printed
    assert "REELMILL_SAMPLES" in printed
    assert "1 setting wrong" in printed
    assert "hunter2" not in printed + problems


def test_a_profile_that_is_not_there_is_told(reelmill, reelmill_json, here, monkeypatch):
    monkeypatch.setenv("REELMILL_PROFILE", "prod")
    code, _, problems = reelmill("status")
    assert code == ExitCode.USAGE
    assert "it has production, staging" in problems
    code, told = reelmill_json("settings")
    assert (code, told["exit_code"]) == (ExitCode.USAGE, ExitCode.USAGE)


def test_a_file_that_cannot_be_read_is_told_once(reelmill, here):
    (here / "reelmill.toml").write_text("model = ")
    code, printed, problems = reelmill("settings")
    assert (code, printed) == (ExitCode.USAGE, "")
    assert problems.count("reelmill.toml") == 1
    assert reelmill("--version")[0] == ExitCode.OK
