"""Copies of stored objects on this machine, for as long as they are looked at: a few, the last ones used."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

from reelmill.production.turns import Turns
from reelmill.storage.port import Storage
from reelmill.storage.scratch import own_disk

__all__ = ["MediaCache"]


@dataclass(slots=True)
class MediaCache:
    """Copies below ``folder``, at most ``keeps`` files and ``bytes_`` bytes of them. Blocking and thread-safe.

    A browser seeks in a video by asking for parts of it; they are read from the copy.
    """

    storage: Storage
    folder: Path
    keeps: int = 2000
    bytes_: int = 4 << 30
    _known: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _turns: Turns = field(default_factory=Turns)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str) -> Path | None:
        """The copy of an object; None if it is not there. Raises TryLater if this machine has no room for it."""
        path = self.folder / (hashlib.sha256(name.encode()).hexdigest() + name[name.rfind(".") :])
        with self._turns.of(name):
            if not self._touch(path.name):
                try:
                    with own_disk("video", self.folder):
                        self.storage.download(name, path)
                except FileNotFoundError:
                    return None
                self._keep(path)
        return path

    def _touch(self, copy: str) -> bool:
        with self._lock:
            if copy in self._known:
                self._known.move_to_end(copy)
                return True
        return False

    def _keep(self, path: Path) -> None:
        with self._lock:
            self._known[path.name] = path.stat().st_size
            while len(self._known) > 1 and (len(self._known) > self.keeps or sum(self._known.values()) > self.bytes_):
                oldest, _ = self._known.popitem(last=False)
                (self.folder / oldest).unlink(missing_ok=True)  # whoever reads it now has it open
