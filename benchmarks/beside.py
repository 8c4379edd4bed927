"""Whether looking at videos, and making the platforms' files of them, takes anything from sending.

The same clips are made three times at Google's own quota, on this machine: nothing looks at the videos; the process
that sends looks at each and renders it; that process leaves it to ``reelmill inspect``, another one, at the same time.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.child import ROOT, clean_environment, run_child
from benchmarks.feed import write_feed
from benchmarks.media_clips import write_clip
from benchmarks.places import Places
from benchmarks.report import Ratio, Report
from benchmarks.services import BUCKET, Services, services
from benchmarks.share import Accepted

__all__ = ["run"]

_PER_MINUTE = 50  # Google's quota for one model in one region
_LATENCY = "2:4"  # keeps about 5 clips in flight at the quota, with the looks that find them done
_PLATFORMS = ("tiktok", "youtube_shorts", "instagram_feed")
_SIZE, _SECONDS = (720, 1280), 8
_PROMISED = 0.98
_NOTHING_TO_SEE_S = 2.0  # between two looks of the other process; the deployment looks every minute


@dataclass(frozen=True, slots=True)
class _Way:
    """Who looks at the videos, as settings."""

    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    elsewhere: bool = False


_NOBODY = _Way("nobody looks", {"REELMILL_INSPECT": "off"})
_HERE = _Way("in the sending process")
_ELSEWHERE = _Way("in another process", {"REELMILL_INSPECT_LATER": "true"}, elsewhere=True)


@dataclass(frozen=True, slots=True)
class _Size:
    clips: int
    in_flight: int
    footage: int


_WHOLE = _Size(clips=60, in_flight=24, footage=2)
_QUICK = _Size(clips=8, in_flight=6, footage=1)


@dataclass(frozen=True, slots=True)
class _Outcome:
    share: float
    share_until_full: float
    throttled: int
    row: tuple[object, ...]


def run(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure in ``folder``; ``say`` hears what is going on."""
    size = _QUICK if quick else _WHOLE
    footage = folder / "footage"
    footage.mkdir()
    say(f"{size.footage} clips of {_SECONDS} s are filmed")
    for number in range(size.footage):
        write_clip(footage / f"clip-{number}.mp4", number, size=_SIZE, seconds=_SECONDS)
    found = {}
    for number, way in enumerate((_NOBODY, _HERE, _ELSEWHERE)):
        say(f"{size.clips} clips at {_PER_MINUTE} a minute, looked at: {way.name}")
        found[way.name] = _make(folder / str(number), size, way, footage)
    alone, here, elsewhere = found.values()
    return Report(
        "beside",
        ("looked at", "clips", "sent in s", "share %", "full after s", "429s", "all done in s", "cpu s/clip"),
        [outcome.row for outcome in found.values()],
        [
            Ratio(f"share until full, {_HERE.name}", here.share_until_full, at_least=_PROMISED),
            Ratio(f"share, {_ELSEWHERE.name}", elsewhere.share, at_least=_PROMISED),
            Ratio(f"share, {_HERE.name} / nobody looks", here.share / alone.share),
            Ratio(f"share, {_ELSEWHERE.name} / nobody looks", elsewhere.share / alone.share),
            Ratio("429s", sum(outcome.throttled for outcome in found.values()), at_most=0),
        ],
        [
            f"{_SECONDS} s of footage in {_SIZE[0]} x {_SIZE[1]}, for {', '.join(_PLATFORMS)}.",
            f"Simulator: {_PER_MINUTE} submits in 60 s, a generation takes {_LATENCY.replace(':', ' to ')} s.",
            "Share: accepted submits over what the quota permits from the first to the last.",
            f"Full: in_flight = {size.in_flight} clips are between submit and settle; the next waits, as is meant.",
            "All done: made, and in the rows below the first looked at and rendered; one ledger, the same cores.",
        ],
    )


def _make(folder: Path, size: _Size, way: _Way, footage: Path) -> _Outcome:
    folder.mkdir()
    feed, ledger = write_feed(folder / "feed.csv", size.clips), f"sqlite:///{folder / 'ledger.db'}"
    with services(per_minute=_PER_MINUTE, latency=_LATENCY, footage=footage) as google:
        environment = clean_environment(
            **google.environment,
            **way.settings,
            REELMILL_LEDGER_URL=ledger,
            REELMILL_OUTPUT=f"{BUCKET}/reels",
            REELMILL_CATALOGS_DIR=str(ROOT / "catalogs"),
            REELMILL_QUOTA_PER_MINUTE=str(_PER_MINUTE),
            REELMILL_IN_FLIGHT=str(size.in_flight),
        )
        arguments = ("run", str(feed), "--platforms", ",".join(_PLATFORMS), "--yes", "--json")
        began, used = time.monotonic(), _cpu_of_children_s()
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(run_child, "reelmill", *arguments, folder=folder, environment=environment)
            if way.elsewhere:
                _look_until_done(sending, google, folder / "looking", environment)
            report = sending.result()
        took, cpu_s = time.monotonic() - began, _cpu_of_children_s() - used
        accepted, throttled = Accepted.of(google.ask("journal")), google.throttled()
    places = Places.of(ledger)
    files = 0 if way is _NOBODY else size.clips * len(_PLATFORMS)
    if (report["made"], places.files) != (size.clips, files):
        raise RuntimeError(f"{report['made']} clips were made, with {places.files} files, not {files}: {report}")
    full_with, span = places.full_with(size.in_flight), accepted.moments[-1]
    free_s = accepted.moments[full_with - 1] if full_with else span
    share, until_full = (accepted.share(_PER_MINUTE, seconds) for seconds in (span, free_s))
    full = free_s if full_with else "never"
    row = (way.name, size.clips, span, 100 * share, full, throttled, took, cpu_s / size.clips)
    return _Outcome(share, until_full, throttled, row)


def _look_until_done(
    sending: Future[dict[str, Any]], google: Services, folder: Path, environment: Mapping[str, str]
) -> None:
    """Start ``reelmill inspect`` again and again, as a schedule does, until a last time after the sending has ended."""
    folder.mkdir()
    while not sending.done() and not google.ask("journal"):
        wait([sending], _NOTHING_TO_SEE_S)
    over = False
    while not over:
        over = sending.done()
        looked = run_child("reelmill", "inspect", "--json", folder=folder, environment=environment)
        if not looked["looked_at"]:
            wait([sending], _NOTHING_TO_SEE_S)


def _cpu_of_children_s() -> float:
    """Processor seconds of all processes that have ended: not of simulator and storage, which still run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
