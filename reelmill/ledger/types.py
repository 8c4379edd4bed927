"""Column types that mean the same on SQLite and PostgreSQL: exact money, aware time, names, JSON and free text."""

# ruff: noqa: ARG002 - the signatures are SQLAlchemy's

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from reelmill.errors import FixConfiguration

__all__ = ["Choice", "Json", "Usd", "UtcTime", "Words", "from_micros", "show_usd", "to_micros"]

_MICRO = 6
_LARGEST = 2**63 - 1
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation])


def to_micros(amount: Decimal) -> int:
    """USD as whole micro-USD. Raises FixConfiguration for a finer, negative, endless or absurd amount."""
    if amount.is_finite() and 0 <= amount <= _LARGEST:
        with suppress(Inexact):
            micros = _EXACT.scaleb(amount, _MICRO)
            if micros <= _LARGEST and micros == (whole := int(micros)):
                return whole
    raise FixConfiguration(
        f"{amount} USD is no amount that the ledger can keep exactly.",
        "Use an amount of 0 or more, in whole millionths of a dollar.",
    )


def from_micros(micros: int) -> Decimal:
    """Whole micro-USD as USD, exactly, with six decimals."""
    return Decimal(micros).scaleb(-_MICRO)


def show_usd(amount: Decimal) -> str:
    """An amount for people, exact, with at least two decimals: ``3.20``, ``0.012345``."""
    whole, _, rest = f"{amount:.6f}".partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


class Usd(TypeDecorator[Decimal]):
    """Money in USD: an integer of micro-USD in the database, an exact Decimal in Python."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Refuse what would have to be rounded."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """PostgreSQL sums integers into its numeric type; both are whole here."""
        return None if value is None else from_micros(int(value))


class UtcTime(TypeDecorator[datetime]):
    """A moment, exact to the microsecond: ``timestamptz`` on PostgreSQL, sortable UTC text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The native type where there is one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a time of nowhere; write UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise FixConfiguration(f"{value} has no time zone.", "Use a clock that returns aware UTC times.")
        moment = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return datetime.fromisoformat(value).replace(tzinfo=UTC)


class Choice(TypeDecorator[StrEnum]):
    """A member of a StrEnum, stored as its value."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[StrEnum]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        """A plain string: drivers differ in what they do with enums."""
        return None if value is None else self.members(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Back to the member."""
        return None if value is None else self.members(value)


class Json(TypeDecorator[Any]):
    """Plain JSON values as text with sorted keys, so that equal values are equal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """None stays NULL."""
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Back to plain values."""
        return None if value is None else orjson.loads(value)


class Words(TypeDecorator[str]):
    """Text from feeds and services: what PostgreSQL cannot store (NUL, half characters) is replaced."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Keep the text readable rather than refuse the row."""
        if value is None or value.isalnum():
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
