"""Line events of our own code, counted over every thread; at the chosen one the process is killed or stopped.

Up to Python 3.11 this is ``sys.settrace``, from 3.12 on ``sys.monitoring``, which costs less. Both count the same
lines; a loop or comprehension that fits on one line counts once under the latter and once a round under the former.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

__all__ = ["AUTHORISE", "KILL", "STOP", "TAKE_OVER", "LineEvents"]

KILL, STOP = signal.SIGKILL, signal.SIGSTOP

AUTHORISE = "production/sending.py:authorise"
"""Where the count begins: the first clip is about to be authorised."""

TAKE_OVER = "jobs/resuming.py:adopt_abandoned"
"""Where it begins for a worker that goes on with what another one left."""


class LineEvents:
    """Counts from ``begins`` on (``file:function`` below ``root``), and sends this very process signals.

    ``signals`` maps a count (from 1) to a signal; ``places`` maps a function, as in
    ``production/sending.py:_record``, to the signal that comes at its first line, once; ``calls`` maps a count to
    something that is done in between. ``note`` is told, just before a signal, where that is. ``first`` has the count
    at which each line, as ``file:line``, was first reached.
    """

    def __init__(
        self,
        signals: Mapping[int, signal.Signals],
        note: Callable[[str], None],
        *,
        root: Path,
        begins: str = AUTHORISE,
        places: Mapping[str, signal.Signals] | None = None,
        calls: Mapping[int, Callable[[], None]] | None = None,
        monitoring: bool = sys.version_info >= (3, 12),
    ) -> None:
        self._signals, self._note = signals, note
        self._places, self._calls = dict(places or {}), calls or {}
        self._ours = f"{root}{os.sep}"
        file, _, self._begins_in = begins.partition(":")
        self._begins_at = self._ours + file.replace("/", os.sep)
        self._numbers = count(1)
        self._monitoring = monitoring
        self._begun = False
        self.counted = 0
        self.first: dict[str, int] = {}

    def begin(self) -> None:
        """Watch every thread of this process from now on."""
        if self._monitoring:
            self._monitor()
        else:
            threading.settrace(self._enter)
            sys.settrace(self._enter)

    def end(self) -> None:
        """Watch no longer. For other threads than this one: no new function."""
        if self._monitoring:
            sys.monitoring.set_events(sys.monitoring.DEBUGGER_ID, 0)
            sys.monitoring.free_tool_id(sys.monitoring.DEBUGGER_ID)
        else:
            threading.settrace(None)  # type: ignore[arg-type]  # typeshed knows no way to stop
            sys.settrace(None)

    def _seen(self, code: CodeType, line: int) -> None:
        number = next(self._numbers)  # atomic, so that no two threads share a number
        self.counted = max(self.counted, number)
        where = f"{code.co_filename.removeprefix(self._ours)}:{line}"
        self.first.setdefault(where, number)
        if number in self._calls:
            self._calls[number]()
        chosen = self._signals.get(number)
        if self._places and chosen is None:
            chosen = self._places.pop(f"{where.rpartition(':')[0]}:{code.co_name}", None)
        if chosen is not None:
            self._note(f"{number} {where}")
            os.kill(os.getpid(), chosen)

    def _is_ours(self, code: CodeType) -> bool:
        """Whether to watch it; if it is where the count begins, begin."""
        if not code.co_filename.startswith(self._ours):
            return False
        if not self._begun and code.co_name == self._begins_in and code.co_filename == self._begins_at:
            self._begun = True
        return True

    # ---- until 3.11

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        return self._line if self._is_ours(frame.f_code) else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        if self._begun and event == "line":
            self._seen(frame.f_code, frame.f_lineno)
        return self._line

    # ---- from 3.12

    def _monitor(self) -> None:
        tools = sys.monitoring

        def line(code: CodeType, number: int) -> Any:
            if not code.co_filename.startswith(self._ours):
                return tools.DISABLE
            if self._begun:
                self._seen(code, number)
            return None

        def start(code: CodeType, _offset: int) -> Any:
            return None if self._is_ours(code) else tools.DISABLE

        tools.use_tool_id(tools.DEBUGGER_ID, "chaos")
        tools.register_callback(tools.DEBUGGER_ID, tools.events.LINE, line)
        tools.register_callback(tools.DEBUGGER_ID, tools.events.PY_START, start)
        tools.set_events(tools.DEBUGGER_ID, tools.events.LINE | tools.events.PY_START)
