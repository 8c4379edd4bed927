"""Answers on disk until somebody asks for them: each video that comes inline takes megabytes."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass

__all__ = ["Kept", "Shelf"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Where an answer lies on its shelf, in bytes."""

    start: int
    size: int


class Shelf:
    """One file without a name, gone with the process."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="reelmill-simulator-")  # noqa: SIM115 - closed by close
        self._end = 0

    def put(self, answer: bytes) -> Kept:
        """Keep an answer. Raises OSError if the disk is full."""
        self._file.seek(self._end)
        self._file.write(answer)
        self._file.flush()
        kept = Kept(self._end, len(answer))
        self._end += len(answer)
        return kept

    def get(self, kept: Kept) -> bytes:
        """The answer again."""
        return os.pread(self._file.fileno(), kept.size, kept.start)

    def close(self) -> None:
        """Let go of all of them."""
        self._file.close()
