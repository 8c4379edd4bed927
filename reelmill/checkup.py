"""One line of ``reelmill doctor``: what was looked at, how it stands, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Check"]


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check. ``ok`` is None for a warning; ``fix`` is empty when there is nothing to mend."""

    name: str
    ok: bool | None
    detail: str
    fix: str = ""
