"""Whether looking at videos, and making the platforms' files of them, takes anything from sending.

The same clips are made twice at Google's own quota, in one process on this machine: once nothing looks at the videos,
once each is inspected and rendered for three platforms while the next are being sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import ROOT, clean_environment, run_child
from benchmarks.feed import write_feed
from benchmarks.report import Ratio, Report
from benchmarks.services import BUCKET, services
from benchmarks.share import Accepted

__all__ = ["run"]

_PER_MINUTE = 50  # Google's quota for one model in one region
_LATENCY = "5:15"
_PLATFORMS = "tiktok,youtube_shorts,instagram_feed"
_PROMISED = 0.98


@dataclass(frozen=True, slots=True)
class _Outcome:
    share: float
    throttled: int
    row: tuple[object, ...]


def run(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure in ``folder``; ``say`` hears what is going on."""
    clips = 10 if quick else 60
    say(f"{clips} clips at {_PER_MINUTE} a minute, nobody looks")
    alone = _make(folder / "alone", clips, "nobody looks", "off")
    say(f"{clips} clips at {_PER_MINUTE} a minute, each inspected and rendered")
    beside = _make(folder / "beside", clips, "inspected and rendered", "full")
    return Report(
        "beside",
        ("videos", "clips", "sent in s", "share %", "429s", "all done in s", "cpu s/clip"),
        [alone.row, beside.row],
        [
            Ratio("share of the permitted submits, inspecting and rendering beside", beside.share, at_least=_PROMISED),
            Ratio("share, with / without", beside.share / alone.share),
            Ratio("429s", alone.throttled + beside.throttled, at_most=0),
        ],
        [
            f"8 s in 720p, for {_PLATFORMS}; simulator: {_PER_MINUTE} submits in 60 s, ready-made videos.",
            "Share: accepted submits over what the quota permits from the first to the last.",
        ],
    )


def _make(folder: Path, clips: int, name: str, inspect: str) -> _Outcome:
    folder.mkdir()
    feed = write_feed(folder / "feed.csv", clips)
    with services(per_minute=_PER_MINUTE, latency=_LATENCY) as google:
        environment = clean_environment(
            **google.environment,
            REELMILL_LEDGER_URL=f"sqlite:///{folder / 'ledger.db'}",
            REELMILL_CATALOGS_DIR=str(ROOT / "catalogs"),
            REELMILL_QUOTA_PER_MINUTE=str(_PER_MINUTE),
            REELMILL_INSPECT=inspect,
        )
        arguments = ("run", str(feed), "--output", f"{BUCKET}/reels", "--platforms", _PLATFORMS, "--yes", "--json")
        began = time.monotonic()
        report = run_child("reelmill", *arguments, folder=folder, environment=environment)
        took = time.monotonic() - began
        accepted, throttled = Accepted.of(google.ask("journal")), google.throttled()
    if report["made"] != clips:
        raise RuntimeError(f"{report['made']} of {clips} clips were made: {report}")
    span = accepted.moments[-1]
    share = accepted.share(_PER_MINUTE, span)
    row = (name, clips, span, 100 * share, throttled, took, report["process_cpu_s"] / clips)
    return _Outcome(share, throttled, row)
