"""What log lines are about: run, clip and SKU, set where the work on them begins, and known to every line inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

__all__ = ["about", "labels"]

_NOTHING: Mapping[str, str] = MappingProxyType({})
_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("reelmill_log_labels", default=_NOTHING)


@contextmanager
def about(
    *, run: str | None = None, clip: str | None = None, sku: str | None = None, operation: str | None = None
) -> Iterator[None]:
    """Lines inside carry these labels besides those from outside; what is None or empty changes nothing."""
    given = {"run": run, "clip": clip, "sku": sku, "operation": operation}
    token = _ABOUT.set({**_ABOUT.get(), **{name: value for name, value in given.items() if value}})
    try:
        yield
    finally:
        _ABOUT.reset(token)


def labels() -> Mapping[str, str]:
    """The labels in force here."""
    return _ABOUT.get()
