"""The simulator's own command line, turned into options."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from reelmill.errors import FixConfiguration
from reelmill.simulator.faults import Fault
from reelmill.simulator.options import SimulatorOptions

__all__ = ["parse_arguments", "parse_faults", "parse_latency"]


def parse_arguments(argv: Sequence[str] | None = None) -> SimulatorOptions:
    """Options from the command line. Exits with 2 on an unknown option; raises FixConfiguration on a bad value."""
    values = vars(_parser().parse_args(argv))
    values["latency"] = parse_latency(values["latency"])
    values["faults"] = parse_faults(kind for several in values["faults"] for kind in several)
    for name in ("models", "listed_only", "locations"):
        values[name] = tuple(part for part in values[name].split(",") if part)
    return SimulatorOptions(**values)


def parse_latency(text: str) -> tuple[float, float]:
    """``MIN:MAX`` (or one number for both) in seconds. Raises FixConfiguration."""
    shortest, _, longest = text.partition(":")
    try:
        return float(shortest), float(longest or shortest)
    except ValueError:
        raise FixConfiguration(f"--latency {text!r} is not MIN:MAX.", "Give seconds, like --latency 5:15.") from None


def parse_faults(texts: Iterable[str]) -> dict[Fault, float]:
    """``KIND=PROBABILITY`` pairs (several may be joined by commas). Raises FixConfiguration."""
    faults: dict[Fault, float] = {}
    for text in (part for joined in texts for part in joined.split(",") if part):
        kind, equals, probability = text.partition("=")
        try:
            faults[Fault(kind)] = float(probability) if equals else 1.0
        except ValueError:
            known = ", ".join(Fault)
            raise FixConfiguration(
                f"--fault {text!r} is not KIND=PROBABILITY.", f"Give for example 429=0.1; kinds: {known}."
            ) from None
    return faults


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="reelmill simulator",
        description="A strict stand-in for Veo on Vertex AI, for rehearsal and tests. It calls no model.",
        allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    default = SimulatorOptions()
    add = parser.add_argument
    add("--port", type=int, default=default.port, help="port; 0 chooses a free one")
    add("--host", default=default.host, help="address to listen on; there is no access control worth the name")
    add("--storage-url", default=default.storage_url, help="Cloud Storage (JSON API) that gs:// means here")
    add("--quota-per-minute", type=int, default=default.quota_per_minute, help="submits a minute per model; 0: none")
    add("--latency", default="{:g}:{:g}".format(*default.latency), help="MIN:MAX seconds of a generation")
    add("--seed", type=int, default=default.seed, help="decides latencies and faults")
    add(
        "--fault",
        dest="faults",
        action="append",
        nargs="+",
        default=[],
        metavar="KIND=PROBABILITY",
        help="see the docs",
    )
    add("--prompt-faults", action="store_true", help="let [[fault:KIND]] in a prompt force that fault")
    add("--slow-seconds", type=float, default=default.slow_seconds, help="delay of slow answers")
    add("--late-seconds", type=float, default=default.late_seconds, help="extra time of late_done")
    add("--journal", type=Path, default=None, help="append-only JSON lines file; without one, memory only")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--strict", action="store_true", help="refuse what the service is not known to accept")
    mode.add_argument("--realistic", dest="strict", action="store_false", help="accept what the service accepted")
    add("--models", default="", help="models that answer, comma-separated; empty: all in its price list")
    add("--listed-only", default="", help="models that are published but answer 404 when called")
    add("--locations", default=",".join(default.locations), help="regions that answer, comma-separated")
    add("--pending-done", action="store_true", help='say "done": false while pending')
    add("--fast-videos", action="store_true", help="one picture per size and length, made unique by its bytes only")
    add("--videos", type=Path, default=None, metavar="FOLDER", help="hand out copies of these .mp4 files, as they are")
    add("--video-scale", type=float, default=default.video_scale, help="shrink both sides of the videos")
    add("--workers", type=int, default=default.workers, help="threads that encode videos")
    return parser
