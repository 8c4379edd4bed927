"""Room on this machine for a video while it is looked at, and what to say if there is none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelmill.errors import TryLater

__all__ = ["no_room", "scratch_folder"]


@contextmanager
def scratch_folder(what: str) -> Iterator[Path]:
    """A temporary folder for ``what``, gone afterwards. Raises TryLater if this machine has no room for one."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=f"reelmill-{what}-")
    except OSError as error:
        raise no_room(Path(os.environ.get("TMPDIR") or "the temporary folder"), error) from None
    with folder as name:
        yield Path(name)


def no_room(folder: Path, error: OSError) -> TryLater:
    """This machine's disk does not take a video."""
    return TryLater(
        f"A video cannot be copied to {folder} to look at it: {error.strerror or type(error).__name__}.",
        "Free some disk space or set TMPDIR, then run `reelmill settle`; nothing was lost.",
    )
