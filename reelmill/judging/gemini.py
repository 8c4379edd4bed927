"""Asking a Gemini model on Vertex AI through google-genai: every question sent once.

The same careful way as for videos: the library's synchronous mode over our own transport, which lets one POST through
and follows no redirect. Its automatic continuation, on by default in google-genai 2.34, would ask again by itself and
be billed again: it is switched off, and the transport would stop it.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import httpx

from reelmill.judging.question import Question
from reelmill.judging.verdict import SCHEMA, ProductVerdict, UnreadableVerdict, read_verdict
from reelmill.scrub import scrub
from reelmill.settings import Settings
from reelmill.veo.answers import submit_failure
from reelmill.veo.credentials import load_credentials
from reelmill.veo.endpoint import Endpoint
from reelmill.veo.outcomes import Refusal, Refused, Unclear
from reelmill.veo.transport import Shot, VertexTransport

if TYPE_CHECKING:
    from google.genai import types

__all__ = ["Answered", "GeminiJudge", "Judge", "JudgeOutcome", "refusal_words"]

_API_VERSION = "v1"
_MOST_TOKENS = 10_000_000  # of a call; more is no count of tokens

_REFUSED = {
    Refusal.THROTTLED: "Google's quota for the judge is used up (HTTP 429)",
    Refusal.MODEL_GONE: "Vertex AI does not know the judge at this location",
}


@dataclass(frozen=True, slots=True)
class Answered:
    """The model answered, and this is paid. ``verdict`` is None, and ``problem`` says why, if it is of no use."""

    input_tokens: int
    output_tokens: int  # thinking included
    verdict: ProductVerdict | None
    problem: str = ""


JudgeOutcome = Answered | Refused | Unclear


class Judge(Protocol):
    """Whoever can be asked. Blocking; never raises."""

    def ask(self, question: Question) -> JudgeOutcome:
        """Send exactly one POST, or none."""
        ...


class GeminiJudge:
    """Implements :class:`Judge`. Thread-safe; close it when done."""

    def __init__(self, endpoint: Endpoint, credentials: Any, *, timeout_s: float = 60) -> None:
        from google.genai import Client, types

        self._timeout_s = timeout_s
        self._transport = VertexTransport(endpoint.base_url)
        self._http = httpx.Client(transport=self._transport, follow_redirects=False, timeout=timeout_s)
        self._client = Client(
            vertexai=True,
            project=endpoint.project,
            location=endpoint.location,
            credentials=credentials,
            http_options=types.HttpOptions(
                base_url=endpoint.base_url,
                api_version=_API_VERSION,
                timeout=max(1, math.ceil(timeout_s * 1000)),
                retry_options=types.HttpRetryOptions(attempts=1),
                httpx_client=self._http,
            ),
        )

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises FixConfiguration (project, address) or FixAccess (credentials), each with its remedy."""
        there = settings.judge_location or settings.location
        endpoint = Endpoint.from_settings(settings.model_copy(update={"location": there}))
        return cls(endpoint, load_credentials(settings, endpoint), timeout_s=settings.judge_timeout_s)

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        self._http.close()

    def ask(self, question: Question) -> JudgeOutcome:
        """Send exactly one POST, or none; never raises."""
        shot = Shot(time.monotonic() + self._timeout_s, before_send=lambda: True)
        try:
            contents, config = _contents(question), _config(question)
            with self._transport.during(shot):
                response = self._client.models.generate_content(model=question.model, contents=contents, config=config)
        except Exception as error:  # noqa: BLE001 - whatever broke, its meaning depends on what had left
            outcome = submit_failure(error, shot)
            return outcome if isinstance(outcome, Refused) else Unclear("No answer came that tells what it cost.")
        return _answered(response)


def refusal_words(refused: Refused) -> str:
    """Why a question was certainly not taken, for people."""
    return _REFUSED.get(refused.refusal) or refused.message.rstrip(".")


def _contents(question: Question) -> types.Content:
    from google.genai import types

    picture = question.picture
    if picture.uri is not None:
        real = types.Part.from_uri(file_uri=picture.uri, mime_type=picture.mime_type)
    else:
        real = types.Part.from_bytes(data=picture.data or b"", mime_type=picture.mime_type)
    frames = [types.Part.from_bytes(data=frame, mime_type="image/jpeg") for frame in question.frames]
    return types.Content(role="user", parts=[types.Part.from_text(text=question.words), real, *frames])


def _config(question: Question) -> types.GenerateContentConfig:
    from google.genai import types

    return types.GenerateContentConfig(
        candidate_count=1,
        max_output_tokens=question.max_output_tokens,
        response_mime_type="application/json",
        response_schema=SCHEMA,
        media_resolution=types.MediaResolution.MEDIA_RESOLUTION_HIGH,
        automatic_continuation=False,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        labels=dict(question.labels),
    )


def _answered(response: types.GenerateContentResponse) -> JudgeOutcome:
    used = response.usage_metadata
    read = used.prompt_token_count if used else None
    if used is None or read is None:
        return Unclear("The answer does not tell its tokens, so nobody can tell what it cost.")
    written = (used.candidates_token_count or 0) + (used.thoughts_token_count or 0)
    written = max(written, (used.total_token_count or 0) - read)  # what the total holds beyond them may be billed
    if not 0 <= read <= _MOST_TOKENS or not 0 <= written <= _MOST_TOKENS:
        return Unclear("The answer tells impossible numbers of tokens.")
    try:
        return Answered(read, written, read_verdict(_text(response)))
    except UnreadableVerdict as error:
        return Answered(read, written, None, f"The judge's answer is no verdict ({error})")


def _text(response: types.GenerateContentResponse) -> str:
    """What the model wrote, its thoughts left out. Raises UnreadableVerdict if it wrote nothing, or not to the end."""
    feedback = response.prompt_feedback
    if feedback is not None and feedback.block_reason is not None:
        raise UnreadableVerdict(f"the question was blocked: {scrub(feedback.block_reason.value, 60)}")
    candidate = next(iter(response.candidates or ()), None)
    if candidate is None:
        raise UnreadableVerdict("it is empty")
    reason = candidate.finish_reason
    if reason is not None and reason.value != "STOP":
        raise UnreadableVerdict(f"it was not finished: {scrub(reason.value, 60)}")
    parts = candidate.content.parts if candidate.content else None
    return "".join(part.text or "" for part in parts or () if not part.thought)
