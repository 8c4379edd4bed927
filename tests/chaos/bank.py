"""The bank: simulator and Cloud Storage stand-in, whose records are the truth that everything is judged against."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

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


@dataclass(frozen=True)
class Bank:
    """Both services. The journal is read from its file, which was on disk before any answer was given."""

    veo: SimulatorProcess
    gcs: FakeGcs
    journal_path: Path

    def accepted(self, output: str) -> list[Accepted]:
        """Every accepted submit that was to write below ``output``."""
        events: dict[str, dict[str, Any]] = {}
        marked = json.dumps(f"{output}/").rstrip('"').encode()
        ours: set[str] = set()
        with self.journal_path.open("rb") as journal:
            for line in journal:
                if marked in line or (ours and any(name.encode() in line for name in ours)):
                    event = json.loads(line)
                    ours.add(event["operation"])
                    events.setdefault(event["operation"], {}).update(event)
        return [_accepted(event) for event in events.values()]

    def objects(self, output: str) -> dict[str, str]:
        """Every object below ``output`` with its content's hash."""
        bucket, _, prefix = output.removeprefix("gs://").partition("/")
        found: dict[str, str] = {}
        page = ""
        while True:
            url = f"{self.gcs.url}/storage/v1/b/{bucket}/o?prefix={quote(prefix + '/', safe='')}&pageToken={page}"
            answer = httpx.get(url, trust_env=False, verify=False).raise_for_status().json()
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
def open_bank(folder: Path, **options: Any) -> Iterator[Bank]:
    """Start both; ``options`` are the simulator's."""
    journal = folder / "journal.jsonl"
    told = {"latency": "0:0.02", "prompt_faults": True, "slow_seconds": 3, "late_seconds": 1, **options}
    with fake_gcs() as gcs, simulator(gcs.url, journal=journal, **told) as veo:
        yield Bank(veo, gcs, journal)
