"""The bank: simulator and Cloud Storage stand-in, whose records are the truth that everything is judged against."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.chaos.ledgers import Ledgers, SqliteLedgers
from tests.support.services import FakeGcs, SimulatorProcess, fake_gcs, simulator

__all__ = ["Accepted", "Bank", "open_bank"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """One paid submit that the simulator accepted, as its journal has it."""

    operation: str
    intent_id: str
    clip_id: str
    prefix: str
    outcome: str
    amount_usd: Decimal
    uris: tuple[str, ...]
    fault: str | None


class _Journal:
    """The simulator's journal, read from its file as it grows: there are thousands of worlds in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._read = 0
        self._events: dict[str, dict[str, Any]] = {}  # by operation; its later lines complete its first
        self._at: dict[str, list[str]] = defaultdict(list)  # operations by the bucket that they write to

    def events(self, bucket: str) -> list[dict[str, Any]]:
        """Every accepted submit that was to write to ``bucket``."""
        with self._turn, self._path.open("rb") as journal:
            journal.seek(self._read)
            for line in journal:
                if not line.endswith(b"\n"):  # it is being written
                    break
                self._read += len(line)
                self._add(json.loads(line))
            return [self._events[operation] for operation in self._at[bucket]]

    def _add(self, event: dict[str, Any]) -> None:
        operation = event["operation"]
        if operation not in self._events:
            uri = event["storage_uri"] or ""
            self._at[uri.removeprefix("gs://").partition("/")[0]].append(operation)
        self._events.setdefault(operation, {}).update(event)


@dataclass(frozen=True)
class Bank:
    """Both services. The journal is read from its file, which was on disk before any answer was given."""

    veo: SimulatorProcess
    gcs: FakeGcs
    journal: _Journal
    ledgers: Ledgers
    client: httpx.Client  # one for thousands of worlds: to make one costs more than to ask

    def accepted(self, output: str) -> list[Accepted]:
        """Every accepted submit that was to write below ``output``."""
        bucket = output.removeprefix("gs://").partition("/")[0]
        events = self.journal.events(bucket)
        return [_accepted(event) for event in events if event["storage_uri"].startswith(f"{output}/")]

    def forget(self, output: str) -> None:
        """Delete the objects of a world that is done: all of them would not fit in memory."""
        for uri in self.objects(output):
            bucket, _, name = uri.removeprefix("gs://").partition("/")
            url = f"{self.gcs.url}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
            self.client.delete(url).raise_for_status()

    def objects(self, output: str) -> dict[str, str]:
        """Every object below ``output`` with its content's hash."""
        bucket, _, prefix = output.removeprefix("gs://").partition("/")
        found: dict[str, str] = {}
        page = ""
        while True:
            url = f"{self.gcs.url}/storage/v1/b/{bucket}/o?prefix={quote(prefix + '/', safe='')}&pageToken={page}"
            answer = self.client.get(url).raise_for_status().json()
            found |= {f"gs://{bucket}/{item['name']}": item["md5Hash"] for item in answer.get("items", ())}
            page = answer.get("nextPageToken", "")
            if not page:
                return found


def _accepted(event: dict[str, Any]) -> Accepted:
    return Accepted(
        operation=event["operation"],
        intent_id=event["labels"].get("intent", ""),
        clip_id=event["labels"].get("clip", ""),
        prefix=event["storage_uri"] or "",
        outcome=event["outcome"],
        amount_usd=Decimal(event["amount_usd"]),
        uris=tuple(event["video_uris"]),
        fault=event["fault"],
    )


@contextmanager
def open_bank(folder: Path, *, ledgers: Ledgers | None = None, **options: Any) -> Iterator[Bank]:
    """Start both; ``options`` are the simulator's. Ledgers are on SQLite unless told otherwise."""
    journal = folder / "journal.jsonl"
    told = {"latency": "0:0.02", "prompt_faults": True, "slow_seconds": 3, "late_seconds": 1, **options}
    with (
        fake_gcs() as gcs,
        simulator(gcs.url, journal=journal, **told) as veo,
        httpx.Client(trust_env=False, verify=False) as client,
    ):
        yield Bank(veo, gcs, _Journal(journal), ledgers or SqliteLedgers(folder), client)
