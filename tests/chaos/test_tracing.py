from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.tracing import STOP, LineEvents

_PROGRAM = """\
import asyncio
import threading


def before():
    return 1


def begin(rounds):
    total = 0
    for number in range(rounds):
        if number % 2:
            total += number
    return total


def numbers():
    try:
        yield 1
        yield 2
    finally:
        begin(0)


async def later():
    await asyncio.sleep(0)
    return begin(0)


def main():
    before()
    begin(2)
    for _ in numbers():
        pass
    asyncio.run(later())
    other = threading.Thread(target=begin, args=(0,))
    other.start() or other.join()
"""
_BEGIN_2 = [10, 11, 12, 11, 12, 13, 11, 14]
_BEGIN_0 = [10, 11, 14]
_EVENTS = [
    *_BEGIN_2,  # what came before it is not counted
    *(33, 18, 19, 34, 33, 20, 34, 33, 22, *_BEGIN_0),
    *(35, 26, 27, *_BEGIN_0),
    *(36, 37, *_BEGIN_0),
]
_WAYS = [False, True] if sys.version_info >= (3, 12) else [False]


def _sample(folder: Path) -> Callable[[], None]:
    path = folder / "sample.py"
    path.write_text(_PROGRAM)
    names: dict[str, Any] = {}
    exec(compile(_PROGRAM, str(path), "exec"), names)
    return names["main"]


class _Recorder(LineEvents):
    def __init__(self, folder: Path, **options: Any) -> None:
        super().__init__({}, lambda where: None, root=folder, **options)
        self.recorded: list[int] = []

    def _seen(self, code: Any, line: int) -> None:
        self.recorded.append(line)
        super()._seen(code, line)


def _watched(events: LineEvents, program: Callable[[], None]) -> None:
    """In a thread of its own, so that whatever measures these tests is not disturbed."""

    def run() -> None:
        events.begin()
        try:
            program()
        finally:
            events.end()

    thread = threading.Thread(target=run)
    hook = threading.gettrace()
    thread.start()
    thread.join()
    threading.settrace(hook)  # type: ignore[arg-type]  # none is one, too


@pytest.mark.parametrize("monitoring", _WAYS)
def test_each_way_of_counting_sees_the_same_lines_in_the_same_order(tmp_path: Path, monitoring: bool) -> None:
    program = _sample(tmp_path)
    events = _Recorder(tmp_path, begins="sample.py:begin", monitoring=monitoring)
    _watched(events, program)
    assert events.recorded == _EVENTS
    assert events.counted == len(_EVENTS)
    assert events.first == {f"sample.py:{line}": _EVENTS.index(line) + 1 for line in _EVENTS}


def test_nothing_is_counted_before_the_place_where_the_count_begins(tmp_path: Path) -> None:
    program = _sample(tmp_path)
    events = _Recorder(tmp_path, begins="sample.py:nowhere")
    _watched(events, program)
    assert events.counted == 0


def test_something_is_done_at_the_chosen_event_and_a_signal_comes_at_a_named_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = _sample(tmp_path)
    done: list[str] = []
    monkeypatch.setattr("tests.chaos.tracing.os.kill", lambda _pid, number: done.append(f"signal {number:d}"))
    events = LineEvents(
        {3: STOP},
        done.append,
        root=tmp_path,
        begins="sample.py:begin",
        places={"sample.py:later": STOP},
        calls={2: lambda: done.append("called")},
    )
    _watched(events, program)
    assert done == ["called", "3 sample.py:12", f"signal {STOP:d}", "22 sample.py:26", f"signal {STOP:d}"]
