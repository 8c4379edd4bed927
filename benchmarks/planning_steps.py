"""The steps of the planning benchmark, each run as a process of its own: prints one JSON object.

python -m benchmarks.planning_steps STEP FEED LEDGER_URL PLATFORMS
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.child import Stopwatch

__all__ = ["Step"]


@dataclass(frozen=True, slots=True)
class Step:
    """What a step works on."""

    feed: str
    ledger_url: str
    platforms: tuple[str, ...]

    def dict_reader(self) -> dict[str, Any]:
        """Merely read the file into rows, with the standard library's csv.DictReader."""
        watch = Stopwatch()
        with Path(self.feed).open(newline="", encoding="utf-8") as file:
            rows = sum(1 for _ in csv.DictReader(file))
        return {"rows": rows, **watch.read()}

    def arrow(self) -> dict[str, Any]:
        """Merely read the file into rows, with pyarrow's streaming reader and to_pylist."""
        from pyarrow import csv as arrow_csv

        watch = Stopwatch()
        with arrow_csv.open_csv(self.feed) as batches:
            rows = sum(len(batch.to_pylist()) for batch in batches)
        return {"rows": rows, **watch.read()}

    def plan(self) -> dict[str, Any]:
        """Plan as ``reelmill plan`` does."""
        from benchmarks.rehearsal import planning_settings
        from reelmill.jobs.catalog import CatalogRequest, plan_catalog
        from reelmill.jobs.engine import Engine

        with Engine(planning_settings(self.ledger_url), "") as engine:
            watch = Stopwatch()
            summary = plan_catalog(engine, CatalogRequest(feed=self.feed, platforms=self.platforms))
            measured = watch.read()
        plan = summary.to_dict()
        counts = {name: plan[name] for name in ("products", "clips", "make", "keep", "retire", "blocked", "rejects")}
        return counts | measured

    def remember(self) -> dict[str, Any]:
        """Fill the ledger as if every clip of the feed had been made by an earlier run."""
        from benchmarks.remembered import remember_as_made

        return {"clips": remember_as_made(self.feed, self.ledger_url, self.platforms)}


def _main(arguments: list[str]) -> None:
    step, feed, ledger_url, platforms = arguments
    work = Step(feed, ledger_url, tuple(platforms.split(",")))
    steps: dict[str, Callable[[], dict[str, Any]]] = {
        "dict_reader": work.dict_reader,
        "arrow": work.arrow,
        "plan": work.plan,
        "remember": work.remember,
    }
    print(json.dumps(steps[step]()))


if __name__ == "__main__":
    _main(sys.argv[1:])
