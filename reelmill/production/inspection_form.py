"""The form of an inspection in a record: what reports, galleries and manifests count on when they read it later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

__all__ = ["has_form"]

_LOOSE = ConfigDict(frozen=True, extra="allow", strict=True)  # a newer version may say more
_Status = Literal["pass", "review", "fail", "skipped"]


class _Finding(BaseModel):
    model_config = _LOOSE

    code: str
    message: str = ""
    at_s: FiniteFloat | None = None
    platform: str | None = None


class _Video(BaseModel):
    model_config = _LOOSE

    uri: str
    status: _Status
    findings: list[_Finding] = []
    facts: dict[str, str | int | FiniteFloat | None] | None = None
    bytes: int | None = None
    recommended: str | None = None


class _Rendition(BaseModel):
    model_config = _LOOSE

    platform: str
    width: int | None = None
    height: int | None = None


class _Inspection(BaseModel):
    model_config = _LOOSE

    status: _Status
    findings: list[_Finding] = []
    videos: list[_Video] = []
    renditions: list[_Rendition] = []
    facts: dict[str, str | int | FiniteFloat | None] | None = None
    likeness: FiniteFloat | dict[str, Any] | None = None  # a clip's least score; a film's one report
    preview_uri: str | None = None


def has_form(inspection: Mapping[str, Any] | None) -> bool:
    """Whether it is of the form that looking leaves, and a ledger can keep it."""
    if inspection is None:
        return True
    try:
        orjson.dumps(dict(inspection))
        _Inspection.model_validate(inspection)
    except (TypeError, ValidationError):
        return False
    return True
