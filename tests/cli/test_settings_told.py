"""What the command line says of settings, errors and numbers, whatever the verb."""

import json
import os

import pytest

from reelmill.cli.environment import unknown_settings
from reelmill.cli.printing import count
from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.settings import Settings


@pytest.fixture(autouse=True)
def _empty_ledger(_clean_environment):
    """For ``status`` to read."""
    Ledger.open(os.environ["REELMILL_LEDGER_URL"]).close()


def test_every_setting_is_known_in_any_case():
    names = [f"REELMILL_{name}" for name in Settings.model_fields]
    others = ["REELMILL_LOG_LEVEL", "REELMILL_PROFILE", "GOOGLE_CLOUD_PROJECT"]
    assert list(unknown_settings([*names, *map(str.upper, names), *others])) == []


def test_a_misspelt_setting_is_told_once_with_the_nearest_name(reelmill, monkeypatch):
    monkeypatch.setenv("REELMILL_CAP_DAY_US", "5")
    monkeypatch.setenv("REELMILL_XYZZY", "1")
    code, _, problems = reelmill("status")
    assert code == ExitCode.OK
    assert problems.count("REELMILL_CAP_DAY_US is no setting and is ignored; did you mean REELMILL_CAP_DAY_USD?") == 1
    assert "REELMILL_XYZZY is no setting and is ignored; docs/settings.md" in problems


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("cap_day_us = 5", "cap_day_us in reelmill.toml is no setting and is ignored; did you mean cap_day_usd?"),
        ("REELMILL_MODEL = 'x'", "REELMILL_MODEL in reelmill.toml is no setting and is ignored; did you mean model?"),
        ("GOOGLE_CLOUD_PROJECT = 'x'", "is no setting and is ignored; did you mean project?"),
        (
            "[profiles.staging]",
            "profiles in reelmill.toml is no setting and is ignored; did you mean a section [profile.",
        ),
        (
            "[profile.a]\nSamples = 1",
            "Samples in reelmill.toml [profile.a] is no setting and is ignored; did you mean s",
        ),
        ("xyzzy = 1", "xyzzy in reelmill.toml is no setting and is ignored; docs/settings.md lists them all."),
        ('"https://me:hunter2@h" = 1', "https://h in reelmill.toml is no setting"),
        ('"a\\u001b[31m" = 1', "a�[31m in reelmill.toml is no setting"),
    ],
)
def test_an_unknown_key_of_the_file_is_told_once(reelmill, tmp_path, monkeypatch, written, told):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reelmill.toml").write_text(written)
    code, _, problems = reelmill("status")
    assert code == ExitCode.OK
    assert problems.count(told) == 1
    assert problems.count("is ignored") == 1
    assert "hunter2" not in problems


def test_very_many_unknown_keys_are_counted(reelmill, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reelmill.toml").write_text("".join(f"{'k' * 90}{number} = 1\n" for number in range(1020)))
    _, _, problems = reelmill("status")
    assert problems.count("is no setting") == 20
    assert "1,000 more keys in reelmill.toml are no settings" in problems


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["plan", "nowhere.csv"], ExitCode.ERROR),
        (["plan"], ExitCode.USAGE),
        (["plan", "x.csv", "--nonsense"], ExitCode.USAGE),
        (["plan", "x.csv", "--limit", "many"], ExitCode.USAGE),
        (["report", "--run", "nobody"], ExitCode.USAGE),
        (["settle", "--output", "/nowhere/at/all"], ExitCode.USAGE),
        (["status", "--state", "sleepy"], ExitCode.USAGE),
    ],
)
def test_an_error_is_one_json_object_for_who_asked_for_json(reelmill, arguments, code):
    got, printed, problems = reelmill(*arguments, "--json")
    told = json.loads(printed)
    assert (got, told["exit_code"]) == (code, code)
    assert told["error"]
    assert told["remedy"]
    assert problems


def test_one_is_never_many():
    assert [count(n, "clip") for n in (0, 1, 2, 1200)] == ["0 clips", "1 clip", "2 clips", "1,200 clips"]
    assert count(2, "try", "tries") == "2 tries"


def test_lint_explains_its_feed(reelmill):
    _, printed, _ = reelmill("lint", "--help")
    assert "columns the templates may ask for" in " ".join(printed.replace("│", " ").split())
