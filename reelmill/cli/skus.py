"""SKUs on the command line: read from ``--only``, and written for commands to copy."""

from __future__ import annotations

import csv
import shlex
from collections.abc import Iterable, Iterator

from reelmill.errors import FixConfiguration

__all__ = ["only_option", "skus_of"]


def skus_of(values: Iterable[str]) -> tuple[str, ...]:
    """SKUs given as ``a,b c`` in any mixture; one that holds a comma stands in double quotes, as in a CSV.

    Raises FixConfiguration for values that hold none, like a variable that is empty: no SKU would mean all of them.
    """
    given = tuple(values)
    skus = tuple(dict.fromkeys(sku for value in given for sku in _parted(value)))
    if given and not skus:
        raise FixConfiguration("--only names no SKU.", "Name at least one, or leave it out to take all.")
    return skus


def only_option(skus: Iterable[str]) -> str:
    """``--only`` with these SKUs, as a shell takes it; the other way round."""
    words = [_word(sku) for sku in skus]
    if any(word.startswith("-") for word in words):  # by itself it would be taken for an option
        return f"--only={shlex.quote(','.join(words))}"
    return f"--only {shlex.join(words)}"


def _parted(value: str) -> Iterator[str]:
    for row in csv.reader(value.splitlines(), skipinitialspace=True):
        yield from filter(None, map(str.strip, row))


def _word(sku: str) -> str:
    if not any(mark in sku for mark in ',"\r\n'):
        return sku
    return '"' + sku.replace('"', '""') + '"'
