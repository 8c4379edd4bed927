"""A verdict: how a clip's product compares with its picture, aspect by aspect, each with a reason in words.

A model's words are data that nobody vouches for: read strictly, made fit for one line, and cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from reelmill.scrub import scrub

__all__ = ["ASPECTS", "SCHEMA", "AspectVerdict", "Grade", "ProductVerdict", "UnreadableVerdict", "read_verdict"]

ASPECTS = ("label", "logo", "colour", "shape", "count")
"""What is compared: the words on it, its logo, its colours, its shape, and how many there are."""

_LONGEST = 20_000  # characters of an answer that is looked at
_REASON_SHOWN = 300


class Grade(StrEnum):
    """How one aspect compares."""

    OK = "ok"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"
    NOT_VISIBLE = "not_visible"


def _shown(text: str) -> str:
    shown = scrub(text, _REASON_SHOWN)
    if not shown:
        raise ValueError("it has no words that can be shown")
    return shown


Reason = Annotated[str, AfterValidator(_shown)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AspectVerdict(_Value):
    """The grade of one aspect, and why."""

    grade: Grade
    reason: Reason


class ProductVerdict(_Value):
    """Every aspect. The overall grade follows from them, so that it cannot contradict them."""

    label: AspectVerdict
    logo: AspectVerdict
    colour: AspectVerdict
    shape: AspectVerdict
    count: AspectVerdict

    def aspects(self) -> Iterator[tuple[str, AspectVerdict]]:
        """Each aspect by its name."""
        for name in ASPECTS:
            yield name, getattr(self, name)

    @property
    def overall(self) -> Grade:
        """As bad as the worst aspect; not visible only if nothing of it is."""
        grades = {aspect.grade for _, aspect in self.aspects()}
        return next(grade for grade in (Grade.WRONG, Grade.DOUBTFUL, Grade.OK, Grade.NOT_VISIBLE) if grade in grades)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for the ledger and the records."""
        named = {name: {"grade": each.grade.value, "reason": each.reason} for name, each in self.aspects()}
        return {"overall": self.overall.value, **named}


class UnreadableVerdict(ValueError):  # noqa: N818 - named like what it is about
    """An answer that is no verdict; the words say why and quote nothing of it."""


def read_verdict(text: str) -> ProductVerdict:
    """The verdict in a model's answer. Raises UnreadableVerdict for anything but exactly one."""
    if len(text) > _LONGEST:
        raise UnreadableVerdict(f"it has {len(text)} characters")
    try:
        return ProductVerdict.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part in (*ASPECTS, "grade", "reason"))
        raise UnreadableVerdict(f"{where or 'the answer'}: {first['type']}") from None


_ASPECT_SCHEMA = {
    "type": "OBJECT",
    "properties": {
        "grade": {"type": "STRING", "enum": [grade.value for grade in Grade]},
        "reason": {"type": "STRING"},
    },
    "required": ["grade", "reason"],
    "propertyOrdering": ["grade", "reason"],
}
SCHEMA: dict[str, Any] = {
    "type": "OBJECT",
    "properties": dict.fromkeys(ASPECTS, _ASPECT_SCHEMA),
    "required": list(ASPECTS),
    "propertyOrdering": list(ASPECTS),
}
"""What the model is told to answer, in the schema language of Vertex AI."""
