"""A question to the person at the terminal."""

from __future__ import annotations

import sys

__all__ = ["agreed"]


def agreed(question: str) -> bool:
    """Whether they say yes; no answer is none.

    The question goes to standard error, because standard output is often a file that a machine reads.
    """
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
