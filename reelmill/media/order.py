"""An order for renditions: which video, for whom, in which dress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reelmill.media.dress import Dress
from reelmill.platforms import Platform

__all__ = ["Order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to make of the video at ``source``, in ``folder``. ``sound`` is whether sound was paid for.

    ``record`` is where the record of it all will lie, below the output root; every file names it.
    """

    source: Path
    folder: Path
    platforms: Sequence[Platform]
    sound: bool
    dress: Dress = field(default_factory=Dress)
    preview: bool = True
    record: str = ""
