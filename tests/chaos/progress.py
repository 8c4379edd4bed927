"""How far a long proof has come: what is done stays done while the code is the same, so it can go on another day."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.tally import Tally

__all__ = ["Progress", "state_of_code"]

_ROOT = Path(__file__).parents[2]
_PROVED, _PROVING = ("reelmill", "flows", "tasks", "catalogs", "requirements.lock"), ("tests/chaos", "tests/support")


@dataclass(slots=True)
class Progress:
    """Finished pieces by name, each with its own tally, and how long they took; kept in ``file``, if there is one.

    ``asked`` is what else they depend on: the state of the code, the seed, how far to go.
    """

    asked: dict[str, Any]
    file: Path | None = None
    done: dict[str, Tally] = field(default_factory=dict)
    seconds: float = 0

    @classmethod
    def open(cls, file: Path | None, asked: dict[str, Any]) -> Progress:
        """What ``file`` has; nothing if it is not there, or was of another state of the code or asked otherwise."""
        begun = cls(asked, file)
        if file is not None and file.exists():
            kept = json.loads(file.read_text())
            if kept["asked"] == asked:
                begun.done = {name: Tally.from_json(facts) for name, facts in kept["done"].items()}
                begun.seconds = kept["seconds"]
        return begun

    def finish(self, name: str, tally: Tally, seconds: float) -> None:
        """Keep a piece that came to its end."""
        self.done[name] = tally
        self.seconds += seconds
        if self.file is None:
            return
        self.file.parent.mkdir(parents=True, exist_ok=True)
        kept = {"asked": self.asked, "seconds": self.seconds}
        part = self.file.with_suffix(".part")
        part.write_text(
            json.dumps({**kept, "done": {name: one.to_json() for name, one in self.done.items()}}, indent=1)
        )
        part.replace(self.file)


def state_of_code(root: Path = _ROOT) -> str:
    """A digest of the engine, its flows, content and dependencies, and of the proof itself."""
    digest = hashlib.sha256()
    for name in (*_PROVED, *_PROVING):
        top = root / name
        files = [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.is_file())
        for path in files:
            if path.suffix != ".pyc":
                digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
