"""A question about pictures (``generateContent``), read strictly: what is asked here is paid, so nothing is guessed.

Every text of a refusal is UNVERIFIED; that such requests are refused with 400 is documented.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reelmill.simulator.validation import integer

__all__ = ["PictureAsked", "QuestionAsked", "read_question"]

_TOP_LEVEL = {"contents", "generationConfig", "labels", "systemInstruction", "safetySettings"}
_CONFIG = {
    "candidateCount", "maxOutputTokens", "responseMimeType", "responseSchema", "mediaResolution", "temperature",
    "topP", "topK", "seed", "thinkingConfig",
}  # fmt: skip
_PICTURES = {"image/jpeg", "image/png"}
_MOST_TOKENS = 65_536
_MOST_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PictureAsked:
    """A picture of the question: ``uri`` (gs://), or its bytes."""

    uri: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """Words, pictures in order, and what the answer may be. ``properties`` are those of the answer's schema."""

    words: str
    pictures: tuple[PictureAsked, ...]
    properties: Mapping[str, Any]
    max_output_tokens: int
    labels: Mapping[str, str]


class _Refused(ValueError):  # noqa: N818 - what happened; it never leaves this file
    """The words of the 400."""


def read_question(body: bytes) -> QuestionAsked | str:
    """The question in a request body, or the text of the 400 that refuses it."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "Invalid JSON payload received." if body else "Request body is empty."
    try:
        return _question(request)
    except _Refused as problem:
        return str(problem)


def _question(request: Any) -> QuestionAsked:
    asked = _object(request, "request", _TOP_LEVEL)
    contents = asked.get("contents")
    if not isinstance(contents, list) or len(contents) != 1:
        raise _Refused("Exactly one entry of contents is served here.")
    content = _object(contents[0], "contents[0]", {"role", "parts"})
    if content.get("role") != "user":
        raise _Refused("Please use a valid role: user, model.")
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts:
        raise _Refused("contents[0].parts must not be empty.")
    words = "\n".join(part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
    pictures = tuple(_picture(part) for part in parts if not (isinstance(part, dict) and "text" in part))
    labels = _object(asked.get("labels") or {}, "labels", None)
    if not all(isinstance(value, str) for value in labels.values()):
        raise _Refused('Invalid value at "labels": expected strings.')
    properties, tokens = _answer(_object(asked.get("generationConfig") or {}, "generationConfig", _CONFIG))
    return QuestionAsked(words, pictures, properties, tokens, labels)


def _picture(part: Any) -> PictureAsked:
    given = _object(part, "part", {"inlineData", "fileData"})
    if len(given) != 1:
        raise _Refused("A part must have exactly one of text, inlineData and fileData.")
    if "fileData" in given:
        file = _object(given["fileData"], "fileData", {"mimeType", "fileUri"})
        _check_type(file)
        uri = file.get("fileUri")
        if not isinstance(uri, str) or not re.match(r"gs://[^/]+/.", uri):
            raise _Refused(f"Unsupported file uri: {uri}")
        return PictureAsked(uri, b"")
    inline = _object(given["inlineData"], "inlineData", {"mimeType", "data"})
    _check_type(inline)
    try:
        text = str(inline.get("data") or "").replace("-", "+").replace("_", "/")  # both alphabets are taken
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _Refused("inlineData.data is not valid base64.") from None
    if not data or len(data) > _MOST_BYTES:
        raise _Refused("inlineData.data is empty or larger than 20 MB.")
    return PictureAsked(None, data)


def _check_type(blob: Mapping[str, Any]) -> None:
    if blob.get("mimeType") not in _PICTURES:
        raise _Refused(f"Unsupported MIME type: {blob.get('mimeType')}")


def _answer(config: Mapping[str, Any]) -> tuple[Mapping[str, Any], int]:
    tokens = integer(config.get("maxOutputTokens"))
    if tokens is None or not 1 <= tokens <= _MOST_TOKENS:
        raise _Refused(f"maxOutputTokens must be between 1 and {_MOST_TOKENS}: an unbounded answer has no price.")
    if config.get("responseMimeType") != "application/json":
        raise _Refused("responseSchema requires responseMimeType application/json.")
    if (integer(config.get("candidateCount", 1))) != 1:
        raise _Refused("Only one candidate can be specified.")
    schema = _object(config.get("responseSchema"), "responseSchema", None)
    properties = _object(schema.get("properties"), "responseSchema.properties", None)
    if str(schema.get("type")).upper() != "OBJECT" or not properties:
        raise _Refused("responseSchema must be an OBJECT with properties.")
    return properties, tokens


def _object(value: Any, what: str, keys: set[str] | None) -> dict[str, Any]:
    """The object with its keys in camel case: as JSON of protocol buffers goes, ``mime_type`` is ``mimeType`` too."""
    if not isinstance(value, dict):
        raise _Refused(f"Invalid value at {what}: expected an object.")
    if keys is None:
        return dict(value)
    named = {re.sub(r"_([a-z])", lambda match: match[1].upper(), key): each for key, each in value.items()}
    for key in named.keys() - keys:
        raise _Refused(f'Invalid JSON payload received. Unknown name "{key}" at {what}: Cannot find field.')
    return named
