"""Asking about many keys at once: the whole list travels as one parameter.

An IN list would be compiled anew for every length and meets SQLite's limit on variables; SQLite's
``json_each`` and PostgreSQL's ``ANY`` have neither trouble.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import orjson
from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Text, any_, bindparam, column, func, select

__all__ = ["chunks", "one_of"]

_T = TypeVar("_T")


def one_of(connection: Connection, field: Column[str], keys: Collection[str]) -> ColumnElement[bool]:
    """``field`` is among ``keys``, however many."""
    if connection.dialect.name == "sqlite":
        listed = bindparam(None, orjson.dumps(list(keys)).decode(), type_=Text, unique=True)
        return field.in_(select(column("value")).select_from(func.json_each(listed)))
    return field == any_(bindparam(None, list(keys), type_=ARRAY(Text), unique=True))


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of ``size``, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
