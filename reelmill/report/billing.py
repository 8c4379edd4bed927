"""Lines of a Cloud Billing export, as Google's usage cost tables in BigQuery have them.

Nested as in BigQuery, Parquet and JSON, or flat as in CSV (``service.description``), with labels and credits as
JSON. Fields and meanings are those of Google's pages on the standard and detailed usage cost tables (read 2026-11).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

__all__ = ["NEEDED", "BillingLine", "line_of"]

NEEDED = frozenset(
    {
        *("service", "sku", "usage_start_time", "usage_end_time", "project", "labels"),
        *("cost", "currency", "credits", "cost_type"),
    }
)
"""The columns that are read; others are passed over."""

_REGULAR = "regular"
_VEO = re.compile(r"\bveo\b", re.IGNORECASE)
_OURS = frozenset({"run", "intent"})
_LONGEST = 28  # digits of an amount
_LARGEST = 12  # digits before the point


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingLine:
    """One line of the bill. ``cost`` is before ``credits`` (negative amounts), both in ``currency``.

    Labels were set by the caller of the API; Google may drop a label key that had more than 1,000 values.
    """

    service: str
    sku: str
    start: datetime
    end: datetime
    project: str
    labels: Mapping[str, str]
    cost: Decimal
    credits: Decimal
    currency: str
    cost_type: str

    @property
    def is_veo(self) -> bool:
        """Whether it is for Veo: Google's SKU says so, or the labels are ours."""
        return _VEO.search(self.sku) is not None or self.labels.keys() >= _OURS

    @property
    def is_usage(self) -> bool:
        """Whether it is the price of usage, not tax, adjustment or rounding."""
        return self.cost_type in ("", _REGULAR)


def line_of(record: Mapping[str, Any]) -> BillingLine:
    """A record of the export as a line. Raises ValueError with what is wrong with it."""
    start = _time(record, "usage_start_time")
    return BillingLine(
        service=_text(_inner(record, "service", "description")),
        sku=_text(_inner(record, "sku", "description")),
        start=start,
        end=start if record.get("usage_end_time") in (None, "") else _time(record, "usage_end_time"),
        project=_text(_inner(record, "project", "id")),
        labels={_text(pair["key"]): _text(pair["value"]) for pair in _pairs(record.get("labels"), "labels", "key")},
        cost=_amount(record.get("cost"), "cost"),
        credits=sum(
            (_amount(each["amount"], "credits") for each in _pairs(record.get("credits"), "credits", "amount")),
            Decimal(0),
        ),
        currency=_text(record.get("currency")).upper(),
        cost_type=_text(record.get("cost_type")).lower(),
    )


def _inner(record: Mapping[str, Any], outer: str, name: str) -> Any:
    nested = record.get(outer)
    if isinstance(nested, Mapping):
        return nested.get(name)
    return record.get(f"{outer}.{name}", record.get(f"{outer}_{name}"))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{str(value)[:80]!r} stands where a text belongs")  # noqa: TRY004 - a wrong value in a file, not a wrong call
    return value.strip()


def _pairs(value: Any, what: str, first: str) -> list[dict[str, Any]]:
    """A repeated record: a list, the same as JSON text, or (labels only) one JSON object of keys and values."""
    if isinstance(value, str):
        try:
            value = json.loads(value, parse_float=Decimal) if value.strip() else None
        except (ValueError, RecursionError):
            raise ValueError(f"{what} is no JSON") from None
    if value is None:
        return []
    if isinstance(value, Mapping) and first == "key":
        return [{"key": key, "value": inner} for key, inner in value.items()]
    if not isinstance(value, list) or not all(isinstance(each, Mapping) and first in each for each in value):
        raise ValueError(f"{what} is no list of records with {first}")
    return [{"value": None, **each} for each in value]


def _amount(value: Any, what: str) -> Decimal:
    """Exactly what stands there; a binary fraction is taken by its shortest decimal form, as Google prints it."""
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, float, str)):
        raise ValueError(f"{what} is no amount")  # noqa: TRY004 - a wrong value in a file, not a wrong call
    try:
        amount = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        raise ValueError(f"{what} is no amount: {str(value)[:80]!r}") from None
    if (
        not amount.is_finite()
        or abs(amount.adjusted()) > _LONGEST
        or amount.adjusted() > _LARGEST
        or len(amount.as_tuple().digits) > _LONGEST
    ):
        raise ValueError(f"{what} is no amount of money: {str(value)[:80]!r}")
    return amount


def _time(record: Mapping[str, Any], name: str) -> datetime:
    value = record.get(name)
    if isinstance(value, str):
        try:  # "2026-07-01 10:00:00 UTC" is how BigQuery writes it
            value = datetime.fromisoformat(re.sub(r"\s*UTC$", "+00:00", value.strip()))
        except ValueError:
            raise ValueError(f"{name} is no time: {str(record.get(name))[:80]!r}") from None
    if not isinstance(value, datetime):
        raise ValueError(f"{name} is no time")  # noqa: TRY004 - a wrong value in a file, not a wrong call
    moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} is no time of a bill") from None
