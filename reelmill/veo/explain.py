"""How an operation ended, in words: what happened, and what to change in the prompt or the picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reelmill.veo.outcomes import Failed, Finished, ReturnedVideo
from reelmill.veo.support import says_filtered, what_struck

__all__ = ["EMPTY_RESPONSE", "Verdict", "VerdictState", "classify", "explain_refusal", "explain_rpc"]

EMPTY_RESPONSE = "empty_response"
"""Error code of an operation that is done, without error, filter note or video."""


class VerdictState(StrEnum):
    """What a finished operation amounts to; the values are those of the ledger's states."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FILTERED = "filtered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of an operation: its state, a code for tables, a sentence for people, the videos to keep.

    ``causes`` say what a filter struck, each as ``side:category`` (see :mod:`reelmill.veo.support`).
    """

    state: VerdictState
    code: str
    message: str
    videos: tuple[ReturnedVideo, ...] = ()
    causes: tuple[str, ...] = ()


_RPC: dict[int, tuple[str, str]] = {
    1: ("CANCELLED", "Make the clip again."),
    2: ("UNKNOWN", "Make the clip again; if it repeats, ask Google with the operation's name."),
    3: ("INVALID_ARGUMENT", "Correct the request: the same one fails again."),
    4: ("DEADLINE_EXCEEDED", "Google took too long; make the clip again later."),
    5: ("NOT_FOUND", "An input is missing: check that every gs:// image or video exists."),
    7: (
        "PERMISSION_DENIED",
        "Grant Google's Vertex AI service agent roles/storage.objectViewer and objectCreator on the bucket.",
    ),
    8: ("RESOURCE_EXHAUSTED", "Google is short of capacity; make the clip again later, at a lower quota_per_minute."),
    9: ("FAILED_PRECONDITION", "Check the bucket, its region and the project's set-up; `reelmill doctor` helps."),
    13: ("INTERNAL", "Google failed; make the clip again, with a plainer prompt if it repeats."),
    14: ("UNAVAILABLE", "Google was not available; make the clip again later."),
    16: ("UNAUTHENTICATED", "Renew the credentials; `reelmill doctor` tells which."),
}


def explain_rpc(code: int) -> tuple[str, str]:
    """Name and remedy of a ``google.rpc`` code."""
    return _RPC.get(code, (f"CODE_{code}", "Make the clip again; if it repeats, look the code up in Google's pages."))


def classify(outcome: Finished | Failed, samples: int) -> Verdict:
    """What a finished operation amounts to, when ``samples`` videos were asked for.

    Only returned videos are charged. That failures and filtered videos are free is what Google's messages
    say ("You will not be charged for this request"); no page for Vertex AI confirms it.
    """
    if isinstance(outcome, Failed):
        return _failed(outcome)
    count = len(outcome.videos)
    if count >= samples:
        return Verdict(VerdictState.SUCCEEDED, "", "", outcome.videos)
    if count:
        return _filtered(VerdictState.PARTIAL, f"{count} of {samples} videos came back.", outcome)
    if outcome.filtered_count or outcome.filtered_reasons:
        return _filtered(VerdictState.FILTERED, "All videos were filtered.", outcome)
    return Verdict(
        VerdictState.FAILED,
        EMPTY_RESPONSE,
        "Google reported success without any video or reason. Look at the output prefix: it may all lie there.",
    )


def explain_refusal(code: str, message: str) -> Verdict:
    """What a request amounts to that was refused at once: filtered, if a safety filter refused it, else failed.

    A blocked prompt has been met as an operation's error 3 and as HTTP 400, in the same words.
    """
    if not says_filtered(message):
        return Verdict(VerdictState.FAILED, code, message)
    code, told, causes = _told((message,))
    return Verdict(VerdictState.FILTERED, code, f"Google's safety filter refused the request. {told}", causes=causes)


def _failed(outcome: Failed) -> Verdict:
    if says_filtered(outcome.message):
        code, told, causes = _told((outcome.message,))
        message = f"Google's safety filter stopped the request. {told}"
        return Verdict(VerdictState.FILTERED, code, message, causes=causes)
    name, remedy = explain_rpc(outcome.code)
    message = f"{name}: {outcome.message.rstrip('.')}. {remedy}"
    return Verdict(VerdictState.FAILED, f"rpc_{outcome.code}", message)


def _filtered(state: VerdictState, what: str, outcome: Finished) -> Verdict:
    code, told, causes = _told(outcome.filtered_reasons)
    return Verdict(state, code, f"{what} {told}", outcome.videos, causes)


def _told(reasons: tuple[str, ...]) -> tuple[str, str, tuple[str, ...]]:
    """The code for tables, the sentences for people and the causes for the ledger."""
    found = what_struck(*reasons)
    codes = ",".join(entry.code for entry in found)
    told = " ".join(entry.sentence for entry in found)
    said = "" if codes else " ".join(reasons).strip() or "Google gave no reason."
    causes = tuple(dict.fromkeys(entry.cause for entry in found))
    return codes or "filtered", f"{said} {told}".strip(), causes
