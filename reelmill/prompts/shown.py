"""What a template may print: text and numbers, the same at every render; nothing of what Python shows of its objects.

A prompt that another render would word differently is another clip, and paid again.
"""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Undefined, nodes

from reelmill.prompts.view import ExtraView, ProductView

__all__ = ["ADDRESS", "only_text"]

ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,16}>")
"""How Python ends what it shows of an object: where it lies in memory, which every process does differently."""

_VIEWS: dict[type, str] = {ProductView: "product", ExtraView: "product.extra"}
_PRINTED = str | int | float | bool | None | Undefined


class _NoTextError(nodes.Impossible):
    """Something that is no text was to be printed.

    As Jinja's own *impossible* while it compiles, so that a constant is left to the render, which knows the line.
    """


def only_text(value: Any) -> Any:
    """``value`` if a template may print it. An undefined name passes: it explains itself."""
    if isinstance(value, _PRINTED):
        return value
    if isinstance(value, list | tuple):
        raise _NoTextError('a list is no text; write | join(", ") after it')
    if callable(value):
        raise _NoTextError(f"{getattr(value, '__name__', 'this')} is no text; write () after it")
    name = _VIEWS.get(type(value), type(value).__name__)
    raise _NoTextError(f"{name} is no text; print one of its fields")
