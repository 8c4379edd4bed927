"""Room on this machine for a video while it is looked at; what was paid lies in storage and waits for that."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from reelmill.errors import TryLater
from reelmill.storage import scratch

__all__ = ["no_room", "scratch_folder"]

_THEN = "run `reelmill settle`; nothing was lost"


def scratch_folder(what: str) -> AbstractContextManager[Path]:
    """A temporary folder for ``what``, gone afterwards. Raises TryLater if this machine has no room for one."""
    return scratch.scratch_folder(what, then=_THEN)


def no_room(folder: Path, error: OSError) -> TryLater:
    """This machine's disk does not take a video."""
    return scratch.no_room("video", error, folder, then=_THEN)
