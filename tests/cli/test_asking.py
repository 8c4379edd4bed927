"""Questions before money: asked at a real terminal, answered there, and never in the way of what a machine reads."""

import json
import os
import sys

import pytest

from reelmill.cli.approve import _confirm
from reelmill.errors import ExitCode, FixConfiguration


@pytest.fixture
def terminal(monkeypatch):
    """Give standard input a terminal at which a person types this."""
    opened = []

    def types(text: bytes) -> None:
        person, program = os.openpty()
        os.write(person, text)
        screen = os.fdopen(program, encoding="utf-8")
        opened.append((person, screen))
        monkeypatch.setattr(sys, "stdin", screen)

    yield types
    for person, screen in opened:
        os.close(person)
        screen.close()


def test_a_run_asks_on_standard_error_and_its_json_stays_json(reelmill, rehearsal, write_feed, terminal):
    terminal(b"y\n")
    code, printed, problems = reelmill(
        "run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal, "--json"
    )

    assert code == ExitCode.OK, problems
    assert json.loads(printed)["made"] == 1
    assert "Spend up to $0.40? [y/N]" in problems


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"], ids=["no", "nothing", "end of file"])
def test_without_a_yes_nothing_is_sent(reelmill, rehearsal, write_feed, veo, terminal, answer):
    terminal(answer)
    before = veo.stats()["posts"]
    code, _, problems = reelmill("run", write_feed("Lamp"), "--platforms", "tiktok", "--output", rehearsal)

    assert code == ExitCode.USAGE
    assert "was declined; nothing was sent" in problems
    assert veo.stats()["posts"] == before


def test_approve_asks_on_standard_error(capsys, terminal):
    terminal(b"yes\nno\n")
    _confirm(yes=False)
    with pytest.raises(FixConfiguration, match="Not approved"):
        _confirm(yes=False)

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Approve? [y/N] " * 2
