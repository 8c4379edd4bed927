"""Adding up attempts and money by what they have in common: the database groups, memory holds one group at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, Text, case, func, select, type_coerce

from reelmill.ledger.database import Database
from reelmill.ledger.reading import among
from reelmill.ledger.records import ZERO, Decision
from reelmill.ledger.schema import charges, clips, intents, reviews
from reelmill.ledger.states import DELIVERED, State
from reelmill.money import MICRO_USD, split_evenly

__all__ = ["UNDECIDED", "Dimension", "Group", "decided", "tally", "verdicts"]

UNDECIDED = "undecided"
"""What a delivered attempt is while nobody has said anything about it, or took it back."""

_ROWS = 1000
_c, _i = clips.c, intents.c
_FOUND = type_coerce(_i.inspection, Text)
# What a clip's inspection came to, worst first. It is as bad as its worst video, and quotes in a text are escaped,
# so the words stand nowhere else unless it is so bad.
_VERDICT = case(
    (_FOUND.is_(None), ""),
    *((_FOUND.like(f'%"status":"{word}"%'), word) for word in ("fail", "review", "pass")),
    else_="skipped",
)
_DECISION = (
    select(reviews.c.decision)
    .where(reviews.c.intent_id == _i.intent_id)
    .order_by(reviews.c.decided_at.desc(), reviews.c.review_id.desc())
    .limit(1)
    .scalar_subquery()
)


class Dimension(StrEnum):
    """What attempts are grouped by. The values are the words of ``--by`` and of JSON (``by_category``)."""

    STATE = "state"
    CATEGORY = "category"
    PLATFORM = "platform"
    TEMPLATE = "template"  # with its version: apparel/9x16@ab12cd34
    MODEL = "model"
    CAMPAIGN = "campaign"
    SKU = "sku"

    @property
    def heading(self) -> str:
        """What a table's column is called."""
        return "SKU" if self is Dimension.SKU else self.value.capitalize()


@dataclass(slots=True)
class Group:
    """Attempts that have something in common: how they ended, the videos that came back, and USD.

    ``unfit`` are delivered attempts whose inspection failed, ``rejected`` those that a person rejected or wants remade.
    A further count is one more field and its condition in ``_COUNTED``.
    """

    attempts: int = 0
    videos: int = 0
    delivered: int = 0
    filtered: int = 0
    failed: int = 0
    unfit: int = 0
    rejected: int = 0
    spent_usd: Decimal = ZERO
    reserved_usd: Decimal = ZERO

    def __iadd__(self, other: Group) -> Self:
        for name in Group.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def share_delivered(self) -> Decimal | None:
        """Delivered attempts among all, 0 to 1, with four decimals; None without any."""
        return (Decimal(self.delivered) / self.attempts).quantize(Decimal("0.0001")) if self.attempts else None

    @property
    def usd_per_video(self) -> Decimal | None:
        """USD paid for each video that came back, to the millionth; None without any."""
        return (self.spent_usd / self.videos).quantize(MICRO_USD) if self.videos else None

    def to_dict(self) -> dict[str, Any]:
        """The group for machines; money stays Decimal."""
        counts = {name: getattr(self, name) for name in Group.__slots__}
        return {**counts, "yield": self.share_delivered, "usd_per_video": self.usd_per_video}


_COUNTED: dict[str, ColumnElement[bool]] = {
    "delivered": _i.state.in_(DELIVERED),
    "filtered": _i.state == State.FILTERED,
    "failed": _i.state == State.FAILED,
    "unfit": _VERDICT == "fail",
    "rejected": _DECISION.in_([decision for decision in Decision if decision.unwanted]),
}
_PAID, _HELD = func.sum(_i.charged), func.sum(_i.reserved)
_MEASURES: dict[str, ColumnElement[Any]] = {
    "attempts": func.count(),
    "videos": func.sum(func.coalesce(charges.c.returned, 0)),
    **{name: func.sum(case((condition, 1), else_=0)) for name, condition in _COUNTED.items()},
    "spent_usd": _PAID,
    "reserved_usd": _HELD,
}
_KEYS: dict[Dimension, ColumnElement[Any]] = {
    Dimension.STATE: _i.state,
    Dimension.CATEGORY: _c.category,
    Dimension.TEMPLATE: _c.template + "@" + _c.template_version,
    Dimension.MODEL: _i.model,
    Dimension.CAMPAIGN: _c.campaign,
    Dimension.SKU: _c.sku,
}


def tally(
    database: Database, dimension: Dimension, *, output: str | None, run_id: str | None
) -> Iterator[tuple[str, Group]]:
    """Each value of the dimension with its attempts, the dearest first, streamed.

    An attempt that serves several platforms counts for each of them, and they share its money evenly to the
    millionth: the money of every dimension sums to the total, the attempts of platforms may be more.
    """
    if dimension is Dimension.PLATFORM:
        yield from _by_platform(database, output, run_id)
        return
    key = _KEYS[dimension]
    query = _measured(key, output=output, run_id=run_id).group_by(key)
    with database.reading() as connection:
        rows = connection.execute(
            query.order_by(_PAID.desc(), func.count().desc(), key).execution_options(yield_per=_ROWS)
        )
        for value, *measures in rows:
            yield str(value), _group(measures)


def verdicts(database: Database, *, output: str | None, run_id: str | None) -> dict[str, int]:
    """Inspected attempts by what inspection came to: pass, review, fail, skipped."""
    query = select(_VERDICT, func.count()).where(_FOUND.is_not(None), *among(run_id, output)).group_by(_VERDICT)
    with database.reading() as connection:
        return {verdict: number for verdict, number in connection.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def decided(database: Database, *, output: str | None, run_id: str | None) -> dict[str, int]:
    """Delivered attempts by what a person decided about them last; the others are ``UNDECIDED``."""
    delivered = _COUNTED["delivered"]
    query = select(_DECISION, func.count()).where(delivered, *among(run_id, output)).group_by(_DECISION)
    found: dict[str, int] = {}
    with database.reading() as connection:
        for decision, number in connection.execute(query):
            word = UNDECIDED if decision in (None, Decision.UNDO) else decision.value
            found[word] = found.get(word, 0) + number
    return found


def _by_platform(database: Database, output: str | None, run_id: str | None) -> Iterator[tuple[str, Group]]:
    """Attempts at the same price for the same platforms are shared alike, so each such lot is split once."""
    lot = (_c.platforms, _i.charged, _i.reserved)
    query = _measured(*lot, output=output, run_id=run_id).group_by(*lot)
    found: dict[str, Group] = {}
    with database.reading() as connection:
        for platforms, charged, reserved, *measures in connection.execute(query):
            paid, held = split_evenly(charged, platforms), split_evenly(reserved, platforms)
            for platform in platforms:
                share = _group(measures)
                share.spent_usd, share.reserved_usd = paid[platform] * share.attempts, held[platform] * share.attempts
                group = found.setdefault(platform, Group())
                group += share
    yield from sorted(found.items(), key=lambda item: (-item[1].spent_usd, -item[1].attempts, item[0]))


def _measured(*keys: ColumnElement[Any], output: str | None, run_id: str | None) -> Select[Any]:
    return (
        select(*keys, *_MEASURES.values())
        .select_from(
            intents.join(clips, _c.clip_id == _i.clip_id).outerjoin(charges, charges.c.intent_id == _i.intent_id)
        )
        .where(*among(run_id, output))
    )


def _group(measures: list[Any]) -> Group:
    group = Group()
    for name, value in zip(_MEASURES, measures, strict=True):
        setattr(group, name, value if isinstance(getattr(group, name), Decimal) else int(value))
    return group
