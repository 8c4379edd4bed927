"""Support codes of Google's safety filters: what each stands for, what it struck, and what to change there.

Codes and their categories are from Google's responsible-AI page for Veo; which side a code stands for is known
for four pairs only, so the wording of the message decides first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

__all__ = [
    "CATEGORIES",
    "SOUND",
    "UNKNOWN",
    "UNNAMED",
    "Side",
    "SupportCode",
    "says_filtered",
    "support_codes",
    "what_struck",
]

UNKNOWN = "unknown"
"""Category of a code that no page names."""

UNNAMED = "unnamed"
"""Category of a filter that gave no code at all."""

SOUND = "sound"
"""Category of the sound filter, which gives no code."""

_SUPPORT = re.compile(r"support codes?:?\s*([0-9][0-9, ]*)", re.IGNORECASE)
_FILTERED = re.compile(
    r"responsible ai|blocked by your current safety settings|\bsensitive words\b|issue with the audio", re.IGNORECASE
)


class Side(StrEnum):
    """What a filter struck."""

    PROMPT = "prompt"
    PICTURE = "picture"
    INPUT = "input"  # the prompt or the picture: Google does not say which
    OUTPUT = "output"
    UNCLEAR = "unclear"  # the prompt or the generated video


@dataclass(frozen=True, slots=True)
class SupportCode:
    """One code, explained: ``meaning`` says what was struck and why, ``advice`` what to change and where.

    ``code`` is empty for a filter that gave none.
    """

    code: str
    category: str
    side: Side
    meaning: str
    advice: str

    @property
    def sentence(self) -> str:
        """Meaning and advice for people, with the code."""
        if not self.code:
            return f"{self.meaning[0].upper()}{self.meaning[1:]}. {self.advice}"
        return f"Support code {self.code} ({self.category}): {self.meaning}. {self.advice}"

    @property
    def cause(self) -> str:
        """What the ledger keeps of it: ``side:category``, like ``prompt:violence``."""
        return f"{self.side.value}:{self.category}"


@dataclass(frozen=True, slots=True)
class _Category:
    """``says`` completes "the prompt …"; the other two say what to change in either."""

    name: str
    says: str
    prompt: str
    picture: str
    codes: tuple[str, ...] = ()

    def advice(self, side: Side) -> str:
        """What to change, where it helps."""
        if side is Side.PROMPT:
            return f"In the prompt: {self.prompt}."
        if side is Side.PICTURE:
            return f"Change the picture, not the prompt: {self.picture}."
        return f"In the prompt: {self.prompt}. If it has a picture: {self.picture}."


_LISTED = (
    _Category(
        "child",
        "was taken for a child, or somebody who looks like one",
        "show the product without people, or say that an adult wears and uses it",
        "take one without a child",
        ("58061214", "17301594"),
    ),
    _Category(
        "celebrity",
        "was taken for a well-known person",
        "take names of real people out of the title and the text",
        "take one without a recognisable face",
        ("29310472", "15236754"),
    ),
    _Category(
        "video_safety_violation",
        "broke a general safety rule for videos",
        "describe the scene more plainly, and drop unusual words",
        "take one of the product alone",
        ("64151117", "42237218"),
    ),
    _Category(
        "dangerous",
        "was taken for something dangerous",
        "leave out weapons, fire, drugs and risky use, and show the product at rest",
        "take one that shows the product at rest, without anything dangerous beside it",
        ("62263041",),
    ),
    _Category(
        "hate",
        "was taken for hateful content",
        "take out every word about groups of people",
        "take one without slogans, flags and symbols",
        ("57734940", "22137204"),
    ),
    _Category(
        "other",
        "broke a safety rule that Google does not name",
        "describe the scene more plainly",
        "take one of the product alone",
        ("74803281", "29578790", "42876398"),
    ),
    _Category(
        "prohibited",
        "was taken for prohibited content",
        "check the product's title and description for what Google's policy forbids",
        "take one that shows nothing which that policy forbids",
        ("89371032", "49114662", "63429089", "72817394", "60599140"),
    ),
    _Category(
        "third_party_content",
        "was taken for content that belongs to somebody else",
        "take out names of other brands, films and characters",
        "take one without logos, characters and artwork of others",
        ("35561574", "35561575"),
    ),
    _Category(
        "sexual",
        "was taken for sexual content",
        "show swimwear, underwear and beauty products without a person wearing them, in neutral words",
        "take one of the product alone, without a body",
        ("90789179", "43188360"),
    ),
    _Category(
        "toxic",
        "was taken for an insult",
        "take insults out of the title, the slogan and the text",
        "take one without insulting lettering",
        ("78610348",),
    ),
    _Category(
        "violence",
        "was taken for violence",
        "leave out weapons, fighting, blood and words like kill or shoot, even in a product's name",
        "take one without weapons, fighting and blood",
        ("61493863", "56562880"),
    ),
    _Category(
        "vulgar",
        "was taken for something vulgar",
        "take vulgar words out of the title, the slogan and the text",
        "take one without vulgar lettering",
        ("32635315",),
    ),
)
_STRANGE = _Category(
    UNKNOWN,
    "met a safety filter that Reelmill does not know",
    "describe the scene more plainly; Google's responsible-AI page for Veo may name the code",
    "take one of the product alone",
)
_NAMELESS = _Category(
    UNNAMED,
    "was stopped by a safety filter that gave no code",
    "describe the scene more plainly",
    "take one of the product alone",
)
_NOISE = SupportCode(
    "",
    SOUND,
    Side.OUTPUT,
    "the generated sound was stopped by the sound filter, which errs often",
    "Make the clip again, or turn sound off.",
)
_BY_CODE = {code: category for category in _LISTED for code in category.codes}
_INPUT_CODES = frozenset({"58061214", "29310472", "57734940", "61493863"})
_OUTPUT_CODES = frozenset({"17301594", "15236754", "22137204", "56562880"})
_WHAT = {
    Side.PROMPT: "the prompt",
    Side.PICTURE: "the product picture",
    Side.INPUT: "the prompt or the picture",
    Side.OUTPUT: "the generated video",
    Side.UNCLEAR: "the prompt or the generated video",
}

CATEGORIES = frozenset({*(category.name for category in _LISTED), UNKNOWN, UNNAMED, SOUND})
"""Every category that a filtered clip may have."""


def support_codes(*texts: str) -> tuple[SupportCode, ...]:
    """Every support code that Google's ``texts`` name, explained, without repeats."""
    found: dict[str, SupportCode] = {}
    for text in texts:
        for listed in _SUPPORT.findall(text):
            for code in re.findall(r"[0-9]+", listed):
                found.setdefault(code, _explained(code, text))
    return tuple(found.values())


def what_struck(*texts: str) -> tuple[SupportCode, ...]:
    """The same for ``texts`` of which a filter is known to be the reason, whether it gave a code or not."""
    if codes := support_codes(*texts):
        return codes
    said = " ".join(texts)
    return (_NOISE if "audio" in said.lower() else _explained("", said),)


def says_filtered(text: str) -> bool:
    """Whether an error's text is that of a safety filter."""
    return bool(support_codes(text)) or _FILTERED.search(text) is not None


def _explained(code: str, text: str) -> SupportCode:
    category, side = _BY_CODE.get(code, _STRANGE) if code else _NAMELESS, _side(code, text)
    return SupportCode(code, category.name, side, f"{_WHAT[side]} {category.says}", category.advice(side))


def _side(code: str, text: str) -> Side:
    lower = text.lower()
    if "input image" in lower:
        return Side.PICTURE
    if "prompt could not be submitted" in lower or "prompt contains" in lower:
        return Side.PROMPT
    if code in _INPUT_CODES:
        return Side.INPUT
    if code in _OUTPUT_CODES or "could not generate" in lower:
        return Side.OUTPUT
    return Side.UNCLEAR
