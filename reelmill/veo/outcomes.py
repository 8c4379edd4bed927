"""What a submit or a poll can end in, told apart by what it means for money.

Every class is a plain value: backends return them, production acts on them, nothing raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "Accepted",
    "Failed",
    "Finished",
    "OperationGone",
    "Pending",
    "PollOutcome",
    "Refusal",
    "Refused",
    "ReturnedVideo",
    "SubmitOutcome",
    "Unclear",
    "Unreachable",
]


class Refusal(StrEnum):
    """Why a submit certainly was not accepted, by what helps."""

    NOT_SENT = "not_sent"  # the connection never opened, or we stopped before the first byte
    THROTTLED = "throttled"  # 429: wait, for everyone
    BAD_REQUEST = "bad_request"  # 400: this clip can never pass as it is
    ACCESS = "access"  # 401, 403: nothing will pass until a person mends it
    MODEL_GONE = "model_gone"  # 404: nothing will pass with this model


@dataclass(frozen=True, slots=True)
class Accepted:
    """Google took the job; ``operation`` is its full name."""

    operation: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Google certainly did not take the job; nothing is billed."""

    refusal: Refusal
    code: int  # HTTP status, 0 if there was none
    message: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody can tell whether Google took the job. Never send again; look."""

    reason: str


@dataclass(frozen=True, slots=True)
class ReturnedVideo:
    """One returned video: an object in Cloud Storage, or its bytes."""

    uri: str | None
    data: bytes | None
    mime_type: str = "video/mp4"


@dataclass(frozen=True, slots=True)
class Pending:
    """The operation is still running."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The operation is done. Fewer videos than asked means that the rest were filtered."""

    videos: tuple[ReturnedVideo, ...]
    filtered_count: int = 0
    filtered_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The operation ended in an error (a ``google.rpc`` code); nothing is billed."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class OperationGone:
    """Google no longer knows the operation (or never did): look at the output prefix instead."""

    message: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """This poll did not get an answer; poll again later."""

    reason: str


SubmitOutcome = Accepted | Refused | Unclear
PollOutcome = Pending | Finished | Failed | OperationGone | Unreachable
