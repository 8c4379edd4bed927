"""How DuckDB and BigQuery say the few things in which they differ, and where each finds an output's tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from reelmill.errors import FixConfiguration
from reelmill.report.schema import TABLES

__all__ = ["Dialect", "setup_of", "words_of"]

_DATASET = "reelmill"
_GLOB = re.compile(r"([*?\[])")


class Dialect(StrEnum):
    """Whose SQL it is."""

    DUCKDB = "duckdb"
    BIGQUERY = "bigquery"

    def can_read(self, root: str) -> bool:
        """Whether it reads tables below this output: BigQuery has Cloud Storage alone."""
        return self is Dialect.DUCKDB or root.startswith("gs://")


def words_of(dialect: Dialect, root: str) -> dict[str, str | Callable[..., str]]:
    """What the queries' placeholders stand for, with the tables below the output ``root``.

    Raises FixConfiguration if the dialect cannot read there.
    """
    if not dialect.can_read(root):
        raise FixConfiguration(
            f"BigQuery cannot read {root}.", "Name an output in Cloud Storage (gs://…), or use --sql duckdb."
        )
    return _duckdb(root) if dialect is Dialect.DUCKDB else _bigquery()


def _duckdb(root: str) -> dict[str, str | Callable[..., str]]:
    place = _GLOB.sub(r"[\1]", root)

    def table(name: str) -> str:
        files = _quoted(f"{place}/tables/{name}/**/*.parquet")
        return f"read_parquet({files}, hive_partitioning = true, union_by_name = true)"

    return {
        "table": table,
        "day": lambda moment: f"CAST({moment} AT TIME ZONE 'UTC' AS DATE)",
        "unnest": lambda items, name: f"unnest({items}) AS each_{name}({name})",
        "length": lambda items: f"len({items})",
        "first": lambda items: f"{items}[1]",
        "divide": lambda amount, by: f"{amount} // {by}",
        "whole": "BIGINT",
        "millionth": "CAST('0.000001' AS DECIMAL(18, 6))",
    }


def _bigquery() -> dict[str, str | Callable[..., str]]:
    return {
        "table": lambda name: f"{_DATASET}.{name}",
        "day": lambda moment: f"DATE({moment}, 'UTC')",
        "unnest": lambda items, name: f"UNNEST({items}) AS {name}",
        "length": lambda items: f"ARRAY_LENGTH({items})",
        "first": lambda items: f"{items}[SAFE_OFFSET(0)]",
        "divide": lambda amount, by: f"DIV({amount}, NULLIF({by}, 0))",
        "whole": "INT64",
        "millionth": "NUMERIC '0.000001'",
    }


def setup_of(dialect: Dialect, root: str) -> str:
    """What is needed once before the queries run; comments and statements."""
    if dialect is Dialect.BIGQUERY:
        words_of(dialect, root)
        tables = "\n".join(_external(root, name) for name in TABLES)
        return (
            "-- Once: external tables over the output; the dataset must be in the bucket's location.\n"
            f"CREATE SCHEMA IF NOT EXISTS {_DATASET};\n{tables}"
        )
    if not root.startswith("gs://"):
        return ""
    return (
        "-- Once: DuckDB reads gs:// with an HMAC key of a service account that may read the bucket.\n"
        "-- INSTALL httpfs; LOAD httpfs;\n"
        "-- CREATE SECRET (TYPE gcs, KEY_ID '…', SECRET '…');\n"
    )


def _external(root: str, name: str) -> str:
    place = _quoted(f"{root}/tables/{name}", escaped=True)
    files = _quoted(f"{root}/tables/{name}/*", escaped=True)
    return (
        f"CREATE OR REPLACE EXTERNAL TABLE {_DATASET}.{name}\n"
        "WITH PARTITION COLUMNS (run_date DATE)\n"
        "OPTIONS (\n"
        "  format = 'PARQUET',\n"
        f"  uris = [{files}],\n"
        f"  hive_partition_uri_prefix = {place},\n"
        "  enable_list_inference = TRUE\n"
        ");\n"
    )


def _quoted(text: str, *, escaped: bool = False) -> str:
    """A text as SQL writes it: quotes doubled, or (BigQuery) escaped."""
    if escaped:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return "'" + text.replace("'", "''") + "'"
