"""This machine's own disk, where files are prepared before storage takes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from reelmill.errors import TryLater

__all__ = ["own_disk"]


@contextmanager
def own_disk(what: str) -> Iterator[None]:
    """Say a failing disk in Reelmill's words, while ``what`` is prepared on it; a missing file stays FileNotFoundError.

    Raises TryLater.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        folder = os.environ.get("TMPDIR") or "the temporary folder"
        raise TryLater(
            f"{what} cannot be prepared in {folder}: {error.strerror or type(error).__name__}.",
            "Free some space or set TMPDIR, then run the same command again.",
        ) from None
