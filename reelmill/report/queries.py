"""Ready queries over the output tables: one ``.sql`` file for each question, filled in for DuckDB or BigQuery."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reelmill.report.dialects import Dialect, setup_of, words_of

__all__ = ["Dialect", "Query", "queries", "script", "setup_of"]

_FOLDER = Path(__file__).parent / "sql"
_QUESTION, _COLUMNS, _COLUMN = "-- Question: ", "-- Columns:", "--   "
_ORDER = (
    "spend_by_day",
    "yield_by_category",
    "yield_by_platform",
    "yield_by_template",
    "yield_by_model",
    "yield_by_campaign",
    "yield_by_sku",
    "cost_per_second",
    "filtered_reasons",
    "unfit_findings",
    "unclear_money",
    "remakes",
    "budget_use",
)


@dataclass(frozen=True, slots=True)
class Query:
    """One question: its name, its words, what each column of the answer means, and the SQL that asks it."""

    name: str
    question: str
    columns: tuple[tuple[str, str], ...]
    sql: str


def queries(dialect: Dialect, root: str) -> Iterator[Query]:
    """Every query over the tables of the output ``root``. Raises FixConfiguration if BigQuery cannot read there."""
    words = words_of(dialect, root)
    environment = Environment(  # noqa: S701 - SQL, not HTML; nothing in it comes from a feed
        loader=FileSystemLoader(_FOLDER), undefined=StrictUndefined
    )
    for name in _ORDER:
        yield _read(name, environment.get_template(f"{name}.sql").render(words))


def script(dialect: Dialect, root: str) -> str:
    """All of them as one script with what must be set up before, each statement ended by a semicolon."""
    setup = setup_of(dialect, root)
    return "\n".join([*([setup] if setup else []), *(f"{query.sql};\n" for query in queries(dialect, root))])


def _read(name: str, text: str) -> Query:
    lines = text.splitlines()
    question = lines[0].removeprefix(_QUESTION)
    head = [line for line in lines[2:] if line.startswith(_COLUMN)]
    columns = tuple((column, meaning) for column, _, meaning in (line[len(_COLUMN) :].partition(": ") for line in head))
    if question == lines[0] or lines[1] != _COLUMNS or not columns:
        raise ValueError(f"{name}.sql does not begin with its question and columns")
    return Query(name, question, columns, text.rstrip())
