"""Line events of our own code, counted over every thread; at the chosen one the process is killed or stopped.

The count begins when the first clip is authorised. Up to Python 3.11 this is ``sys.settrace``, from 3.12 on
``sys.monitoring``, which costs less.
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

import reelmill

__all__ = ["KILL", "STOP", "LineEvents"]

KILL, STOP = signal.SIGKILL, signal.SIGSTOP
OURS = f"{Path(reelmill.__file__).parent}{os.sep}"
_BEGINS = (f"production{os.sep}sending.py", "authorise")


class LineEvents:
    """Counts, and sends this very process a signal at chosen counts (from 1).

    ``signals`` maps a count to a signal; ``places`` maps a function, as in ``production/sending.py:_record``, to the
    signal that comes at its first line, once; ``calls`` maps a count to something that is done in between. ``note``
    is told, just before a signal, where that is.
    """

    def __init__(
        self,
        signals: Mapping[int, signal.Signals],
        note: Callable[[str], None],
        *,
        places: Mapping[str, signal.Signals] | None = None,
        calls: Mapping[int, Callable[[], None]] | None = None,
    ) -> None:
        self._signals, self._note = signals, note
        self._places, self._calls = dict(places or {}), calls or {}
        self._numbers = count(1)
        self._begun = False
        self.counted = 0
        self.lines: set[str] = set()

    def begin(self) -> None:
        """Watch every thread of this process from now on."""
        if sys.version_info >= (3, 12):
            self._monitor()
        else:
            threading.settrace(self._enter)
            sys.settrace(self._enter)

    def _seen(self, code: CodeType, line: int) -> None:
        number = next(self._numbers)  # atomic, so that no two threads share a number
        self.counted = max(self.counted, number)
        where = f"{code.co_filename.removeprefix(OURS)}:{line}"
        self.lines.add(where)
        if number in self._calls:
            self._calls[number]()
        chosen = self._signals.get(number)
        if self._places and chosen is None:
            chosen = self._places.pop(f"{where.rpartition(':')[0]}:{code.co_name}", None)
        if chosen is not None:
            self._note(f"{number} {where}")
            os.kill(os.getpid(), chosen)

    def _watches(self, code: CodeType) -> bool:
        if not code.co_filename.startswith(OURS):
            return False
        if not self._begun and code.co_name == _BEGINS[1] and code.co_filename.endswith(_BEGINS[0]):
            self._begun = True
        return self._begun

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        return self._line if self._watches(frame.f_code) else None

    def _line(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        if event == "line":
            self._seen(frame.f_code, frame.f_lineno)
        return self._line

    def _monitor(self) -> None:
        tools = sys.monitoring  # type: ignore[attr-defined]  # 3.12 and later
        tools.use_tool_id(tools.DEBUGGER_ID, "chaos")

        def line(code: CodeType, number: int) -> Any:
            if not code.co_filename.startswith(OURS):
                return tools.DISABLE
            if self._begun:
                self._seen(code, number)
            return None

        def start(code: CodeType, _offset: int) -> Any:
            return None if self._watches(code) or code.co_filename.startswith(OURS) else tools.DISABLE

        tools.register_callback(tools.DEBUGGER_ID, tools.events.LINE, line)
        tools.register_callback(tools.DEBUGGER_ID, tools.events.PY_START, start)
        tools.set_events(tools.DEBUGGER_ID, tools.events.LINE | tools.events.PY_START)
