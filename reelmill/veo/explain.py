"""Google's codes in words: what happened, and what to change in the prompt or the picture.

Support codes and their categories are from Google's responsible-AI page for Veo; which side a code stands
for is known for four pairs only, so the wording of the message decides first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from reelmill.veo.outcomes import Failed, Finished, ReturnedVideo

__all__ = ["EMPTY_RESPONSE", "SupportCode", "Verdict", "VerdictState", "classify", "explain_rpc", "support_codes"]

EMPTY_RESPONSE = "empty_response"
"""Error code of an operation that is done, without error, filter note or video."""

_SUPPORT = re.compile(r"support codes?:?\s*([0-9][0-9, ]*)", re.IGNORECASE)


class VerdictState(StrEnum):
    """What a finished operation amounts to; the values are those of the ledger's states."""

    SUCCEEDED = "succeeded"
    PARTIAL = "partial"
    FILTERED = "filtered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SupportCode:
    """One code of Google's safety filters, explained."""

    code: str
    category: str
    meaning: str
    advice: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The end of an operation: its state, a code for tables, a sentence for people, the videos to keep."""

    state: VerdictState
    code: str
    message: str
    videos: tuple[ReturnedVideo, ...] = ()


@dataclass(frozen=True, slots=True)
class _Category:
    name: str
    meaning: str
    advice: str
    codes: tuple[str, ...]


_CATEGORIES = (
    _Category(
        "child",
        "children, or somebody who looks like a child",
        "Show the product without people, or say that adults wear and use it; take a picture without a child.",
        ("58061214", "17301594"),
    ),
    _Category(
        "celebrity",
        "a well-known person",
        "Take names of real people out of the title and the prompt, and recognisable faces out of the picture.",
        ("29310472", "15236754"),
    ),
    _Category(
        "video_safety_violation",
        "a general safety rule for videos",
        "Describe the scene more plainly, drop unusual words, and try again.",
        ("64151117", "42237218"),
    ),
    _Category(
        "dangerous",
        "something dangerous",
        "Leave out weapons, fire, drugs and risky use; show the product at rest.",
        ("62263041",),
    ),
    _Category(
        "hate",
        "hateful content",
        "Take out every word about groups of people.",
        ("57734940", "22137204"),
    ),
    _Category(
        "other",
        "another safety rule that Google does not name",
        "Describe the scene more plainly, and try again.",
        ("74803281", "29578790", "42876398"),
    ),
    _Category(
        "prohibited",
        "prohibited content",
        "Check the title and the description of the product for what Google's policy forbids.",
        ("89371032", "49114662", "63429089", "72817394", "60599140"),
    ),
    _Category(
        "third_party_content",
        "content that belongs to somebody else",
        "Take out names of other brands, films and characters, and logos and artwork from the picture.",
        ("35561574", "35561575"),
    ),
    _Category(
        "sexual",
        "sexual content",
        "Show swimwear, underwear and beauty products without a person wearing them; use neutral words.",
        ("90789179", "43188360"),
    ),
    _Category(
        "toxic",
        "insulting words",
        "Take insults out of the title, the slogan and the prompt.",
        ("78610348",),
    ),
    _Category(
        "violence",
        "violence",
        "Leave out weapons, fighting, blood and words like kill or shoot, even in a product's name.",
        ("61493863", "56562880"),
    ),
    _Category(
        "vulgar",
        "vulgar words",
        "Take vulgar words out of the title, the slogan and the prompt.",
        ("32635315",),
    ),
)
_BY_CODE = {code: category for category in _CATEGORIES for code in category.codes}
_INPUT_CODES = frozenset({"58061214", "29310472", "57734940", "61493863"})
_OUTPUT_CODES = frozenset({"17301594", "15236754", "22137204", "56562880"})

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


def support_codes(*texts: str) -> tuple[SupportCode, ...]:
    """Every support code that Google's ``texts`` name, explained, without repeats."""
    found: dict[str, SupportCode] = {}
    for text in texts:
        for listed in _SUPPORT.findall(text):
            for code in re.findall(r"[0-9]+", listed):
                found.setdefault(code, _explained(code, text))
    return tuple(found.values())


def _explained(code: str, text: str) -> SupportCode:
    category = _BY_CODE.get(code)
    side = _side(code, text)
    if category is None:
        return SupportCode(
            code, "unknown", f"{side} met a safety filter that Reelmill does not know",
            "Describe the scene more plainly, and try again.",
        )  # fmt: skip
    return SupportCode(code, category.name, f"{side} was taken for {category.meaning}", category.advice)


def _side(code: str, text: str) -> str:
    lower = text.lower()
    if "input image" in lower:
        return "the product picture"
    if "prompt could not be submitted" in lower or "prompt contains" in lower:
        return "the prompt"
    if code in _INPUT_CODES:
        return "the prompt or the picture"
    if code in _OUTPUT_CODES or "could not generate" in lower:
        return "the generated video"
    return "the prompt or the generated video"


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
    codes = support_codes(*outcome.filtered_reasons)
    code = ",".join(entry.code for entry in codes) or "filtered"
    if count:
        message = f"{count} of {samples} videos came back. {_why_filtered(codes, outcome)}"
        return Verdict(VerdictState.PARTIAL, code, message.rstrip(), outcome.videos)
    if outcome.filtered_count or outcome.filtered_reasons:
        message = f"All videos were filtered. {_why_filtered(codes, outcome)}"
        return Verdict(VerdictState.FILTERED, code, message.rstrip())
    return Verdict(
        VerdictState.FAILED,
        EMPTY_RESPONSE,
        "Google reported success without any video or reason. Nothing is charged (not confirmed by Google); "
        "look at the output prefix, then make the clip again.",
    )


def _failed(outcome: Failed) -> Verdict:
    codes = support_codes(outcome.message)
    if codes:
        message = f"Google's safety filter stopped the request. {_sentences(codes)}"
        return Verdict(VerdictState.FILTERED, ",".join(entry.code for entry in codes), message)
    name, remedy = explain_rpc(outcome.code)
    message = f"{name}: {outcome.message.rstrip('.')}. {remedy}"
    return Verdict(VerdictState.FAILED, f"rpc_{outcome.code}", message)


def _why_filtered(codes: tuple[SupportCode, ...], outcome: Finished) -> str:
    if codes:
        return _sentences(codes)
    said = " ".join(outcome.filtered_reasons)
    if "audio" in said.lower():
        return f"{said} The sound filter errs often: make the clip again, or turn sound off."
    return said or "Google gave no reason. Make the clip again."


def _sentences(codes: tuple[SupportCode, ...]) -> str:
    return " ".join(f"Support code {entry.code} ({entry.category}): {entry.meaning}. {entry.advice}" for entry in codes)
