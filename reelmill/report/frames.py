"""The output tables as pandas frames, for people who ask their own questions."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from reelmill.errors import FixConfiguration
from reelmill.report.schema import TABLES
from reelmill.storage.port import Storage

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["read_table", "total_by"]


def read_table(storage: Storage, table: str, *, columns: Sequence[str] | None = None) -> DataFrame:
    """One output table of every run, in Arrow types (money stays exact), from wherever the storage is.

    Empty if nothing was written yet. Raises FixConfiguration for an unknown table.
    """
    import pandas as pd

    if table not in TABLES:
        raise FixConfiguration(f"There is no table {table!r}.", f"Choose from: {', '.join(TABLES)}.")
    wanted = list(columns) if columns is not None else TABLES[table].schema.names
    empty = pa.schema([TABLES[table].schema.field(name) for name in wanted]).empty_table()
    files = [found.name for found in storage.list(f"tables/{table}/") if found.name.endswith(".parquet")]
    parts = [_read(storage.read(name), wanted) for name in files]
    frame: DataFrame = pa.concat_tables([empty, *parts], promote_options="default").to_pandas(
        types_mapper=pd.ArrowDtype
    )
    return frame


def total_by(frame: DataFrame, keys: Sequence[str], amount: str = "amount_usd") -> DataFrame:
    """Rows and USD for each combination of ``keys``, dearest first."""
    grouped = frame.groupby(list(keys), dropna=False)[amount]
    totals = grouped.agg(["count", "sum"]).rename(columns={"count": "rows", "sum": amount})
    return totals.sort_values([amount, "rows"], ascending=False).reset_index()


def _read(data: bytes, columns: Sequence[str]) -> Any:
    return pq.ParquetFile(io.BytesIO(data)).read(columns=list(columns))
