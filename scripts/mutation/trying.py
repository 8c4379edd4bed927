"""Run tests against changed code: in a copy of the repository, in a forked process, with a time limit.

The change is written into the copy, so whatever the tests start (other interpreters, forkservers, the simulator) runs
it too. What is forked has the heavy libraries imported already, but nothing of ours.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

__all__ = ["OPTIONS", "Outcome", "copy_repository", "import_libraries", "run_forked", "try_tests"]

_LIBRARIES = (
    "alembic.command",
    "av",
    "google.auth.transport.requests",
    "google.cloud.storage",
    "google.genai",
    "httpx",
    "hypothesis",
    "jinja2",
    "orjson",
    "psycopg",
    "pydantic_settings",
    "pytest",
    "pytest_asyncio",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "starlette.applications",
    "uvicorn",
)


OPTIONS = (
    "-x",
    "-q",
    "--tb=line",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:randomly",
    "--timeout=400",
    "--hypothesis-seed=1",
)


class Outcome(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    UNCOVERED = "no test runs it"

    @property
    def lives(self) -> bool:
        """Nothing noticed it."""
        return self in (Outcome.SURVIVED, Outcome.UNCOVERED)


def copy_repository(root: Path, copy: Path) -> None:
    """The tracked files as they are in the working folder now."""
    names = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - the git that the developer uses
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, names.split("\0")):
        if (root / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, copy / name)


def import_libraries() -> None:
    """Import what every test process would, so that forked ones need not."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    ours = [name for name in sys.modules if name.partition(".")[0] in {"reelmill", "tests", "flows", "tasks"}]
    assert not ours, f"imported before the fork, so never changed: {ours}"


def run_forked(copy: Path, log: Path, work: Callable[[], int], limit_s: float) -> int | None:
    """``work`` in a forked process that lives in ``copy``; its exit code, or None if it took too long."""
    child = os.fork()
    if child == 0:
        _live_in(copy, log)
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    try:
        return _wait(child, limit_s)
    finally:
        with suppress(ProcessLookupError):  # it, and whatever it left
            os.killpg(child, signal.SIGKILL)


def try_tests(copy: Path, tests: list[str], log: Path, *, limit_s: float) -> Outcome:
    """Run ``tests`` in ``copy`` until one fails."""

    def work() -> int:
        import pytest

        code = int(pytest.main([*OPTIONS, *tests]))
        import reelmill

        assert Path(str(reelmill.__file__)).is_relative_to(copy), reelmill.__file__
        return code

    code = run_forked(copy, log, work, limit_s)
    if code is None or (code == 1 and "Failed: Timeout" in log.read_text(errors="replace")):
        return Outcome.TIMED_OUT
    return Outcome.SURVIVED if code == 0 else Outcome.KILLED


def _live_in(copy: Path, log: Path) -> None:
    os.setsid()
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.chdir(copy)
    sys.path[:] = [str(copy), *(path for path in sys.path if path not in {"", str(copy)})]
    os.environ["PYTHONPATH"] = str(copy)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"  # two changes within a second would share their bytecode
    sys.dont_write_bytecode = True


def _wait(child: int, limit_s: float) -> int | None:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
