"""Operations and their life: accepted and journalled, made, written to Cloud Storage, billed, then done."""

from __future__ import annotations

import asyncio
import base64
import secrets
import sys
import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from reelmill.simulator import answers
from reelmill.simulator.faults import Fault, FaultPlan
from reelmill.simulator.journal import Journal
from reelmill.simulator.options import SimulatorOptions
from reelmill.simulator.requests import Job
from reelmill.simulator.shelf import Kept, Shelf
from reelmill.simulator.store import ObjectStore, StorageRefused
from reelmill.simulator.studio import InputRejected, Studio

__all__ = ["Operation", "Operations"]

_RESPONSE_TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
_INVALID_ARGUMENT, _INTERNAL = 3, 13
_MAKE_AHEAD_SECONDS = 5.0
_PLAIN_ERRORS = {  # Texts UNVERIFIED.
    Fault.ERROR_3: (3, "The request could not be processed."),
    Fault.ERROR_8: (8, "The service is currently experiencing high load. Please try again later."),
    Fault.ERROR_13: (13, "Video generation failed due to an internal server issue."),
    Fault.ERROR_14: (14, "The service is currently unavailable."),
    Fault.ERROR_WITHOUT_DONE: (13, "Video generation failed due to an internal server issue."),
}


@dataclass(slots=True)
class Operation:
    """One accepted submit. ``result`` is where the poll's whole answer lies once it is done."""

    name: str
    ordinal: int
    job: Job
    fault: Fault | None
    latency_s: float
    polls: int = 0
    result: Kept | None = None


@dataclass(frozen=True, slots=True)
class _Ending:
    """How an operation ends: what polls will say, and what the journal keeps."""

    said: Mapping[str, Any]
    outcome: str
    returned: int = 0
    uris: list[str] = field(default_factory=list)
    message: str = ""


class Operations:
    """All operations of this process."""

    def __init__(
        self, options: SimulatorOptions, plan: FaultPlan, journal: Journal, store: ObjectStore, price_as_of: str
    ) -> None:
        self._options = options
        self._plan = plan
        self._journal = journal
        self._store = store
        self._price_as_of = price_as_of
        self._studio = Studio(
            store,
            fast=options.fast_videos,
            scale=options.video_scale,
            workers=options.workers,
            ready=options.videos,
        )
        self._shelf = Shelf()
        self._known: dict[str, Operation] = {}
        self._lives: set[asyncio.Task[None]] = set()

    def accept(self, job: Job, ordinal: int, fault: Fault | None) -> Operation:
        """Start an operation. It is in the journal, on disk, when this returns."""
        place = job.place
        path = f"projects/{place.project}/locations/{place.location}/publishers/google/models/{place.model.id}"
        latency = self._plan.random("latency", ordinal).uniform(*self._options.latency)
        operation = Operation(f"{path}/operations/{uuid.uuid4()}", ordinal, job, fault, latency)
        self._journal.accept(self._record(operation))
        self._known[operation.name] = operation
        life = asyncio.get_running_loop().create_task(self._live(operation))
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        return operation

    def find(self, name: str) -> Operation | None:
        """The operation with this full name."""
        return self._known.get(name)

    def result(self, operation: Operation) -> bytes | None:
        """What polls are answered once it is done; None before."""
        return None if operation.result is None else self._shelf.get(operation.result)

    @property
    def running(self) -> int:
        """How many are not done."""
        return sum(operation.result is None for operation in self._known.values())

    async def close(self) -> None:
        """Stop all work; what is running stays unfinished."""
        for life in list(self._lives):
            life.cancel()
        self._studio.close()
        self._shelf.close()

    async def _live(self, operation: Operation) -> None:
        if operation.fault is Fault.NEVER_DONE:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + operation.latency_s
        if operation.fault is Fault.LATE_DONE:
            due += self._options.late_seconds
        try:
            ending = await self._end(operation, due)
        except (StorageRefused, InputRejected) as refusal:
            await asyncio.sleep(due - loop.time())
            ending = _error(refusal.code, refusal.message)
        except Exception:  # noqa: BLE001  # a bug of ours must show as an error, not as an operation that never ends
            traceback.print_exc(file=sys.stderr)
            ending = _error(_INTERNAL, "The simulator itself failed; see what it printed.")
        self._finish(operation, ending)

    async def _end(self, operation: Operation, due: float) -> _Ending:
        """Make what there is to make a little ahead of time, wait until it is due, then write it."""
        loop = asyncio.get_running_loop()
        early = self._early_ending(operation)
        if early is not None:
            await asyncio.sleep(due - loop.time())
            return early
        job = operation.job
        filtered = operation.fault is Fault.OUTPUT_FILTER or (operation.fault is Fault.PARTIAL and job.samples == 1)
        returned = 0 if filtered else job.samples - (operation.fault is Fault.PARTIAL)
        await asyncio.sleep(due - _MAKE_AHEAD_SECONDS - loop.time())  # what waits to be due waits in memory
        videos = await self._studio.make(job, operation.name, returned, operation.fault)
        await asyncio.sleep(due - loop.time())
        response, uris = await self._deliver(operation, videos)
        withheld = job.samples - returned
        response["raiMediaFilteredCount"] = withheld
        if withheld:
            code = self._plan.random("code", operation.ordinal).choice(answers.OUTPUT_SUPPORT_CODES)
            response["raiMediaFilteredReasons"] = [answers.filtered_output(withheld, code)]
        outcome = "succeeded" if not withheld else "partial" if returned else "filtered"
        return _Ending({"done": True, "response": response}, outcome, returned, uris)

    def _early_ending(self, operation: Operation) -> _Ending | None:
        """The ending of an operation that makes nothing."""
        fault, problem = operation.fault, operation.job.problem
        code = self._plan.random("code", operation.ordinal).choice(answers.INPUT_SUPPORT_CODES)
        if problem is not None:
            return _error(_INVALID_ARGUMENT, problem)
        if fault is Fault.PROMPT_FILTER:
            return _error(_INVALID_ARGUMENT, answers.filtered_prompt(code), "filtered")
        if fault is Fault.IMAGE_FILTER:
            return _error(_INVALID_ARGUMENT, answers.filtered_image(code), "filtered")
        return _error(*_PLAIN_ERRORS[fault]) if fault in _PLAIN_ERRORS else None

    async def _deliver(self, operation: Operation, videos: list[bytes]) -> tuple[dict[str, Any], list[str]]:
        """Write the videos, or put them inline; the response and the objects' names."""
        response: dict[str, Any] = {"@type": _RESPONSE_TYPE}
        storage_uri = operation.job.storage_uri
        if not videos:
            return response, []
        if storage_uri is None:
            coded = [base64.b64encode(video).decode("ascii") for video in videos]
            response["videos"] = [{"bytesBase64Encoded": each, "mimeType": "video/mp4"} for each in coded]
            return response, []
        folder = f"{storage_uri.rstrip('/')}/{secrets.randbits(64)}"
        uris = [f"{folder}/sample_{number}.mp4" for number in range(len(videos))]
        if operation.fault is not Fault.MISSING_OBJECT:
            for uri, video in zip(uris, videos, strict=True):
                await self._store.write(uri, video, "video/mp4")
        response["videos"] = [{"gcsUri": uri, "mimeType": "video/mp4"} for uri in uris]
        return response, uris

    def _finish(self, operation: Operation, ending: _Ending) -> None:
        job = operation.job
        price = job.unit_price_usd if ending.returned else Decimal(0)
        self._journal.finish(
            operation.name,
            {
                "outcome": ending.outcome,
                "returned": ending.returned,
                "amount_usd": str(price * job.seconds * ending.returned),
                "video_uris": ending.uris,
                "message": ending.message,
                "finished_at": _now(),
            },
        )
        operation.job = replace(job, media=())  # pictures that came inline need not be kept
        operation.result = self._shelf.put(orjson.dumps(_said(operation, ending.said)))

    def _record(self, operation: Operation) -> dict[str, Any]:
        job = operation.job
        try:
            price = str(job.unit_price_usd)
        except KeyError:  # only a request that will fail has no price
            price = ""
        return {
            "operation": operation.name,
            "ordinal": operation.ordinal,
            "project": job.place.project,
            "location": job.place.location,
            "model": job.place.model.id,
            "storage_uri": job.storage_uri,
            "labels": job.labels,
            "prompt": job.prompt,
            "feature": job.feature,
            "inputs": [media.uri or "inline" for media in job.media],
            "seconds": job.seconds,
            "samples": job.samples,
            "aspect_ratio": job.aspect_ratio,
            "resolution": job.resolution,
            "audio": job.audio,
            "unknown_keys": job.unknown_keys,
            "fault": operation.fault,
            "unit_price_usd": price,
            "price_as_of": self._price_as_of,
            "accepted_at": _now(),
            "outcome": "running",
            "returned": 0,
            "amount_usd": "0",
            "video_uris": [],
            "message": "",
            "finished_at": None,
        }


def _said(operation: Operation, said: Mapping[str, Any]) -> dict[str, Any]:
    """The poll's answer, bent by the faults that bend it."""
    answer = {"name": operation.name, **said}
    if operation.fault in (Fault.MISSING_DONE, Fault.ERROR_WITHOUT_DONE):
        del answer["done"]
    elif operation.fault is Fault.DONE_ONLY:
        answer = {"name": operation.name, "done": True}
    elif operation.fault is Fault.EMPTY_RESPONSE:
        answer = {"name": operation.name, "done": True, "response": {}}
    elif operation.fault is Fault.NAMELESS_POLL:
        del answer["name"]
    return answer


def _error(code: int, message: str, outcome: str = "failed") -> _Ending:
    return _Ending({"done": True, "error": {"code": code, "message": message}}, outcome, message=message)


def _now() -> str:
    return datetime.now(UTC).isoformat()
