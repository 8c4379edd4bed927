"""What can be made to go wrong: the kinds of fault, and which request gets which, drawn from the seed."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

__all__ = ["MEANINGS", "Fault", "FaultPlan", "PromptFaults", "Stage"]


class Stage(StrEnum):
    """When a fault shows, which decides whether the request was accepted and may be billed."""

    REFUSAL = "instead of accepting the submit"
    ANSWER = "after accepting the submit, in its answer"
    RESULT = "in how the operation ends"
    POLL = "in a single poll"
    VERDICT = "in the answer to a judge's question"


class Fault(StrEnum):
    """One kind of fault, spelled as after ``--fault``."""

    HTTP_400 = "400"
    HTTP_400_FILTER = "400_filter"
    HTTP_401 = "401"
    HTTP_403 = "403"
    HTTP_404 = "404"
    HTTP_429 = "429"
    HTTP_500_BEFORE = "500_before"
    HTTP_503_BEFORE = "503_before"
    HTTP_504_BEFORE = "504_before"
    DROP_BEFORE = "drop_before"
    REDIRECT = "redirect"

    DROP_AFTER_ACCEPT = "drop_after_accept"
    RESET_AFTER_ACCEPT = "reset_after_accept"
    HALF_BODY = "half_body"
    HTTP_500_AFTER = "500_after"
    HTTP_503_AFTER = "503_after"
    HTTP_504_AFTER = "504_after"
    MALFORMED_BODY = "malformed_body"
    EMPTY_BODY = "empty_body"
    LIST_BODY = "list_body"
    DRIP = "drip"
    SLOW = "slow"
    REDIRECT_AFTER = "redirect_after"

    NEVER_DONE = "never_done"
    LATE_DONE = "late_done"
    ERROR_3 = "error_3"
    ERROR_8 = "error_8"
    ERROR_13 = "error_13"
    ERROR_14 = "error_14"
    PROMPT_FILTER = "prompt_filter"
    IMAGE_FILTER = "image_filter"
    OUTPUT_FILTER = "output_filter"
    PARTIAL = "partial"
    POLL_GONE = "poll_gone"
    MISSING_DONE = "missing_done"
    ERROR_WITHOUT_DONE = "error_without_done"
    DONE_ONLY = "done_only"
    EMPTY_RESPONSE = "empty_response"
    NAMELESS_POLL = "nameless_poll"
    MISSING_OBJECT = "missing_object"
    TRUNCATED_VIDEO = "truncated_video"
    BLACK_VIDEO = "black_video"
    FROZEN_VIDEO = "frozen_video"

    POLL_429 = "poll_429"
    POLL_500 = "poll_500"
    POLL_503 = "poll_503"
    POLL_DROP = "poll_drop"
    POLL_MALFORMED = "poll_malformed"
    POLL_SLOW = "poll_slow"

    JUDGE_429 = "judge_429"
    JUDGE_400 = "judge_400"
    JUDGE_500 = "judge_500"
    JUDGE_DROP = "judge_drop"
    JUDGE_CUT = "judge_cut"
    JUDGE_SLOW = "judge_slow"
    JUDGE_MALFORMED = "judge_malformed"
    JUDGE_GARBAGE = "judge_garbage"
    JUDGE_UNCOUNTED = "judge_uncounted"

    @property
    def stage(self) -> Stage:
        """When it shows."""
        return MEANINGS[self][0]


MEANINGS: Mapping[Fault, tuple[Stage, str]] = {
    Fault.HTTP_400: (Stage.REFUSAL, "400 INVALID_ARGUMENT"),
    Fault.HTTP_400_FILTER: (Stage.REFUSAL, "400: the prompt is blocked, with a support code"),
    Fault.HTTP_401: (Stage.REFUSAL, "401 UNAUTHENTICATED"),
    Fault.HTTP_403: (Stage.REFUSAL, "403 PERMISSION_DENIED"),
    Fault.HTTP_404: (Stage.REFUSAL, "404 NOT_FOUND, as for a retired model"),
    Fault.HTTP_429: (Stage.REFUSAL, "429 RESOURCE_EXHAUSTED, whatever the quota"),
    Fault.HTTP_500_BEFORE: (Stage.REFUSAL, "500 INTERNAL; no operation exists"),
    Fault.HTTP_503_BEFORE: (Stage.REFUSAL, "503 UNAVAILABLE; no operation exists"),
    Fault.HTTP_504_BEFORE: (Stage.REFUSAL, "504 DEADLINE_EXCEEDED; no operation exists"),
    Fault.DROP_BEFORE: (Stage.REFUSAL, "the connection closes without an answer; no operation exists"),
    Fault.REDIRECT: (Stage.REFUSAL, "307 to the same address; a client that follows it posts again"),
    Fault.DROP_AFTER_ACCEPT: (Stage.ANSWER, "the connection closes (FIN) without an answer"),
    Fault.RESET_AFTER_ACCEPT: (Stage.ANSWER, "the connection is reset (RST) without an answer"),
    Fault.HALF_BODY: (Stage.ANSWER, "200 with half of the announced body, then the connection closes"),
    Fault.HTTP_500_AFTER: (Stage.ANSWER, "500 INTERNAL although the operation exists"),
    Fault.HTTP_503_AFTER: (Stage.ANSWER, "503 UNAVAILABLE although the operation exists"),
    Fault.HTTP_504_AFTER: (Stage.ANSWER, "504 DEADLINE_EXCEEDED although the operation exists"),
    Fault.MALFORMED_BODY: (Stage.ANSWER, "200 with a body that is no JSON"),
    Fault.EMPTY_BODY: (Stage.ANSWER, "200 without a body"),
    Fault.LIST_BODY: (Stage.ANSWER, "200 with the body []"),
    Fault.DRIP: (Stage.ANSWER, "200, byte by byte over --slow-seconds"),
    Fault.SLOW: (Stage.ANSWER, "200, but only after --slow-seconds"),
    Fault.REDIRECT_AFTER: (Stage.ANSWER, "307 although the operation exists; following it pays twice"),
    Fault.NEVER_DONE: (Stage.RESULT, "stays pending for ever; nothing is billed"),
    Fault.LATE_DONE: (Stage.RESULT, "done --late-seconds later than its latency"),
    Fault.ERROR_3: (Stage.RESULT, "operation error 3 INVALID_ARGUMENT"),
    Fault.ERROR_8: (Stage.RESULT, "operation error 8 RESOURCE_EXHAUSTED"),
    Fault.ERROR_13: (Stage.RESULT, "operation error 13 INTERNAL"),
    Fault.ERROR_14: (Stage.RESULT, "operation error 14 UNAVAILABLE"),
    Fault.PROMPT_FILTER: (Stage.RESULT, "operation error 3: the prompt is blocked, with a support code"),
    Fault.IMAGE_FILTER: (Stage.RESULT, "operation error 3: the input image is blocked, with a support code"),
    Fault.OUTPUT_FILTER: (Stage.RESULT, "done without videos: all were filtered; not billed"),
    Fault.PARTIAL: (Stage.RESULT, "one video fewer than sampleCount; the returned ones are billed"),
    Fault.POLL_GONE: (Stage.RESULT, "every poll answers 404, while the videos are made and billed"),
    Fault.MISSING_DONE: (Stage.RESULT, "the response arrives without done"),
    Fault.ERROR_WITHOUT_DONE: (Stage.RESULT, "operation error 13 without done"),
    Fault.DONE_ONLY: (Stage.RESULT, "done: true and nothing else, while the videos are made and billed"),
    Fault.EMPTY_RESPONSE: (Stage.RESULT, "done with an empty response, while the videos are made and billed"),
    Fault.NAMELESS_POLL: (Stage.RESULT, "polls answer without the operation's name"),
    Fault.MISSING_OBJECT: (Stage.RESULT, "done and billed, but the named objects do not exist"),
    Fault.TRUNCATED_VIDEO: (Stage.RESULT, "the MP4 ends in the middle"),
    Fault.BLACK_VIDEO: (Stage.RESULT, "a video that is black throughout"),
    Fault.FROZEN_VIDEO: (Stage.RESULT, "a video in which nothing moves"),
    Fault.POLL_429: (Stage.POLL, "429 RESOURCE_EXHAUSTED"),
    Fault.POLL_500: (Stage.POLL, "500 INTERNAL"),
    Fault.POLL_503: (Stage.POLL, "503 UNAVAILABLE"),
    Fault.POLL_DROP: (Stage.POLL, "the connection closes without an answer"),
    Fault.POLL_MALFORMED: (Stage.POLL, "200 with a body that is no JSON"),
    Fault.POLL_SLOW: (Stage.POLL, "the answer comes after --slow-seconds"),
    Fault.JUDGE_429: (Stage.VERDICT, "429 RESOURCE_EXHAUSTED; nothing is billed"),
    Fault.JUDGE_400: (Stage.VERDICT, "400 INVALID_ARGUMENT; nothing is billed"),
    Fault.JUDGE_500: (Stage.VERDICT, "500 INTERNAL although the answer is billed"),
    Fault.JUDGE_DROP: (Stage.VERDICT, "the connection closes without an answer, which is billed"),
    Fault.JUDGE_CUT: (Stage.VERDICT, "200 with half of the announced body; billed"),
    Fault.JUDGE_SLOW: (Stage.VERDICT, "200, but only after --slow-seconds; billed"),
    Fault.JUDGE_MALFORMED: (Stage.VERDICT, "200 with a body that is no JSON; billed"),
    Fault.JUDGE_GARBAGE: (Stage.VERDICT, "200, counted and billed, with words instead of a verdict"),
    Fault.JUDGE_UNCOUNTED: (Stage.VERDICT, "200 with a verdict, but without usageMetadata; billed"),
}


class FaultPlan:
    """Which fault a request gets: a pure function of the seed and the request's ordinal number.

    A submit gets at most one fault; single polls draw on their own.
    """

    def __init__(self, seed: int, probabilities: Mapping[Fault, float]) -> None:
        self._seed = seed
        own = (Stage.POLL, Stage.VERDICT)
        self._submit = {kind: p for kind, p in probabilities.items() if kind.stage not in own}
        self._verdict = {kind: p for kind, p in probabilities.items() if kind.stage is Stage.VERDICT}
        self._poll = {kind: p for kind, p in probabilities.items() if kind.stage is Stage.POLL}

    def random(self, *parts: object) -> random.Random:
        """A generator that depends on the seed and ``parts`` only."""
        return random.Random(":".join(map(str, (self._seed, *parts))))  # noqa: S311  # a rehearsal must repeat

    def for_submit(self, ordinal: int) -> Fault | None:
        """The fault of the ``ordinal``-th submit."""
        return _pick(self._submit, self.random("submit", ordinal).random()) if self._submit else None

    def for_verdict(self, ordinal: int) -> Fault | None:
        """The fault of the ``ordinal``-th question to a judge."""
        return _pick(self._verdict, self.random("verdict", ordinal).random()) if self._verdict else None

    def for_poll(self, ordinal: int, poll: int) -> Fault | None:
        """The fault of the ``poll``-th poll of the operation that the ``ordinal``-th submit started."""
        return _pick(self._poll, self.random("poll", ordinal, poll).random()) if self._poll else None


def _pick(probabilities: Mapping[Fault, float], draw: float) -> Fault | None:
    for kind, probability in probabilities.items():
        draw -= probability
        if draw < 0:
            return kind
    return None


class PromptFaults:
    """Faults that a prompt asks for: ``[[fault:KIND]]``, or ``[[fault:KIND:N]]`` for its first N submits only."""

    _ASKED = re.compile(r"\[\[fault:([a-z0-9_]+)(?::(\d+))?\]\]")

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def for_prompt(self, prompt: str, *, verdict: bool = False) -> Fault | None:
        """The fault that this submit, or question, asks for. Raises ValueError for a kind that does not exist."""
        asked = self._ASKED.search(prompt)
        if asked is None:
            return None
        kind, times = Fault(asked[1]), asked[2]
        if (kind.stage is Stage.VERDICT) is not verdict:  # a product's title is in both
            return None
        self._seen[prompt] += 1
        return kind if times is None or self._seen[prompt] <= int(times) else None
