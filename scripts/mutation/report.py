"""What became of the mutants: kept between runs, and told."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.sampling import Sample, equivalents
from scripts.mutation.trying import Outcome

__all__ = ["Tried", "keep", "read_kept", "report", "say"]


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant and what became of it."""

    mutant: Mutant
    outcome: Outcome
    seconds: float


def keep(folder: Path, tried: dict[Mutant, Tried]) -> None:
    """Write down what is known so far."""
    entries = [[*mutant.key, one.outcome.value, round(one.seconds, 1)] for mutant, one in tried.items()]
    (folder / "tried.json").write_text(json.dumps(entries, indent=1, ensure_ascii=False))


def read_kept(folder: Path, mutants: list[Mutant]) -> dict[Mutant, Tried]:
    """What ``keep`` wrote about those of ``mutants`` that it knew."""
    entries = json.loads((folder / "tried.json").read_text())
    known = {tuple(key): (Outcome(outcome), seconds) for *key, outcome, seconds in entries}
    return {mutant: Tried(mutant, *known[mutant.key]) for mutant in mutants if mutant.key in known}


def report(samples: list[Sample], tried: list[Tried]) -> None:
    """Print the survivors and the score."""
    known = equivalents()
    say("\nsurvivors")
    for one in sorted(tried, key=lambda one: (one.mutant.path, one.mutant.lines.start)):
        if one.outcome.lives:
            why = known.get(one.mutant.key)
            say(f"  {one.outcome.value}: {one.mutant}" + (f"\n    equivalent: {why}" if why else ""))
    say("\n| room | possible | tried | killed | timed out | survived | no test | equivalent | score |")
    say("|---|---|---|---|---|---|---|---|---|")
    for sample in samples:
        mine = [one for one in tried if one.mutant.path.startswith(f"{sample.room}/")]
        say(_row(sample.room, sample.possible, mine, known))
    say(_row("both", sum(sample.possible for sample in samples), tried, known))


def _row(name: str, possible: int, tried: list[Tried], known: dict[tuple[str, ...], str]) -> str:
    counts = Counter(one.outcome for one in tried)
    equivalent = sum(one.outcome.lives and one.mutant.key in known for one in tried)
    killed = counts[Outcome.KILLED] + counts[Outcome.TIMED_OUT]
    score = 100 * killed / max(1, len(tried) - equivalent)
    numbers = [possible, len(tried), *(counts[outcome] for outcome in Outcome), equivalent]
    return f"| {name} | {' | '.join(map(str, numbers))} | {score:.1f} % |"


def say(text: str) -> None:
    """To the terminal, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
