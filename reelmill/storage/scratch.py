"""Room on this machine's own disk for files on their way to or from storage, and what to say if there is none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelmill.errors import TryLater

__all__ = ["no_room", "own_disk", "scratch_folder"]

_THEN = "run the same command again"


@contextmanager
def scratch_folder(what: str, *, then: str = _THEN) -> Iterator[Path]:
    """A temporary folder for ``what``, gone afterwards. Raises TryLater if this machine has no room for one."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=f"reelmill-{what}-")
    except OSError as error:
        raise no_room(what, error, then=then) from None
    with folder as name:
        yield Path(name)


@contextmanager
def own_disk(what: str, folder: Path | None = None) -> Iterator[None]:
    """Say a failing disk in Reelmill's words while ``what`` is written to it; a missing file stays FileNotFoundError.

    Raises TryLater.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise no_room(what, error, folder) from None


def no_room(what: str, error: OSError, folder: Path | None = None, *, then: str = _THEN) -> TryLater:
    """This machine's disk does not take ``what`` in ``folder``, by default the one for temporary files."""
    where = folder or os.environ.get("TMPDIR") or "the temporary folder"
    return TryLater(
        f"This machine has no room for the {what} in {where}: {error.strerror or type(error).__name__}.",
        f"Free some disk space or set TMPDIR, then {then}.",
    )
