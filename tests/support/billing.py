"""Cloud Billing exports as BigQuery writes them, made from the simulator's journal or from any charges."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_PAIR = pa.struct([("key", pa.string()), ("value", pa.string())])
_SCHEMA = pa.schema(
    [
        ("billing_account_id", pa.string()),
        ("service", pa.struct([("id", pa.string()), ("description", pa.string())])),
        ("sku", pa.struct([("id", pa.string()), ("description", pa.string())])),
        ("usage_start_time", pa.timestamp("us", tz="UTC")),
        ("usage_end_time", pa.timestamp("us", tz="UTC")),
        ("project", pa.struct([("id", pa.string()), ("name", pa.string())])),
        ("labels", pa.list_(_PAIR)),
        ("cost", pa.float64()),
        ("currency", pa.string()),
        ("usage", pa.struct([("amount", pa.float64()), ("unit", pa.string())])),
        ("credits", pa.list_(pa.struct([("name", pa.string()), ("amount", pa.float64())]))),
        ("cost_type", pa.string()),
    ]
)


def row(labels: Mapping[str, str], cost: Decimal, at: datetime, **changes: Any) -> dict[str, Any]:
    """One line of usage; ``changes`` replace whole columns."""
    return {
        "billing_account_id": "000000-000000-000000",
        "service": {"id": "C7E2-9256-1C43", "description": "Vertex AI"},
        "sku": {"id": "0000-0000-0000", "description": "Veo 3.1 Lite Video Generation"},
        "usage_start_time": at,
        "usage_end_time": at,
        "project": {"id": "rehearsal", "name": "Rehearsal"},
        "labels": [{"key": key, "value": value} for key, value in labels.items()],
        "cost": cost,
        "currency": "USD",
        "usage": {"amount": 8.0, "unit": "seconds"},
        "credits": [],
        "cost_type": "regular",
        **changes,
    }


def export_of(journal: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What Google would bill for a journal of the simulator."""
    return [
        row(
            entry["labels"] or {},
            Decimal(entry.get("exact_usd", entry["amount_usd"])),
            datetime.fromisoformat(entry["accepted_at"]),
        )
        for entry in journal
        if Decimal(entry["amount_usd"])
    ]


def write_export(rows: list[dict[str, Any]], path: Path) -> Path:
    """Write an export in the format that the name asks for: .parquet, .json or .csv."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist([_floats(each) for each in rows], schema=_SCHEMA), path, row_group_size=50)
    elif path.suffix == ".json":
        path.write_text("".join(_json(each) + "\n" for each in rows))
    else:
        _write_csv(rows, path)
    return path


def _json(value: Any) -> str:
    """Amounts as plain numbers, times as BigQuery prints them."""

    def plain(inner: Any) -> Any:
        return float(inner) if isinstance(inner, Decimal) else f"{inner:%Y-%m-%d %H:%M:%S.%f} UTC"

    return json.dumps(value, default=plain)


def _floats(each: dict[str, Any]) -> dict[str, Any]:
    given = [{**credit, "amount": float(credit["amount"])} for credit in each["credits"]]
    return {**each, "cost": float(each["cost"]), "credits": given}


def _write_csv(rows: list[dict[str, Any]], path: Path) -> None:
    header = [
        *("service.description", "sku.description", "usage_start_time", "usage_end_time", "project.id"),
        *("labels", "cost", "currency", "credits", "cost_type"),
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for each in rows:
            cells = []
            for name in header:
                outer, _, inner = name.partition(".")
                value = each[outer][inner] if inner else each[outer]
                cells.append(_json(value) if isinstance(value, list) else value)
            writer.writerow(cells)
