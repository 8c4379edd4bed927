"""The journal: an append-only record of every accepted submit and what was billed for it, on disk before it is told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson

from reelmill.errors import FixConfiguration

__all__ = ["Journal"]

_EVENT = b'{"event":"'  # how every line begins


class Journal:
    """One JSON line when a submit is accepted, one when its operation ends; both synced before anyone is told.

    Without a file it lives in memory only. With a file that exists it goes on where that ended: what was
    still running then will never finish and shows as ``interrupted``.
    """

    def __init__(self, path: Path | None) -> None:
        self._records: dict[str, dict[str, Any]] = {}
        self._file: int | None = None
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self._read_back(path)
        except OSError as error:
            raise FixConfiguration(
                f"The journal {path} cannot be written ({error.strerror}).", "Choose another --journal FILE."
            ) from None

    def accept(self, record: Mapping[str, Any]) -> None:
        """Record an accepted submit; ``record["operation"]`` names it."""
        self._append({"event": "accepted", **record})
        self._records[record["operation"]] = dict(record)

    def finish(self, operation: str, changes: Mapping[str, Any]) -> None:
        """Record how an accepted submit ended and what it cost."""
        self._append({"event": "finished", "operation": operation, **changes})
        self._records[operation].update(changes)

    def records(self) -> list[dict[str, Any]]:
        """One object per accepted submit, in the order of acceptance."""
        return list(self._records.values())

    def billed_usd(self) -> Decimal:
        """The whole bill in USD."""
        return sum((Decimal(record["amount_usd"]) for record in self._records.values()), Decimal(0))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, event: Mapping[str, Any]) -> None:
        if self._file is not None:
            os.write(self._file, orjson.dumps(event, option=orjson.OPT_APPEND_NEWLINE))
            os.fsync(self._file)

    def _read_back(self, path: Path) -> None:
        data = path.read_bytes()
        whole, _, torn = data.rpartition(b"\n")
        try:
            for event in _events(whole, torn):
                self._read_event(event)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise FixConfiguration(
                f"{path} is no journal of the simulator.", "Choose another --journal FILE; this one was left as it is."
            ) from None
        if torn and self._file is not None:  # a crash cut the last line: that submit was never answered
            os.ftruncate(self._file, len(data) - len(torn))
        for record in self._records.values():
            if record["outcome"] == "running":
                record["outcome"] = "interrupted"

    def _read_event(self, event: dict[str, Any]) -> None:
        kind, operation = event.pop("event"), event["operation"]
        if kind == "accepted":
            self._records[operation] = event
        else:
            self._records[operation].update(event)


def _events(whole: bytes, torn: bytes) -> Iterator[dict[str, Any]]:
    """The events of the whole lines. Raises ValueError if the ``torn`` last line is not one of ours either."""
    if torn[: len(_EVENT)] != _EVENT[: len(torn)]:
        raise ValueError(torn)
    yield from map(orjson.loads, whole.splitlines())
