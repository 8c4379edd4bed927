"""Run the benchmarks and print figures and ratios.

python -m benchmarks [throttle] [planning] [machines] [media] [likeness] [overhead] [--quick] [--json FILE]
python -m benchmarks overhead [--clips N ...] [--peers PEER ...] [--ledger LEDGER]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import likeness, machines, media, overhead, planning, throttle
from benchmarks.machine import machine_line
from benchmarks.report import Report

_ALL: dict[str, Callable[..., Report]] = {
    "planning": planning.run,
    "throttle": throttle.run,
    "machines": machines.run,
    "media": media.run,
    "likeness": likeness.run,
    "overhead": overhead.run,
}


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 if every promise is kept, 1 if one is missed."""
    asked = _arguments(argv)
    machine = machine_line()
    print(f"Reelmill benchmarks{', quick: a sanity run' if asked.quick else ''}\n{machine}\n", flush=True)
    reports = []
    for name in asked.names or _ALL:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="reelmill-bench-") as folder:
            chosen = _chosen_of_overhead(asked) if name == "overhead" else {}
            report = _ALL[name](Path(folder), quick=asked.quick, say=_say, **chosen)
        reports.append(report)
        print(f"{report}\ntook   {time.monotonic() - began:.0f} s\n", flush=True)
    if asked.json is not None:
        asked.json.write_text(json.dumps(_for_machines(machine, reports, quick=asked.quick), indent=2) + "\n")
    return 0 if all(report.kept for report in reports) else 1


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure and print ratios.")
    parser.add_argument(
        "names", nargs="*", choices=(*_ALL, []), metavar="NAME", help=f"of {', '.join(_ALL)}; none: all"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: to see that it works, not how well")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    only = parser.add_argument_group("of overhead")
    only.add_argument("--clips", type=int, nargs="+", default=(), metavar="N", help="sizes; default: 1000 10000")
    only.add_argument("--peers", nargs="+", choices=overhead.PEERS, default=overhead.PEERS, help="default: all")
    only.add_argument("--ledger", choices=overhead.LEDGERS, default="sqlite", help="default: sqlite")
    return parser.parse_args(argv)


def _chosen_of_overhead(asked: argparse.Namespace) -> dict[str, Any]:
    return {"clips": asked.clips, "peers": asked.peers, "ledger": asked.ledger}


def _for_machines(machine: str, reports: list[Report], *, quick: bool) -> dict[str, Any]:
    measured = datetime.now(UTC).isoformat(timespec="seconds")
    return {
        "measured_at": measured,
        "machine": machine,
        "quick": quick,
        "reports": [report.to_dict() for report in reports],
    }


def _say(what: str) -> None:
    print(f"... {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
