"""Change the code of the ledger and of production in many small ways, and count how often a test notices.

python -m scripts.mutation [--sample 200] [--seed 1] [--workers 1] [--room reelmill/production]
python -m scripts.mutation --again [TEST ...]      those that survived the last time, against these tests alone

A random sample of each room; the tests are those of the two rooms and of jobs, which lead through them. What was found
stays in build/mutation. A mutant meets the tests that run its line, the quickest first, about a minute's worth of them
and another minute's on PostgreSQL: the score is a lower bound.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.report import Tried, keep, read_kept, report, say
from scripts.mutation.sampling import ROOMS, sample_room
from scripts.mutation.trying import Outcome, copy_repository, import_libraries, run_forked, try_tests
from scripts.mutation.watching import Watched, watch

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "mutation"
TESTS = ["tests/ledger", "tests/production", "tests/jobs"]
WATCHING_LIMIT_S = 3600
PATIENCE_S = 60
UNWATCHED_S = 60


@dataclass(frozen=True, slots=True)
class Trial:
    """A mutant and the tests that it shall meet."""

    mutant: Mutant
    tests: list[str]
    seconds: float
    """What the tests took together before anything was changed."""


def main() -> int:
    """Sample, try, tell."""
    wishes = _wishes()
    KEPT.mkdir(parents=True, exist_ok=True)
    import_libraries()
    with tempfile.TemporaryDirectory(prefix="reelmill-mutation-") as folder:
        watched = None if wishes.tests else _watched_before() if wishes.watched else _watch(Path(folder))
        samples = [sample_room(ROOT, room, wishes.sample, wishes.seed) for room in wishes.room or ROOMS]
        mutants = [mutant for sample in samples for mutant in sample.mutants]
        tried = read_kept(KEPT, mutants) if wishes.again or wishes.go_on else {}
        trials = [
            _trial(mutant, watched, wishes.tests)
            for mutant in mutants
            if mutant not in tried or (wishes.again and tried[mutant].outcome.lives)
        ]
        say(f"{len(trials)} mutants to try, seed {wishes.seed}")
        for one in _try_all(Path(folder), trials, wishes.workers):
            tried[one.mutant] = one
            keep(KEPT, tried)
    report(samples, [tried[mutant] for mutant in mutants])
    return 0


def _wishes() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scripts.mutation", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sample", type=int, default=200, help="mutants per room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--room", action="append", choices=ROOMS, help="only this one")
    parser.add_argument("--workers", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    parser.add_argument("--again", action="store_true", help="only those of the sample that survived the last time")
    parser.add_argument("--go-on", action="store_true", help="only those of the sample that were not tried yet")
    parser.add_argument("--watched", action="store_true", help="trust what the last run saw the tests do")
    parser.add_argument("tests", nargs="*", help="instead of those that run the changed line")
    return parser.parse_args()


def _watch(base: Path) -> Watched:
    """Run the unchanged tests once, in a copy."""
    copy, seen, log = base / "watched", KEPT / "watched.json", KEPT / "watched.log"
    copy_repository(ROOT, copy)
    began = time.monotonic()
    code = run_forked(copy, log, lambda: watch(copy, list(ROOMS), TESTS, seen), WATCHING_LIMIT_S)
    if code != 0:
        raise SystemExit(f"mutation: the tests fail on unchanged code, see {log}.")
    say(f"watched the tests for {time.monotonic() - began:.0f} s")
    return Watched.load(seen)


def _watched_before() -> Watched:
    return Watched.load(KEPT / "watched.json")


def _trial(mutant: Mutant, watched: Watched | None, tests: list[str]) -> Trial:
    if watched is None:
        return Trial(mutant, tests, UNWATCHED_S)
    chosen = watched.covering(mutant.path, mutant.lines, at_import=mutant.at_import, patience_s=PATIENCE_S)
    return Trial(mutant, chosen, sum(watched.seconds.get(test, 0.0) for test in chosen))


def _try_all(base: Path, trials: list[Trial], workers: int) -> Iterator[Tried]:
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, fork, _prepare, (base,)) as pool:
        for done in as_completed([pool.submit(_try_one, base, trial) for trial in trials]):
            tried = done.result()
            say(f"{tried.outcome.value:16} {tried.seconds:5.1f} s  {tried.mutant}")
            yield tried


def _prepare(base: Path) -> None:
    copy_repository(ROOT, base / str(os.getpid()))


def _try_one(base: Path, trial: Trial) -> Tried:
    """In the worker's own copy, which is as before afterwards."""
    copy, mutant = base / str(os.getpid()), trial.mutant
    if not trial.tests:
        return Tried(mutant, Outcome.UNCOVERED, 0)
    file, began = copy / mutant.path, time.monotonic()
    original = file.read_text()
    file.write_text(mutant.source)
    try:
        # Many times what it took, as the machine may have more to do now.
        outcome = try_tests(copy, trial.tests, copy / "mutant.log", limit_s=120 + 10 * trial.seconds)
    finally:
        file.write_text(original)
    return Tried(mutant, outcome, time.monotonic() - began)


if __name__ == "__main__":
    raise SystemExit(main())
