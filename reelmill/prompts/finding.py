"""One thing that lint found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "Severity"]


class Severity(StrEnum):
    """Whether a finding blocks."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, where, and what to do about it.

    ``template`` is the file below the prompts folder (or ``brand.toml``), or the template that a prompt was
    rendered from; ``line`` counts from 1 and is None where a line means nothing.
    """

    template: str
    line: int | None
    severity: Severity
    message: str
    remedy: str

    def __str__(self) -> str:
        place = self.template if self.line is None else f"{self.template}:{self.line}"
        return f"{place}: {self.severity}: {self.message} {self.remedy}"
