"""Decisions as a page sends or exports them: JSON from a browser, so every row is checked and told of by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from reelmill.errors import FixConfiguration
from reelmill.ledger.records import Decision, ReviewedVia
from reelmill.ledger.reviews import AskedReview

__all__ = ["MOST_BYTES", "ParsedDecisions", "RowProblem", "parse_export", "parse_posted"]

MOST_BYTES = 64 << 20
_MOST_POSTED = 200_000
_FIRST_YEAR = 2020
_REMEDY = "Export the decisions from the gallery again."

_Id = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class _Row(BaseModel):
    """One decision. Unknown fields are left alone, so that a newer page can say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    review_id: _Id
    intent_id: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]
    decision: Decision
    reason: Annotated[str, Field(max_length=1000)] = ""
    reviewer: Annotated[str, Field(max_length=200)] = ""
    decided_at: AwareDatetime | None = None
    undoes: Annotated[str, Field(max_length=64)] = ""

    @field_validator("decided_at")
    @classmethod
    def _in_our_time(cls, moment: datetime | None) -> datetime | None:
        if moment is not None and moment.year < _FIRST_YEAR:  # of the first one there is not even a form in UTC
            raise ValueError("is before there were galleries")
        return moment


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal["reelmill-decisions"]
    version: Literal[1]
    run_id: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]+$")]
    decisions: list[Any]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was not taken: its number from 1, and why."""

    row: int
    problem: str


@dataclass(frozen=True, slots=True)
class ParsedDecisions:
    """Rows in their order, each with its number from 1, and those that are no decisions."""

    asked: Sequence[tuple[int, AskedReview]]
    problems: Sequence[RowProblem]
    run_id: str = ""


def parse_export(data: bytes, *, reviewer: str, default_reviewer: str) -> ParsedDecisions:
    """An exported file. ``reviewer`` overrides the file's; ``default_reviewer`` stands where the file has none.

    Raises FixConfiguration for what is no such file.
    """
    file = _json(data)
    try:
        found = _File.model_validate(file)
    except ValidationError as error:
        raise FixConfiguration(f"This is no export of a gallery: {_said(error)}.", _REMEDY) from None
    return _rows(found.decisions, reviewer, default_reviewer, ReviewedVia.FILE, found.run_id)


def parse_posted(data: bytes, *, reviewer: str) -> ParsedDecisions:
    """What the served page sends: made now, by this reviewer. Raises FixConfiguration for anything else."""
    posted = _json(data)
    rows = posted.get("decisions") if isinstance(posted, dict) else None
    if not isinstance(rows, list) or len(rows) > _MOST_POSTED:
        raise FixConfiguration("This holds no decisions.", "Load the page again.")
    return _rows(rows, reviewer, reviewer, ReviewedVia.PAGE)


def _json(data: bytes) -> Any:
    if len(data) > MOST_BYTES:
        raise FixConfiguration(f"This file has {len(data):,} bytes; {MOST_BYTES:,} is the bound.", _REMEDY)
    try:
        return json.loads(data)
    except (ValueError, RecursionError):  # no JSON, no text, or nested without end
        raise FixConfiguration("This file is no JSON.", _REMEDY) from None


def _rows(
    rows: Sequence[Any], reviewer: str, default_reviewer: str, via: ReviewedVia, run_id: str = ""
) -> ParsedDecisions:
    asked, problems = [], []
    for number, row in enumerate(rows, 1):
        try:
            parsed = _Row.model_validate(row)
        except ValidationError as error:
            problems.append(RowProblem(number, _said(error)))
            continue
        if via is ReviewedVia.FILE and parsed.decided_at is None:
            problems.append(RowProblem(number, "decided_at: Field required"))
            continue
        one = AskedReview(
            review_id=parsed.review_id,
            intent_id=parsed.intent_id,
            decision=parsed.decision,
            reason=_line(parsed.reason),
            reviewer=_line(reviewer or parsed.reviewer) or default_reviewer,
            via=via,
            decided_at=parsed.decided_at if via is ReviewedVia.FILE else None,
            undoes="" if via is ReviewedVia.FILE else parsed.undoes,
        )
        asked.append((number, one))
    return ParsedDecisions(asked, problems, run_id)


def _line(text: str) -> str:
    """One line of text without characters that steer a terminal."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _said(error: ValidationError) -> str:
    """The first problem in words, without the value."""
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else str(first["msg"])
