"""Random schedules: seeded combinations of everything that can go wrong, for as long as asked.

A failure is made as short as can be, and printed with its seed. ``python -m tests.chaos schedules --seed S`` tries
from that seed on; ``--replay FILE`` plays one that was printed.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import count as numbers
from pathlib import Path

from tests.chaos.bank import Bank
from tests.chaos.controls import Control
from tests.chaos.ledgers import PostgresLedgers
from tests.chaos.playing import Played, play
from tests.chaos.schedule import Schedule, draw
from tests.chaos.shrinking import shrink
from tests.chaos.tally import Tally

__all__ = ["SOUGHT", "failure", "replay", "run", "search", "seek", "shortest"]

Say = Callable[[str], None]
SOUGHT = (Control.LATE_SENDING, Control.SDK_RETRIES)
"""The broken engines that a random search is to find: whoever kills or drops the line at random meets them."""

_TRIES = 3  # threads and clocks are nobody's to command: the same schedule may pass once and fail the next time
_MOST_FAILURES = 3  # shrinking takes long; by then there is enough to think about
_SAY_EVERY = 25


def run(
    bank: Bank,
    folder: Path,
    tally: Tally,
    *,
    minutes: float | None = None,
    count: int | None = None,
    seed: int = 1,
    at_once: int = 2,
    control: Control | None = None,
    say: Say = lambda _: None,
) -> None:
    """Play the schedules of ``seed`` and the seeds after it, for so long or so many; one that fails is shrunk."""
    deadline = time.monotonic() + minutes * 60 if minutes is not None else None
    seeds = iter(range(seed, seed + count)) if count is not None else numbers(seed)
    database = database_of(bank)
    failed = 0
    with ThreadPoolExecutor(at_once) as pool:
        playing: dict[Future[Played], Schedule] = {}
        more = True
        while more or playing:
            more = more and failed < _MOST_FAILURES and (deadline is None or time.monotonic() < deadline)
            if more and len(playing) < at_once:
                following = next(seeds, None)
                more = following is not None
                if following is not None:
                    schedule = draw(following, database)
                    playing[pool.submit(play, schedule, bank, _folder(folder, schedule), control=control)] = schedule
                continue
            done, _ = wait(playing, return_when=FIRST_COMPLETED)
            for future in done:
                schedule = playing.pop(future)
                if broken := _count(tally, schedule, future):
                    failed += 1
                    say(f"seed {schedule.seed} failed: {broken}\n{schedule}\nShrinking it …")
                    short = shortest(schedule, bank, folder, control=control)
                    tally.broken.append(f"schedules --seed {schedule.seed}, the shortest that fails:\n{short}")
                if tally.schedules % _SAY_EVERY == 0:
                    say(f"{tally.schedules:,} schedules, {len(tally.broken)} promises broken")


def replay(bank: Bank, folder: Path, tally: Tally, schedule: Schedule, *, say: Say = lambda _: None) -> None:
    """Play one schedule that was printed, until it fails again, a few times at most."""
    for turn in range(_TRIES):
        future: Future[Played] = Future()
        try:
            future.set_result(play(schedule, bank, folder / f"replay-{turn}"))
        except Exception as error:  # noqa: BLE001 - told as a failure
            future.set_exception(error)
        broken = _count(tally, schedule, future)
        say(f"turn {turn + 1}: {broken or 'all kept'}")
        if broken:
            return


def search(
    bank: Bank, folder: Path, tally: Tally, *, most: int = 200, seed: int = 1, say: Say = lambda _: None
) -> None:
    """Show that a random search finds an engine that is broken on purpose, and shrinks what it finds.

    ``most`` schedules are tried for each such engine; one that none of them finds has broken a promise: ours.
    """
    for control in SOUGHT:
        found = seek(bank, folder, control, most=most, seed=seed)
        tally.controls[f"random search: {control}"] = found is not None
        if found is None:
            say(f"{control}: NOT FOUND by {most} schedules")
            continue
        short = shortest(found, bank, folder, control=control)
        say(f"{control}: found by seed {found.seed}, {len(found.steps)} steps; the shortest that fails:\n{short}")


def seek(bank: Bank, folder: Path, control: Control, *, most: int, seed: int = 1) -> Schedule | None:
    """The first schedule among ``most`` seeds that makes the proof fail with this engine."""
    database = database_of(bank)
    drawn = (draw(number, database) for number in range(seed, seed + most))
    return next((schedule for schedule in drawn if failure(schedule, bank, folder, control=control)), None)


def shortest(
    schedule: Schedule, bank: Bank, folder: Path, *, control: Control | None = None, budget: int = 60
) -> Schedule:
    """The shortest schedule found that still fails."""

    def fails(candidate: Schedule) -> bool:
        return any(failure(candidate, bank, folder, control=control) for _ in range(_TRIES))

    return shrink(schedule, fails, budget=budget)


def failure(schedule: Schedule, bank: Bank, folder: Path, *, control: Control | None = None) -> str:
    """What was broken when the schedule was played, in one sentence; empty if nothing was."""
    place = _folder(folder, schedule)
    try:
        broken = play(schedule, bank, place, control=control).verdict.broken
    except Exception as error:  # noqa: BLE001 - what cannot be judged is no success
        return f"{type(error).__name__}: {error}"
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return broken[0] if broken else ""


def database_of(bank: Bank) -> str:
    """What the bank's ledgers are on."""
    return "postgresql" if isinstance(bank.ledgers, PostgresLedgers) else "sqlite"


def _count(tally: Tally, schedule: Schedule, future: Future[Played]) -> str:
    """Add up what came of it; what was broken first, if anything."""
    what = f"schedules --seed {schedule.seed}"
    tally.schedules += 1
    if (error := future.exception()) is not None:
        tally.fail(what, error)
        return f"{type(error).__name__}: {error}"
    played = future.result()
    tally.add(what, played.verdict)
    tally.faults += played.done
    tally.kill_points += len(played.killed_at)
    tally.kill_lines |= played.killed_at
    return played.verdict.broken[0] if played.verdict.broken else ""


def _folder(folder: Path, schedule: Schedule) -> Path:
    return folder / f"seed-{schedule.seed}-{time.monotonic_ns():x}"
