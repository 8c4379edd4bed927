"""Prove that nothing is paid twice and nothing is lost, whatever happens, and print what was tried.

python -m tests.chaos [PART ...] [--sample N] [--minutes M] [--seed S] [--database sqlite|postgresql|both] [--json FILE]
                      [--go-on FILE]
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import machine_line
from tests.chaos.bank import Bank, open_bank
from tests.chaos.ledgers import PostgresLedgers
from tests.chaos.lines import WAYS
from tests.chaos.parts import ONCE, PARTS, Extent, Part, pieces
from tests.chaos.progress import Progress, state_of_code
from tests.chaos.tally import Tally
from tests.support.postgres import postgres_server

__all__ = ["main"]

_KEPT, _BROKEN, _BROKEN_OFF = 0, 1, 130
_DATABASES = ("sqlite", "postgresql")
_SECOND_SAMPLE = 300


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 if every promise was kept, 1 if one was broken or a proof failed, 130 if it was broken off."""
    asked = _arguments(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    machine, began = machine_line(), time.monotonic()
    print(f"Reelmill, killed and cut off in every way\n{machine}, seed {asked.seed}\n", flush=True)
    how_far = {"seed": asked.seed, "sample": asked.sample, "minutes": asked.minutes}
    file = None if asked.at or asked.replay else asked.go_on
    progress, broken_off = Progress.open(file, {"code": state_of_code(), **how_far}), False
    if progress.done:
        worlds = sum(tally.worlds for tally in progress.done.values())
        print(f"Going on after {len(progress.done)} pieces, {worlds:,} worlds, {progress.seconds:,.0f} s\n", flush=True)
    before, unfinished = progress.seconds, list[Tally]()
    folder = Path(tempfile.mkdtemp(prefix="reelmill-chaos-"))
    try:
        extent = Extent(asked.sample, asked.minutes, asked.seed, asked.at, asked.replay, tuple(asked.way))
        only = ["lines"] if asked.at or asked.way else ["schedules"] if asked.replay else []
        parts = only or asked.parts or list(PARTS)
        first, *second = _DATABASES if asked.database == "both" else (asked.database,)
        _prove(parts, extent, folder / first, progress, unfinished)
        for database in second:
            fewer = replace(extent, sample=extent.sample or _SECOND_SAMPLE)
            _prove([part for part in parts if part not in ONCE], fewer, folder / database, progress, unfinished)
    except KeyboardInterrupt:
        broken_off = True
    tally = _sum(*progress.done.values(), *unfinished)
    seconds = round(before + time.monotonic() - began)
    facts = {"machine": machine, "seconds": seconds, "broken_off": broken_off, "asked": _as_text(vars(asked))}
    _report(tally, facts, asked.json)
    tally.broken += [f"control not seen: {name}" for name, seen in tally.controls.items() if not seen]
    if tally.broken:
        print("\nBroken:", *tally.broken, f"What is left of those worlds lies in {folder}.", sep="\n- ", flush=True)
        return _BROKEN
    shutil.rmtree(folder, ignore_errors=True)
    return _BROKEN_OFF if broken_off else _KEPT


def _sum(*tallies: Tally) -> Tally:
    total = Tally()
    for each in tallies:
        total.take_in(each)
    return total


def _report(tally: Tally, facts: dict[str, Any], file: Path | None) -> None:
    """Print what was tried and found, and write it to ``file``, if there is one."""
    print(f"\n{tally}\n{'seconds':36}{facts['seconds']:,}{', broken off' if facts['broken_off'] else ''}", flush=True)
    if file is not None:
        measured = datetime.now(UTC).isoformat(timespec="seconds")
        file.write_text(json.dumps({"measured_at": measured, **facts, **tally.to_dict()}, indent=2) + "\n")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description="Prove the promises about money.")
    parser.add_argument("parts", nargs="*", choices=(*PARTS, []), metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--sample", type=int, metavar="N", help="about so many points of each kind, not all of them")
    parser.add_argument("--minutes", type=float, default=20, metavar="M", help="how long to try random schedules")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="decides everything random")
    parser.add_argument(
        "--database",
        choices=(*_DATABASES, "both"),
        default="sqlite",
        help=f"where the ledgers are; both: a sample of {_SECOND_SAMPLE} is enough for the second one",
    )
    parser.add_argument(
        "--way",
        action="append",
        default=[],
        choices=[way.name for way in WAYS],
        help="lines of this way of a clip only; may be repeated",
    )
    parser.add_argument("--at", metavar="WAY:EVENT[:EVENT]", help="one world of lines: kill there")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="one schedule, as it was printed")
    parser.add_argument(
        "--go-on",
        type=Path,
        metavar="FILE",
        help="keep there what is done, and leave out what was done before, as long as code and extent are the same",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    return parser.parse_args(argv)


def _prove(parts: Sequence[str], extent: Extent, folder: Path, progress: Progress, unfinished: list[Tally]) -> None:
    """Every part that is asked for, on one database, but for the pieces that are done.

    A piece that breaks a promise, or is broken off, stays ``unfinished``: it is to be tried again.
    """
    with _bank(folder) as bank:
        for part in parts:
            for name, piece in pieces(part, extent):
                key = f"{folder.name}: {name}"
                if key in progress.done:
                    continue
                tally, began = Tally(), time.monotonic()
                unfinished.append(tally)
                _prove_piece(part, piece, bank, extent, folder, tally)
                if not tally.broken and all(tally.controls.values()):
                    unfinished.pop()
                    progress.finish(key, tally, time.monotonic() - began)


def _prove_piece(part: str, piece: Part, bank: Bank, extent: Extent, folder: Path, tally: Tally) -> None:
    """Try it. What its failure leaves undone is a broken promise, too."""
    say, began, before = _sayer(part), time.monotonic(), _dealt(bank)
    try:
        piece(bank, folder / part, tally, extent, say)
    except Exception as error:  # noqa: BLE001 - the others are still worth their while
        traceback.print_exc()
        tally.fail(part, error)
    finally:
        # Of some faults the journal cannot know, as nothing was accepted.
        dealt = _dealt(bank) - before
        tally.faults += {
            kind: count - tally.faults[kind] for kind, count in dealt.items() if count > tally.faults[kind]
        }
        how = f"[{part} --database {folder.name} --seed {extent.seed}]"
        tally.broken[:] = [f"{how} {sentence}" for sentence in tally.broken]
    say(f"took {time.monotonic() - began:,.0f} s; {len(tally.broken)} promises broken")


@contextmanager
def _bank(folder: Path) -> Iterator[Bank]:
    """The services."""
    folder.mkdir(parents=True)
    with ExitStack() as opened:
        ledgers = None
        if folder.name == "postgresql":
            ledgers = PostgresLedgers(opened.enter_context(postgres_server()))
        yield opened.enter_context(open_bank(folder, ledgers=ledgers))


def _dealt(bank: Bank) -> Counter[str]:
    """The faults that the simulator has dealt so far, by kind."""
    return Counter(bank.veo.stats()["faults"])


def _sayer(part: str) -> Callable[[str], None]:
    def say(text: str) -> None:
        print(f"{datetime.now(UTC):%H:%M:%S} {part}: {text.strip()}", file=sys.stderr, flush=True)

    return say


def _as_text(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: str(fact) if isinstance(fact, Path) else fact for name, fact in facts.items()}


if __name__ == "__main__":
    sys.exit(main())
