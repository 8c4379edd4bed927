"""A worker: the real command line in a process of its own, forked from one that has imported everything.

Importing is most of what a short run costs; thousands of runs are affordable only without it.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import connection, spawn
from pathlib import Path
from typing import Any
from unittest import mock

import reelmill.cli
from tests.chaos.clock import shift_clock
from tests.chaos.controls import Control, break_protocol
from tests.chaos.tracing import AUTHORISE, LineEvents
from tests.support.forkserver import PROCESSES

__all__ = ["Interference", "Worker"]

_PREPARATION = spawn.get_preparation_data
_TURN = threading.Lock()  # threads that ask multiprocessing about the same child read its exit code away
_PATIENCE_S = 90
_CAPABILITIES = 0x20080522  # version 3 of their layout: two sets of three words
_CRASHED = 70  # the exit code of a worker that ended in an exception which is no Reelmill error


@dataclass(frozen=True, slots=True, kw_only=True)
class Interference:
    """What is done to a worker from within.

    ``signals``: the line event (from 1) at which it gets each signal; ``places``: the function at whose first line
    it gets one. ``clock_s``: how far ahead of the truth its wall clock is; ``steps``: the line event at which that
    clock is set, and by how many seconds it jumps. ``traced``: wait for a tracer when the first clip is about to be
    authorised. ``largest_file``: no file of it may grow beyond so many bytes. ``unprivileged``: root or not, it has
    to respect who may write what.
    """

    signals: dict[int, signal.Signals] = field(default_factory=dict)
    places: dict[str, signal.Signals] = field(default_factory=dict)
    count: bool = False
    begins: str = AUTHORISE  # where the count of line events begins
    control: Control | None = None
    clock_s: float = 0
    steps: dict[int, float] = field(default_factory=dict)
    traced: bool = False
    largest_file: int | None = None
    unprivileged: bool = False


def _without_main(name: str) -> dict[str, Any]:
    """What multiprocessing tells a child, but for the program that we are: to import it takes long, for nothing."""
    told: dict[str, Any] = _PREPARATION(name)
    return {key: value for key, value in told.items() if not key.startswith("init_main")}


class Worker:
    """A started worker. ``exit_code`` is negative if a signal ended it."""

    def __init__(
        self, name: str, arguments: list[str], environment: dict[str, str], folder: Path, interference: Interference
    ) -> None:
        self._out, self._err, self._note = (folder / f"{name}.{part}" for part in ("out", "err", "note"))
        files = (str(self._out), str(self._err), str(self._note))
        self._process = PROCESSES.Process(target=_work, args=(arguments, environment, files, interference), daemon=True)
        with _TURN, mock.patch.object(spawn, "get_preparation_data", _without_main):
            self._process.start()  # this asks about every other child, too

    @property
    def pid(self) -> int:
        """Its process id."""
        return int(self._process.pid or 0)

    @property
    def running(self) -> bool:
        """Whether it has not ended (it may be stopped)."""
        with _TURN:
            return bool(self._process.is_alive())

    @property
    def stopped(self) -> bool:
        """Whether it stands still since a SIGSTOP."""
        if not self.running:
            return False
        with contextlib.suppress(OSError):  # it has just ended
            return Path(f"/proc/{self.pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "T"
        return False

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        if self.running:
            with contextlib.suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def wait(self, patience_s: float = _PATIENCE_S) -> int:
        """Its exit code. Raises TimeoutError, after killing it, if it hangs."""
        if not connection.wait([self._process.sentinel], patience_s):
            self.signal(signal.SIGKILL)
            connection.wait([self._process.sentinel])
            raise TimeoutError(f"The worker hung:\n{self.said}")
        with _TURN:
            return int(self._process.exitcode or 0)

    @property
    def crashed(self) -> bool:
        """Whether it ended in an exception that is none of Reelmill's own."""
        with _TURN:
            return self._process.exitcode == _CRASHED

    @property
    def awaits_tracer(self) -> bool:
        """Whether it has come to where it waits for one."""
        return self._note.with_suffix(".ready").exists()

    @property
    def note(self) -> str:
        """Where it was when it was killed, as ``number file:line``; empty if it was not."""
        return self._note.read_text() if self._note.exists() else ""

    @property
    def said(self) -> str:
        """The end of what it printed."""
        return "\n".join(path.read_text()[-3000:] for path in (self._out, self._err) if path.exists())

    def printed(self) -> dict[str, Any]:
        """The JSON object on its standard output."""
        return dict(json.loads(self._out.read_text()))

    def counted(self) -> tuple[int, dict[str, int]]:
        """How many line events there were, and at which of them each line came first; only if it was told to count."""
        number, first = json.loads(self._note.with_suffix(".count").read_text())
        return int(number), dict(first)


def _work(arguments: list[str], environment: dict[str, str], files: tuple[str, str, str], told: Interference) -> None:
    out, err, note = files
    for descriptor, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    break_protocol(told.control)
    calls = {}
    if told.clock_s or told.steps:
        move = shift_clock(told.clock_s)
        calls = {number: partial(move, seconds) for number, seconds in told.steps.items()}
    if told.largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (told.largest_file, told.largest_file))
    if told.unprivileged:
        _give_up_power()
    if told.traced:
        _await_tracer(Path(note).with_suffix(".ready"))
    events = LineEvents(
        told.signals,
        lambda where: _write(note, where),
        root=Path(reelmill.__file__).parent,
        begins=told.begins,
        places=told.places,
        calls=calls,
    )
    if told.signals or told.places or told.steps or told.count:
        events.begin()
    code = 1
    try:
        reelmill.cli.main(arguments)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever it is, nobody may ever see it
        traceback.print_exc()
        code = _CRASHED
    finally:
        if told.count:
            events.end()
            _write(str(Path(note).with_suffix(".count")), json.dumps([events.counted, events.first]))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _give_up_power() -> None:
    """Drop every capability (capset(2)); without any, this does nothing."""
    nobody = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0), (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(*nobody):
        raise OSError(ctypes.get_errno(), "capset")


def _await_tracer(ready: Path) -> None:
    """When the first clip is about to be authorised, say so and go on only under a tracer."""
    from reelmill.production import producer

    authorise = producer.authorise

    def traced(*arguments: Any) -> Any:
        ready.touch()
        while "TracerPid:\t0\n" in Path("/proc/self/status").read_text():  # of the thread that is seized last
            time.sleep(0.001)
        return authorise(*arguments)

    producer.authorise = traced


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    os.write(descriptor, text.encode())
    os.close(descriptor)
