"""What a benchmark found: figures, and ratios against a peer or a limit measured in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Ratio", "Report"]


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure that means the same on every machine. ``at_least`` and ``at_most`` are what is promised of it."""

    name: str
    value: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the promise is kept; a ratio without one always is."""
        above = self.at_least is None or self.value >= self.at_least
        return above and (self.at_most is None or self.value <= self.at_most)

    def __str__(self) -> str:
        bound = ""
        if self.at_least is not None:
            bound = f"  (promised: at least {self.at_least:g})"
        elif self.at_most is not None:
            bound = f"  (promised: at most {self.at_most:g})"
        return f"{self.name}: {self.value:.3g}{bound}{'' if self.kept else '  MISSED'}"


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's result: a table of figures of this machine, the ratios, and what to know about them."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    ratios: Sequence[Ratio]
    notes: Sequence[str] = ()

    @property
    def kept(self) -> bool:
        """Whether every promise is kept."""
        return all(ratio.kept for ratio in self.ratios)

    def to_dict(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "benchmark": self.name,
            "figures": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "ratios": [
                {"name": r.name, "value": r.value, "at_least": r.at_least, "at_most": r.at_most, "kept": r.kept}
                for r in self.ratios
            ],
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        cells = [list(self.columns), *([_shown(value) for value in row] for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = [f"== {self.name}"]
        for row in cells:
            first, *rest = (
                cell.ljust(w) if at == 0 else cell.rjust(w)
                for at, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  ".join([first, *rest]))
        lines += [f"ratio  {ratio}" for ratio in self.ratios]
        lines += [f"note   {note}" for note in self.notes]
        return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
