"""Few label values whatever the feed holds: the first names keep their own, all later ones are ``other``."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

__all__ = ["OTHER", "Bounded", "top_category"]

OTHER = "other"


@dataclass(slots=True)
class Bounded:
    """Lets ``most`` names through. A name keeps what it was once given, so that counters only rise. Thread-safe."""

    most: int
    _known: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, name: str) -> str:
        """The name, or ``other``."""
        if name in self._known:
            return name
        with self._lock:
            if len(self._known) >= self.most:
                return OTHER
            self._known.add(name)
        return name


def top_category(category: str) -> str:
    """The first level of a category: ``Home & Garden`` of ``Home & Garden > Kitchen``."""
    return category.partition(" > ")[0]
