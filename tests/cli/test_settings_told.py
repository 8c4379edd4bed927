"""What the command line says of settings, errors and numbers, whatever the verb."""

import json

import pytest

from reelmill.cli.environment import unknown_settings
from reelmill.cli.printing import count
from reelmill.errors import ExitCode
from reelmill.settings import Settings


def test_every_setting_is_known_in_any_case():
    names = [f"REELMILL_{name}" for name in Settings.model_fields]
    assert list(unknown_settings([*names, *map(str.upper, names), "REELMILL_LOG_LEVEL", "GOOGLE_CLOUD_PROJECT"])) == []


def test_a_misspelt_setting_is_told_once_with_the_nearest_name(reelmill, monkeypatch):
    monkeypatch.setenv("REELMILL_CAP_DAY_US", "5")
    monkeypatch.setenv("REELMILL_XYZZY", "1")
    code, _, problems = reelmill("status")
    assert code == ExitCode.OK
    assert problems.count("REELMILL_CAP_DAY_US is no setting and is ignored; did you mean REELMILL_CAP_DAY_USD?") == 1
    assert "REELMILL_XYZZY is no setting and is ignored; docs/settings.md" in problems


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
