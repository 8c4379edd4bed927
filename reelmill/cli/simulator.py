"""``reelmill simulator``: become the stand-in for Veo on Vertex AI, a process of its own."""

from __future__ import annotations

import os
import sys
from typing import Annotated, NoReturn

from cyclopts import Parameter

__all__ = ["simulator"]


def simulator(
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True, help="See docs/simulator.md, or --help.")],
) -> NoReturn:
    """Start the stand-in for Veo on Vertex AI: the real protocol, real videos, no money."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "reelmill.simulator", *arguments])  # noqa: S606 — our own module
