"""Keep beside the docs what `make chaos` has seen, so that pages quote it and nobody has to type it.

python -m scripts.evidence build/chaos/progress.json [CHECKOUT]    write it down, then the pages that quote it

What was proved is what lies here, or in CHECKOUT; about other code nothing is written down.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts import docs
from tests.chaos.progress import Progress, state_of_code
from tests.chaos.tally import Tally

__all__ = ["main", "summarise"]

_ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    """Write ``docs/evidence/chaos.json`` and every page that is stale by it."""
    file, checkout = Path(arguments[0]), Path(arguments[1]) if arguments[1:] else _ROOT
    asked = json.loads(file.read_text("utf-8"))["asked"]
    if asked["code"] != state_of_code(checkout):
        raise SystemExit(f"evidence: {file} is about other code than what lies in {checkout}. Check that out first.")
    docs.EVIDENCE.parent.mkdir(exist_ok=True)
    facts = {"commit": _commit(checkout), **summarise(Progress.open(file, asked))}
    docs.EVIDENCE.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return docs.main([])


def summarise(progress: Progress) -> Mapping[str, Any]:
    """What was asked, how long it took, each finished piece in numbers, and all of them together."""
    total = Tally()
    for tally in progress.done.values():
        total.take_in(tally)
    pieces = {name: tally.to_dict() for name, tally in progress.done.items()}
    return {**progress.asked, "seconds": round(progress.seconds), "pieces": pieces, "all": total.to_dict()}


def _commit(checkout: Path) -> str:
    git = ["git", "log", "-1", "--format=%h"]
    return subprocess.run(git, cwd=checkout, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
