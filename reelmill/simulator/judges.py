"""The judge's side of the service: a question is answered from its pictures, counted in tokens, and billed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

import orjson

from reelmill.simulator.answers import error, json_reply
from reelmill.simulator.faults import Fault
from reelmill.simulator.http import Reply
from reelmill.simulator.journal import Journal
from reelmill.simulator.models import ServedJudge
from reelmill.simulator.questions import QuestionAsked
from reelmill.simulator.store import ObjectStore, StorageRefused

__all__ = ["Judges"]

_TOKENS_OF_PICTURE = 1120
_LETTERS_OF_TOKEN = 4
_THOUGHTS = 61
_MICRO = Decimal("0.000001")
_NOT_SEEN = {"grade": "not_visible", "reason": "The simulator compares colours and light only."}
_GARBAGE = "I would say that it looks fine to me!"


@dataclass(frozen=True, slots=True)
class Judges:
    """Answers questions. Each answer is in the journal, with its bill, before anyone is told."""

    store: ObjectStore
    journal: Journal
    price_as_of: str

    async def answer(
        self, place: tuple[str, str], judge: ServedJudge, asked: QuestionAsked, *, ordinal: int, fault: Fault | None
    ) -> Reply:
        """The answer to one question, as if it were not spoilt; ``place`` is project and location."""
        try:
            pictures = [await self.store.read(each.uri) if each.uri else each.data for each in asked.pictures]
        except StorageRefused as refusal:
            return error(403 if refusal.code == 7 else 400, refusal.message)  # noqa: PLR2004 - PERMISSION_DENIED
        text = await asyncio.to_thread(_said, asked, pictures)
        if text is None:
            return error(400, "Unable to process input image. Please retry or report.")
        if fault is Fault.JUDGE_GARBAGE:
            text = _GARBAGE
        used, finish = _tokens(asked, text), "STOP"
        if used["thoughtsTokenCount"] + used["candidatesTokenCount"] > asked.max_output_tokens:
            finish, text = "MAX_TOKENS", text[: len(text) // 2]
            used["candidatesTokenCount"] = max(0, asked.max_output_tokens - used["thoughtsTokenCount"])
        used["totalTokenCount"] = sum(used.values())
        bill = self._bill(judge, used)
        self.journal.accept(self._record(place, judge, asked) | bill | {"ordinal": ordinal, "fault": fault})
        candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": finish}
        counted = {} if fault is Fault.JUDGE_UNCOUNTED else {"usageMetadata": used}
        return json_reply({"candidates": [candidate], "modelVersion": judge.id, **counted})

    def _record(self, place: tuple[str, str], judge: ServedJudge, asked: QuestionAsked) -> dict[str, Any]:
        project, location = place
        return {
            "operation": f"projects/{project}/locations/{location}/verdicts/{uuid.uuid4()}",
            "kind": "verdict",
            "project": project,
            "location": location,
            "model": judge.id,
            "storage_uri": None,
            "labels": asked.labels,
            "prompt": asked.words,
            "pictures": len(asked.pictures),
            "outcome": "answered",
        }

    def _bill(self, judge: ServedJudge, used: Mapping[str, int]) -> dict[str, Any]:
        """What the tokens cost: exactly, and as it is billed, rounded up to the millionth."""
        now = datetime.now(UTC)
        price = judge.price(now.date())
        read, written = used["promptTokenCount"], used["candidatesTokenCount"] + used["thoughtsTokenCount"]
        exact = (price.input_usd * read + price.output_usd * written) / 1_000_000
        return {
            "input_tokens": read,
            "output_tokens": written,
            "price_as_of": self.price_as_of,
            "accepted_at": now.isoformat(),
            "exact_usd": f"{exact:f}",
            "amount_usd": f"{exact.quantize(_MICRO, rounding=ROUND_CEILING):f}",
        }


def _said(asked: QuestionAsked, pictures: list[bytes]) -> str | None:
    from reelmill.simulator.comparing import compare

    seen = compare(pictures[0], pictures[1:]) if pictures else None
    if seen is None:
        return None
    return orjson.dumps({name: seen.get(name, _NOT_SEEN) for name in asked.properties}).decode()


def _tokens(asked: QuestionAsked, text: str) -> dict[str, int]:
    return {
        "promptTokenCount": -(-len(asked.words) // _LETTERS_OF_TOKEN) + _TOKENS_OF_PICTURE * len(asked.pictures),
        "candidatesTokenCount": -(-len(text) // _LETTERS_OF_TOKEN),
        "thoughtsTokenCount": _THOUGHTS,
    }
