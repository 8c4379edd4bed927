"""Asking about many keys at once: the whole list travels as one parameter.

An IN list would be compiled anew for every length and meets SQLite's limit on variables; SQLite's
``json_each`` and PostgreSQL's ``ANY`` have neither trouble.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import ARRAY, Column, ColumnElement, Connection, Row, Text, any_, bindparam, column, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["Lookup", "chunks", "lock_in_order", "mostly", "one_of"]

_T = TypeVar("_T")


def one_of(connection: Connection, field: Column[str], keys: Collection[str]) -> ColumnElement[bool]:
    """``field`` is among ``keys``, however many."""
    if connection.dialect.name == "sqlite":
        listed = bindparam(None, orjson.dumps(list(keys)).decode(), type_=Text, unique=True)
        return field.in_(select(column("value")).select_from(func.json_each(listed)))
    return field == any_(bindparam(None, list(keys), type_=ARRAY(Text), unique=True))


def lock_in_order(connection: Connection, key: Column[str], *these: ColumnElement[bool]) -> None:
    """Lock the rows of which all of ``these`` is true by their ``key``, as a sorted list would be written.

    An UPDATE of many locks in an order of its own, and two could wait for each other in a circle. SQLite's writers come
    one after the other.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(select(key).where(*these).order_by(key.collate("C")).with_for_update())


def mostly(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """A condition that most rows may meet, beside a narrower one.

    SQLite keeps no statistics here. It would begin with a state or an output and walk through all that the ledger ever
    held, a thousand times for a million clips; PostgreSQL knows better by itself.
    """
    return cast("ColumnElement[bool]", _Mostly(condition))


class _Mostly(FunctionElement[Any]):
    inherit_cache = True
    name = "mostly"


@compiles(_Mostly)
def _as_it_is(element: _Mostly, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


@compiles(_Mostly, "sqlite")
def _likely(element: _Mostly, compiler: SQLCompiler, **options: Any) -> str:
    return f"likely({compiler.process(element.clauses, **options)})"


class Lookup:
    """A SELECT over a list of keys, in the drivers' own words: for the two questions that are asked a million times.

    ``select`` are its columns, ``join`` is what the table ``asked``, with its one column ``key``, is joined with:
    both are our own texts; whatever comes from outside travels as a parameter.
    """

    __slots__ = ("_postgresql", "_sqlite")

    def __init__(self, select: str, join: str) -> None:
        # CROSS JOIN keeps SQLite from scanning the table instead of the keys.
        self._sqlite = f"SELECT {select} FROM (SELECT value AS key FROM json_each(?)) AS asked CROSS {join}"  # noqa: S608 - our own texts
        self._postgresql = f"SELECT {select} FROM unnest(%s::text[]) AS asked (key) {join}".replace("?", "%s")  # noqa: S608

    def rows(self, connection: Connection, keys: list[str], *values: str) -> Sequence[Row[Any]]:
        """The rows for these keys; ``values`` are for the further placeholders, in order. Types are the drivers'."""
        if connection.dialect.name == "sqlite":
            return connection.exec_driver_sql(self._sqlite, (orjson.dumps(keys).decode(), *values)).all()
        return connection.exec_driver_sql(self._postgresql, (keys, *values)).all()


def chunks(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    """The items in lists of ``size``, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
