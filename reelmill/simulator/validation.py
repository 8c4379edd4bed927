"""What Veo finds wrong only after it has accepted a request: operation errors with code 3.

The texts about duration and prompt enhancement are the service's own. All others are UNVERIFIED: only that
such requests fail is documented.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from reelmill.simulator.models import ServedModel

__all__ = ["find_problem", "integer"]

_DURATIONS = "[8,4,6]"
_LONG_ENOUGH = 8  # 1080p and 4k are documented for 8 seconds only, on the Gemini API
_MOST_SAMPLES = 4
_HIGHEST_SEED = 4_294_967_295
_FPS = 24
_MOST_IMAGE_BYTES = 20 * 1024 * 1024
_RATIOS = ("16:9", "9:16")
_IMAGE_TYPES = {"image/jpeg", "image/png"}
_VIDEO_TYPES = {"video/mp4"}
_ENUMS = {
    "compressionQuality": {"optimized", "lossless"},
    "resizeMode": {"pad", "crop"},
    "task": {"texttovideo", "imagetovideo", "referencetovideo", "edit", "extend", "upscale"},
}
_PERSONS = {"allow_adult", "dont_allow", "disallow", "allowall", "allow_all"}
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")

Fields = Mapping[str, Any]


def find_problem(instance: Fields, parameters: Fields, model: ServedModel, feature: str, *, strict: bool) -> str | None:
    """The first thing wrong with a request, or None."""
    return next(_problems(instance, parameters, model, feature, strict=strict), None)


def integer(value: Any) -> int | None:
    """A JSON number that is whole, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        return None
    return int(value)


def label_problem(labels: Fields) -> str | None:
    """What breaks the rules of Google Cloud labels, if anything does."""
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(value):
            return f"Invalid label {key!r}: keys and values are lower-case letters, digits, _ and -, at most 63."
    return None


def _problems(instance: Fields, parameters: Fields, model: ServedModel, feature: str, *, strict: bool) -> Iterator[str]:
    yield from _exclusive(instance, feature)
    yield from _duration(parameters, feature)
    yield from _size(parameters, model, strict=strict)
    yield from _references(instance, model)
    yield from _choices(parameters, strict=strict)
    yield from _media_problems(instance)


def _exclusive(instance: Fields, feature: str) -> Iterator[str]:
    given = [key for key in ("image", "video", "referenceImages") if instance.get(key)]
    prompt = instance.get("prompt")
    if len(given) > 1:
        yield f"Only one of image, video and referenceImages may be set, found {' and '.join(given)}."
    if not (isinstance(prompt, str) and prompt.strip()) and feature in {"text_to_video", "reference_to_video"}:
        yield f"A text prompt is required for feature {feature}."
    if instance.get("lastFrame") and not instance.get("image"):
        yield "lastFrame requires image."
    if instance.get("cameraControl") and not instance.get("image"):
        yield "cameraControl requires image."
    if instance.get("mask"):
        yield "mask is not supported by this model."


def _duration(parameters: Fields, feature: str) -> Iterator[str]:
    if "durationSeconds" not in parameters:
        return
    asked = parameters["durationSeconds"]
    if feature == "reference_to_video":
        if asked != _LONG_ENOUGH:
            yield _unsupported(asked, "[8]", feature).removesuffix(".")
    elif feature == "video_extension":
        if asked != 7:  # noqa: PLR2004  # an extension adds seven seconds, no choice
            yield _unsupported(asked, "[7]", feature)
    elif asked not in (4, 6, 8) or isinstance(asked, bool):
        yield _unsupported(asked, _DURATIONS, feature)


def _unsupported(seconds: Any, supported: str, feature: str) -> str:
    refused = f"Unsupported output video duration {seconds} seconds"
    return f"{refused}, supported durations are {supported} for feature {feature}."


def _size(parameters: Fields, model: ServedModel, *, strict: bool) -> Iterator[str]:
    ratio, resolution = parameters.get("aspectRatio", "16:9"), str(parameters.get("resolution", "720p")).lower()
    if ratio not in _RATIOS:
        yield f"Unsupported aspect ratio {ratio}, supported aspect ratios are [16:9,9:16]."
    if resolution not in model.resolutions:
        yield f"Unsupported resolution {resolution}, supported resolutions are [{','.join(model.resolutions)}]."
    if strict and resolution != "720p" and parameters.get("durationSeconds", _LONG_ENOUGH) not in (_LONG_ENOUGH, 7):
        yield f"Resolution {resolution} requires a duration of 8 seconds."
    if strict and parameters.get("fps", _FPS) != _FPS:
        yield f"Unsupported fps {parameters['fps']}, supported fps are [24]."


def _references(instance: Fields, model: ServedModel) -> Iterator[str]:
    references = instance.get("referenceImages")
    if not references:
        return
    if model.references == 0:
        yield f"referenceImages is not supported by {model.id}."
    if not isinstance(references, list) or len(references) > model.references:
        yield f"At most {model.references} reference images are supported."
        return
    for reference in references:
        kind = str(reference.get("referenceType", "") if isinstance(reference, dict) else "").lower()
        if kind != "asset":
            yield f"Unsupported reference type {kind or '(none)'}, supported reference types are [asset]."


def _choices(parameters: Fields, *, strict: bool) -> Iterator[str]:
    if parameters.get("enhancePrompt") is False:
        yield "Veo 3 prompt enhancement cannot be disabled."
    samples, seed = integer(parameters.get("sampleCount", 1)), integer(parameters.get("seed", 0))
    if samples is None or not 1 <= samples <= _MOST_SAMPLES:
        yield f"sampleCount must be between 1 and {_MOST_SAMPLES}, found {parameters['sampleCount']}."
    if seed is None or not 0 <= seed <= _HIGHEST_SEED:
        yield f"seed must be between 0 and {_HIGHEST_SEED}, found {parameters['seed']}."
    if not isinstance(parameters.get("generateAudio", True), bool):
        yield "generateAudio must be a boolean."
    storage = parameters.get("storageUri", "gs://-")
    if not isinstance(storage, str) or not re.match(r"gs://[^/]", storage):
        yield f"storageUri must be a Cloud Storage location, found {storage}."
    for key, allowed in _ENUMS.items():
        if key in parameters and str(parameters[key]).lower() not in allowed:
            yield f"Unsupported {key} {parameters[key]}."
    if strict and str(parameters.get("personGeneration", "allow_adult")).lower() not in _PERSONS:
        yield f"Unsupported personGeneration {parameters['personGeneration']}."


def _media_problems(instance: Fields) -> Iterator[str]:
    references = instance.get("referenceImages")
    given = [(role, instance.get(role)) for role in ("image", "lastFrame", "video") if instance.get(role)]
    if isinstance(references, list):
        given += [("referenceImages", each.get("image") if isinstance(each, dict) else None) for each in references]
    for role, media in given:
        yield from _one_media(role, media)


def _one_media(role: str, media: Any) -> Iterator[str]:
    if not isinstance(media, dict):
        yield f"{role} must be an object with gcsUri or bytesBase64Encoded."
        return
    uri, encoded, mime = media.get("gcsUri"), media.get("bytesBase64Encoded"), media.get("mimeType")
    if (uri is None) is (encoded is None):
        yield f"{role} must have exactly one of gcsUri and bytesBase64Encoded."
    if uri is not None and not re.match(r"gs://[^/]+/.", str(uri)):
        yield f"{role} must name a Cloud Storage object, found {uri}."
    allowed = _VIDEO_TYPES if role == "video" else _IMAGE_TYPES
    if str(mime).lower() not in allowed:
        yield f"{role} has an unsupported mimeType {mime}, supported are [{','.join(sorted(allowed))}]."
    if encoded is not None:
        yield from _bytes_problem(role, str(encoded))


def _bytes_problem(role: str, encoded: str) -> Iterator[str]:
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        yield f"{role} is not valid base64."
        return
    if role != "video" and len(data) > _MOST_IMAGE_BYTES:
        yield f"{role} is larger than 20 MB."
