"""Data for a page that is opened without a server: a script that sets one variable, whatever the data say."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["as_json", "as_script"]

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9]*")
# What could end a script, begin a comment in it or an entity. In JSON they stand in strings only.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def as_script(variable: str, value: Any) -> bytes:
    """``window.variable = value;`` in plain ASCII, so that neither feed text nor an encoding can break out of it.

    ``value`` is JSON. Keys must be our own words: in a script ``__proto__`` is no ordinary key.
    """
    if not _VARIABLE.fullmatch(variable):
        raise ValueError(f"{variable!r} is no variable")
    return b"window.%s = %s;\n" % (variable.encode("ascii"), as_json(value))


def as_json(value: Any) -> bytes:
    """JSON in plain ASCII without a character that means something to HTML."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPED.items():
        text = text.replace(character, escape)
    return text.encode("ascii")
