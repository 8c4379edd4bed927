"""Write the output tables of a run: Parquet files projected from the ledger, rewritten whole each time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from reelmill.errors import FixConfiguration
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Run
from reelmill.report.rows import film_row, reject_row, result_row, run_row, spend_row, verdict_row
from reelmill.report.schema import TABLES, Table
from reelmill.storage.names import safe_name
from reelmill.storage.port import Storage
from reelmill.storage.scratch import own_disk, scratch_folder

__all__ = ["rebuild_tables", "table_name", "write_tables"]

_BATCH_ROWS = 5_000  # a row group; more than one batch is never held
_ALL = 2**31 - 1
_PARQUET = "application/vnd.apache.parquet"


def write_tables(ledger: Ledger, storage: Storage, run_id: str) -> list[str]:
    """Write ``results``, ``films``, ``spend``, ``rejects`` and ``runs`` of one run; the object names written.

    Each file appears whole or not at all, and the same ledger gives the same bytes.
    Raises FixConfiguration for an unknown run, TryLater without room on this machine, and what the storage raises.
    """
    run = ledger.run(run_id)
    if run is None:
        raise FixConfiguration(f"Run {run_id} is not in this ledger.", "`reelmill status` lists the runs.")
    return _write(ledger, storage, run)


def rebuild_tables(ledger: Ledger, storage: Storage, output: str) -> list[str]:
    """Write the tables of every run that the ledger holds for an output root, oldest first; the names written."""
    runs = ledger.runs(output=output, limit=_ALL)
    return [name for run in reversed(runs) for name in _write(ledger, storage, run)]


def table_name(table: str, run: Run) -> str:
    """Where one run's file of a table lies below the output root."""
    assert run.started_at is not None, "the ledger dates every run"
    day = run.started_at.astimezone(UTC).date().isoformat()
    return f"tables/{table}/run_date={day}/{safe_name(run.run_id)}.parquet"


def _write(ledger: Ledger, storage: Storage, run: Run) -> list[str]:
    written = []
    with own_disk("tables"), scratch_folder("tables") as folder:
        for table, rows in _rows(ledger, run).items():
            path = folder / f"{table}.parquet"
            _write_file(path, TABLES[table], rows)
            name = table_name(table, run)
            storage.upload(name, path, _PARQUET)
            path.unlink()
            written.append(name)
    return written


def _rows(ledger: Ledger, run: Run) -> Mapping[str, Iterable[dict[str, Any]]]:
    """The rows of each table; they stream from the ledger as they are written."""
    run_id = run.run_id
    gone = ledger.removed_at(run_id=run_id)
    decisions = ledger.decisions(run_id)  # people made them one by one: there are never too many
    return {
        "results": (
            result_row(
                clip,
                intent,
                decisions.get(intent.intent_id),
                film_id=films.get(clip.clip_id, ""),
                removed_at=gone.get(intent.intent_id),
            )
            for chunk in chunks(ledger.intents(run_id=run_id), _BATCH_ROWS)
            for films in [ledger.film_of_clips([clip.clip_id for clip, _ in chunk if clip.scene])]
            for clip, intent in chunk
        ),
        "spend": chain(
            (spend_row(clip, charge) for clip, charge in ledger.charges(run_id=run_id)),
            (verdict_row(*judged) for judged in ledger.judged(run_id=run_id) if judged[-1].charged_usd),
        ),
        "films": map(film_row, ledger.films(run_id=run_id)),
        "rejects": (reject_row(run_id, reject) for reject in ledger.rejects(run_id)),
        "runs": [run_row(run, ledger.totals(run_id=run_id))],
    }


def _write_file(path: Path, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for batch in _batches(rows):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, schema=table.schema))


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, _BATCH_ROWS)):
        yield batch
