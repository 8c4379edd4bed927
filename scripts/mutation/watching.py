"""Which test runs which line, and for how long: one run of the tests under coverage, a context per test."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.mutation.trying import OPTIONS

__all__ = ["Watched", "watch"]


@dataclass(frozen=True, slots=True)
class Watched:
    """What the tests did before anything was changed."""

    seconds: Mapping[str, float]
    """By test."""
    tests: Mapping[str, Mapping[int, frozenset[str]]]
    """By path and line."""

    def covering(self, path: str, lines: range, *, at_import: bool, patience_s: float) -> list[str]:
        """The tests that can notice a change there: the quickest, and then the quickest on PostgreSQL.

        Of each, as many as take about ``patience_s`` together. What runs at import is run by no test, so it is all
        those that run any line of the file, else all tests.
        """
        by_line = self.tests.get(path, {})
        asked = by_line if at_import else lines
        found = {test for line in asked for test in by_line.get(line, ())}
        if at_import and not found:
            found = set(self.seconds)
        ordered = sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test))
        postgresql = [test for test in ordered if "postgresql" in test]
        others = [test for test in ordered if "postgresql" not in test]
        return [*self._first(others, patience_s), *self._first(postgresql, patience_s)]

    def _first(self, tests: list[str], patience_s: float) -> Iterator[str]:
        spent = 0.0
        for test in tests:
            if spent > patience_s:
                return
            yield test
            spent += self.seconds.get(test, 0.0)

    def save(self, file: Path) -> None:
        """Keep it for another process."""
        tests = {path: {line: sorted(names) for line, names in by.items()} for path, by in self.tests.items()}
        file.write_text(json.dumps({"seconds": dict(self.seconds), "tests": tests}))

    @classmethod
    def load(cls, file: Path) -> Watched:
        """What ``save`` kept."""
        kept = json.loads(file.read_text())
        tests = {
            path: {int(line): frozenset(names) for line, names in by.items()} for path, by in kept["tests"].items()
        }
        return cls(kept["seconds"], tests)


class _Watcher:
    """Tells coverage which test it is, and takes the time."""

    def __init__(self, coverage: Any) -> None:
        self.coverage = coverage
        self.seconds: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        began = time.monotonic()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] += time.monotonic() - began

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        # Fixtures open ledgers for the whole session, but also do what belongs to this test.
        self.coverage.switch_context(item.nodeid)
        return (yield)


def watch(root: Path, rooms: list[str], tests: list[str], file: Path) -> int:
    """Run ``tests`` in the present process and folder; returns pytest's exit code, and what was seen in ``file``."""
    from coverage import Coverage

    coverage = Coverage(data_file=None, source=[str(root / room) for room in rooms], config_file=False)
    watcher = _Watcher(coverage)
    coverage.start()
    code = pytest.main([*OPTIONS, *tests], plugins=[watcher])
    coverage.stop()
    data = coverage.get_data()
    seen: dict[str, dict[int, frozenset[str]]] = {}
    for name in data.measured_files():
        by_line = {line: frozenset(filter(None, tests)) for line, tests in data.contexts_by_lineno(name).items()}
        seen[str(Path(name).relative_to(root))] = {line: tests for line, tests in by_line.items() if tests}
    Watched(dict(watcher.seconds), seen).save(file)
    return int(code)
