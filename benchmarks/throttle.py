"""What share of a submit quota is used: Reelmill's own run, beside what people use instead.

Each contender gets a simulator and a Cloud Storage of its own, started with the same options, and sends from
a process of its own. The peers stop after whole quota windows: within one, whoever sends everything at once
would look better than the quota.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.child import ROOT, clean_environment, run_child
from benchmarks.feed import write_feed
from benchmarks.report import Ratio, Report
from benchmarks.services import BUCKET, Services, services
from benchmarks.share import Accepted
from reelmill.cli.prefect_server import PrefectServer

__all__ = ["run"]

_PER_MINUTE = 600
_LATENCY = "5:15"
_CALLERS = 150  # what the longest generation needs to keep the quota busy: 10 a second x 15 s
_PROMISED = 0.98


@dataclass(frozen=True, slots=True)
class _Size:
    clips: int
    peer_clips: int
    peer_seconds: float


_WHOLE = _Size(clips=1000, peer_clips=1300, peer_seconds=120)
_QUICK = _Size(clips=100, peer_clips=100, peer_seconds=10)


@dataclass(frozen=True, slots=True)
class _Outcome:
    name: str
    share: float
    accepted: int
    refused: int
    row: tuple[object, ...]


def run(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure in ``folder``; ``say`` hears what is going on."""
    size = _QUICK if quick else _WHOLE
    say(f"Reelmill: {size.clips:,} clips at {_PER_MINUTE} a minute")
    ours = _reelmill(folder, size)
    say(f"a semaphore of {_CALLERS} with retries")
    semaphore = _peer("semaphore and retries", "benchmarks.peer_semaphore", folder, size, {})
    say("Prefect's rate_limit, with a Prefect server of its own")
    with _prefect(folder) as environment:
        prefect = _peer("Prefect rate_limit", "benchmarks.peer_rate_limit", folder, size, environment)
    notes = [
        f"Simulator: {_PER_MINUTE} submits in 60 s, {_LATENCY.replace(':', ' to ')} s a generation, ready-made videos.",
        f"The peers run {_CALLERS} loops, each until its video is there, for {size.peer_seconds:g} s.",
        "Share: accepted submits over what the quota permits from the first to the last (for the peers: in that time).",
    ]
    if quick:
        notes.append("Shorter than a quota window: nobody is refused yet, and the peers' shares mean nothing.")
    return Report(
        "throttle",
        ("sender", "accepted", "over s", "share %", "429s", "most in 60 s", "sender's cpu s"),
        [outcome.row for outcome in (ours, prefect, semaphore)],
        [
            Ratio("share of the permitted submits, Reelmill", ours.share, at_least=_PROMISED),
            Ratio("429s for Reelmill", ours.refused, at_most=0),
            Ratio("share, Reelmill / Prefect rate_limit", ours.share / prefect.share),
            Ratio("share, Reelmill / semaphore and retries", ours.share / semaphore.share),
            Ratio("429s per 100 accepted, semaphore and retries", 100 * semaphore.refused / semaphore.accepted),
        ],
        notes,
    )


def _reelmill(folder: Path, size: _Size) -> _Outcome:
    """``reelmill run`` as anybody calls it, over a feed whose products need two clips each."""
    feed = write_feed(folder / "feed.csv", size.clips // 2)
    with services(per_minute=_PER_MINUTE, latency=_LATENCY) as google:
        environment = clean_environment(
            **google.environment,
            REELMILL_LEDGER_URL=f"sqlite:///{folder / 'ledger.db'}",
            REELMILL_CATALOGS_DIR=str(ROOT / "catalogs"),
            REELMILL_QUOTA_PER_MINUTE=str(_PER_MINUTE),
            REELMILL_INSPECT="off",
        )
        arguments = ("run", str(feed), "--output", f"{BUCKET}/reels", "--yes", "--json")
        report = run_child("reelmill", *arguments, folder=folder, environment=environment)
        if report["made"] != size.clips:
            raise RuntimeError(f"Reelmill made {report['made']} of {size.clips} clips: {report}")
        return _outcome("Reelmill", google, report)


def _peer(name: str, module: str, folder: Path, size: _Size, environment: dict[str, str]) -> _Outcome:
    with services(per_minute=_PER_MINUTE, latency=_LATENCY) as google:
        report = run_child(
            module,
            *("--clips", str(size.peer_clips), "--callers", str(_CALLERS)),
            *("--seconds", str(size.peer_seconds + 1), "--bucket", BUCKET),
            folder=folder,
            environment=clean_environment(**google.environment, **environment),
        )
        return _outcome(name, google, report, seconds=size.peer_seconds)


def _outcome(name: str, google: Services, report: dict[str, Any], seconds: float | None = None) -> _Outcome:
    accepted, throttled = Accepted.of(google.ask("journal")), google.throttled()
    span = accepted.moments[-1] if seconds is None else seconds
    share = accepted.share(_PER_MINUTE, span)
    most, count = accepted.most_in_a_minute(), accepted.within(span)
    row = (name, count, span, 100 * share, throttled, most, report["process_cpu_s"])
    return _Outcome(name, share, count, throttled, row)


@contextmanager
def _prefect(folder: Path) -> Iterator[dict[str, str]]:
    server = PrefectServer.on(folder / "prefect")
    with server.start():
        prefect = {name: value for name, value in server.env.items() if name.startswith("PREFECT_")}
        yield prefect | {"BENCHMARK_PER_SECOND": str(_PER_MINUTE / 60)}
