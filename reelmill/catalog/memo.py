"""A bounded memory of computed values: feeds repeat prices, categories and stock words endlessly."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

__all__ = ["Memo"]

_MOST = 10_000
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(dict[K, V]):
    """A mapping that computes a missing value once and forgets everything when it is full."""

    def __init__(self, compute: Callable[[K], V]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, key: K) -> V:
        if len(self) >= _MOST:
            self.clear()
        value = self[key] = self._compute(key)
        return value
