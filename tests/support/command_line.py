"""The command line as fixtures: import them into the conftest of a room that needs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reelmill.cli import main

__all__ = ["reelmill", "reelmill_json"]


@pytest.fixture
def reelmill(capsys) -> Callable[..., tuple[int, str, str]]:
    """Run the command line; returns exit code, standard output and standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


@pytest.fixture
def reelmill_json(reelmill) -> Callable[..., tuple[int, dict]]:
    """The same with ``--json``: exit code and the one object on standard output."""

    def run(*arguments: str | Path) -> tuple[int, dict]:
        code, printed, problems = reelmill(*arguments, "--json")
        assert printed, problems
        return code, json.loads(printed)

    return run
