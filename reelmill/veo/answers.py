"""What Google's answers, and silences, mean for money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from reelmill.scrub import scrub
from reelmill.veo.outcomes import (
    Accepted,
    Failed,
    Finished,
    OperationGone,
    Pending,
    PollOutcome,
    Refusal,
    Refused,
    ReturnedVideo,
    SubmitOutcome,
    Unclear,
    Unreachable,
)
from reelmill.veo.transport import Shot, StoppedBeforeSending

if TYPE_CHECKING:
    from google.genai import types

__all__ = ["accepted", "poll_failure", "poll_outcome", "submit_failure"]

_DEFINITE: dict[int, Refusal] = {
    400: Refusal.BAD_REQUEST,
    401: Refusal.ACCESS,
    402: Refusal.ACCESS,
    403: Refusal.ACCESS,
    404: Refusal.MODEL_GONE,
    405: Refusal.BAD_REQUEST,
    406: Refusal.BAD_REQUEST,
    407: Refusal.ACCESS,
    410: Refusal.MODEL_GONE,
    411: Refusal.BAD_REQUEST,
    413: Refusal.BAD_REQUEST,
    414: Refusal.BAD_REQUEST,
    415: Refusal.BAD_REQUEST,
    422: Refusal.BAD_REQUEST,
    429: Refusal.THROTTLED,
    431: Refusal.BAD_REQUEST,
}
"""Statuses that say for certain that the job was not taken. 408, 409, 425 and 499 do not."""

_ADVICE: dict[Refusal, str] = {
    Refusal.BAD_REQUEST: "Correct the request: the same one can never pass.",
    Refusal.ACCESS: "Renew the credentials, enable the Vertex AI API and grant roles/aiplatform.user; "
    "`reelmill doctor` tells which.",
    Refusal.MODEL_GONE: "Choose another model, or correct project and location; `reelmill doctor` tells which.",
    Refusal.THROTTLED: "Lower quota_per_minute, or ask Google for more quota.",
    Refusal.NOT_SENT: "",
}

_UNKNOWN_OPERATION = (400, 404, 410)
_RPC_UNKNOWN = 2


def accepted(operation: types.GenerateVideosOperation) -> SubmitOutcome:
    """The answer to a submit that came with HTTP 200."""
    name = operation.name
    if not isinstance(name, str) or not name.strip() or "\0" in name:  # which no database takes
        return Unclear("Google answered 200 but named no operation, so the job may run unseen.")
    return Accepted(name)


def submit_failure(error: Exception, shot: Shot) -> SubmitOutcome:
    """The meaning of an exception out of a submit. Only what left the machine can be unclear."""
    if not shot.sent:
        return _not_sent(error)
    code = _http_status(error)
    if code is None:
        return Unclear(_broken(error))
    refusal = _DEFINITE.get(code)
    if refusal is None:
        return Unclear(f"Google may have taken the job although it answered {_http_text(error, code)}.")
    return Refused(refusal, code, f"{_http_text(error, code)}. {_ADVICE[refusal]}")


def _not_sent(error: Exception) -> Refused:
    from google.auth.exceptions import GoogleAuthError, TransportError

    if isinstance(error, StoppedBeforeSending):
        return Refused(Refusal.NOT_SENT, 0, f"Nothing was sent: {error}.")
    if isinstance(error, GoogleAuthError):
        # The library calls an unreachable token server no passing trouble; on Compute Engine it wraps that, too.
        unreached = isinstance(error, TransportError) or isinstance(error.__cause__, TransportError)
        passing = unreached or bool(getattr(error, "retryable", False))
        refusal = Refusal.NOT_SENT if passing else Refusal.ACCESS
        return Refused(refusal, 0, f"No access token: {scrub(error, 200)}. {_ADVICE[refusal]}".rstrip())
    if isinstance(error, ValueError | TypeError):  # the library's own validation, before any connection
        return Refused(
            Refusal.BAD_REQUEST, 0, f"The request cannot be written: {scrub(error, 200)}. Correct the request."
        )
    return Refused(Refusal.NOT_SENT, 0, f"No connection to Vertex AI: {type(error).__name__}: {scrub(error, 200)}.")


def _broken(error: Exception) -> str:
    """Words for an exchange that broke off, none of them the server's."""
    kind = type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return f"No whole answer came before the deadline of the submit ({kind})."
    if isinstance(error, httpx.TransportError):
        return f"The connection broke after the request had begun to leave ({kind})."
    if isinstance(error, ValueError):
        return f"Google answered 200 with something that is no operation ({kind})."
    return f"The submit ended in {kind} after the request had begun to leave."


def poll_outcome(operation: types.GenerateVideosOperation) -> PollOutcome:
    """The answer to a poll: its error first, then its videos, then its filter."""
    if operation.error:
        return _failed(operation.error)
    if not operation.done:
        return Pending()
    response = operation.response
    if response is None:
        return Finished(())
    videos = tuple(
        ReturnedVideo(uri=item.video.uri, data=item.video.video_bytes, mime_type=item.video.mime_type or "video/mp4")
        for item in response.generated_videos or ()
        if item.video is not None and (item.video.uri or item.video.video_bytes)
    )
    reasons = tuple(scrub(reason, 1000) for reason in response.rai_media_filtered_reasons or ())
    return Finished(videos, response.rai_media_filtered_count or 0, reasons)


def _failed(error: dict[str, Any]) -> Failed:
    code = error.get("code")
    known = code if isinstance(code, int) and code > 0 else _RPC_UNKNOWN
    return Failed(known, scrub(error.get("message") or "no message", 1000))


def poll_failure(error: Exception) -> PollOutcome:
    """The meaning of an exception out of a poll. A poll costs nothing, so most of them mean: again later."""
    code = _http_status(error)
    if code in _UNKNOWN_OPERATION:
        return OperationGone(f"Google does not know the operation: {_http_text(error, code)}.")
    if code is not None:
        return Unreachable(f"Google answered {_http_text(error, code)}.")
    return Unreachable(f"{type(error).__name__}: {scrub(error, 200)}")


def _http_status(error: Exception) -> int | None:
    from google.genai import errors

    return error.code if isinstance(error, errors.APIError) else None


def _http_text(error: Exception, code: int) -> str:
    status = scrub(getattr(error, "status", None) or "", 60)
    message = scrub(getattr(error, "message", None) or "", 300).rstrip(".")
    head = f"HTTP {code} {status}".strip()
    return f"{head}: {message}" if message else head
