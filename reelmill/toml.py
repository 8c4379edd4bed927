"""TOML, read so that no file can do worse than be refused."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

__all__ = ["toml_tables"]

_MAX_CHARS = 1_000_000
_MAX_DOTS = 200  # in a line: the parser takes time with the cube of a dotted key's length


def toml_tables(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The tables of a TOML text. Raises tomllib.TOMLDecodeError, and nothing else, if it cannot be read."""
    if len(text) > _MAX_CHARS:
        raise tomllib.TOMLDecodeError(f"it is longer than {_MAX_CHARS:,} characters")
    for number, line in enumerate(text.splitlines(), 1):
        if line.count(".") > _MAX_DOTS:
            raise tomllib.TOMLDecodeError(f"more than {_MAX_DOTS} dots (at line {number})")
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # a number with thousands of digits
        raise tomllib.TOMLDecodeError(str(error)) from None
