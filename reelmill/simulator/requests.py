"""A submit, read: what the envelope must be (else 400 at once), and the job that it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from reelmill.simulator.models import ServedModel
from reelmill.simulator.validation import find_problem, integer

__all__ = ["Job", "Media", "Place", "read_job"]

EXTENSION_SECONDS = 7
_DEFAULT_SECONDS = 8
_TOP_LEVEL = {"instances", "parameters", "labels"}
_MEDIA = {"gcsUri", "bytesBase64Encoded", "mimeType"}
_INSTANCE = {"prompt", "image", "lastFrame", "video", "referenceImages", "mask", "cameraControl"}
_PARAMETERS = {
    "sampleCount", "storageUri", "durationSeconds", "aspectRatio", "resolution", "fps", "negativePrompt", "seed",
    "personGeneration", "generateAudio", "enhancePrompt", "compressionQuality", "resizeMode", "pubsubTopic", "task",
    "enablePromptRewriting", "addWatermark", "includeRaiReason", "safetySetting",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a submit was posted to."""

    project: str
    location: str
    model: ServedModel


@dataclass(frozen=True, slots=True)
class Media:
    """An image or video that came with a request: ``uri`` (gs://), or else its bytes in base64."""

    role: str
    uri: str | None
    base64: str | None
    mime_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a submit asks for. ``problem`` is the text of the error that it will end in after it was accepted.

    ``seconds`` is the length that is billed for each video: 7 for an extension, whatever its whole length.
    """

    place: Place
    prompt: str
    feature: str
    media: tuple[Media, ...]
    seconds: int
    samples: int
    aspect_ratio: str
    resolution: str
    audio: bool
    storage_uri: str | None
    labels: Mapping[str, Any]
    unknown_keys: tuple[str, ...]
    problem: str | None

    @property
    def unit_price_usd(self) -> Decimal:
        """USD per second of returned video. Raises KeyError if the job has a problem that hides its price."""
        return self.place.model.unit_price(self.resolution, audio=self.audio)


def read_job(body: bytes, place: Place, *, strict: bool) -> Job | str:
    """The job in a request body, or the text of the 400 that refuses it."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "Invalid JSON payload received." if body else "Request body is empty."
    refusal = _envelope_problem(request)
    if refusal is not None:
        return refusal
    instance, parameters = request["instances"][0], request.get("parameters") or {}
    unknown = tuple(_unknown_keys(instance, parameters))
    if strict and unknown:
        return f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.'
    return _job(instance, parameters, request.get("labels") or {}, place, unknown, strict=strict)


def _envelope_problem(request: Any) -> str | None:
    """The texts are UNVERIFIED, except that such requests are refused at once."""
    if not isinstance(request, dict):
        return "Invalid JSON payload received. Expected an object."
    for key in request.keys() - _TOP_LEVEL:
        return f'Invalid JSON payload received. Unknown name "{key}": Cannot find field.'
    instances = request.get("instances")
    if not isinstance(instances, list) or len(instances) != 1 or not isinstance(instances[0], dict):
        return "Request must contain exactly one instance."
    for key in ("parameters", "labels"):
        if not isinstance(request.get(key) or {}, dict):
            return f'Invalid value at "{key}": expected an object.'
    if not all(isinstance(value, str) for value in (request.get("labels") or {}).values()):
        return 'Invalid value at "labels": expected strings.'
    return None


def _job(
    instance: dict[str, Any],
    parameters: dict[str, Any],
    labels: dict[str, Any],
    place: Place,
    unknown: tuple[str, ...],
    *,
    strict: bool,
) -> Job:
    feature = _feature(instance)
    asked = integer(parameters.get("durationSeconds", _DEFAULT_SECONDS))
    return Job(
        place=place,
        prompt=_text(instance.get("prompt")),
        feature=feature,
        media=tuple(_media(instance)),
        seconds=EXTENSION_SECONDS if feature == "video_extension" else asked or 0,
        samples=integer(parameters.get("sampleCount", 1)) or 0,
        aspect_ratio=_text(parameters.get("aspectRatio", "16:9")),
        resolution=_text(parameters.get("resolution", "720p")).lower(),
        audio=parameters.get("generateAudio", True) is not False,
        storage_uri=_text(parameters.get("storageUri")) or None,
        labels=labels,
        unknown_keys=unknown,
        problem=find_problem(instance, parameters, place.model, feature, strict=strict),
    )


def _feature(instance: Mapping[str, Any]) -> str:
    """The feature's name as error texts have it (documented: text_to_video, reference_to_video)."""
    if instance.get("video"):
        return "video_extension"
    if instance.get("referenceImages"):
        return "reference_to_video"
    return "image_to_video" if instance.get("image") else "text_to_video"


def _media(instance: Mapping[str, Any]) -> Iterator[Media]:
    for role in ("image", "lastFrame", "video"):
        if isinstance(instance.get(role), dict):
            yield _one(role, instance[role])
    references = instance.get("referenceImages")
    for number, reference in enumerate(references if isinstance(references, list) else []):
        if isinstance(reference, dict) and isinstance(reference.get("image"), dict):
            yield _one(f"referenceImages[{number}]", reference["image"])


def _one(role: str, media: Mapping[str, Any]) -> Media:
    uri, encoded = _text(media.get("gcsUri")), _text(media.get("bytesBase64Encoded"))
    return Media(role, uri or None, encoded or None, _text(media.get("mimeType")))


def _unknown_keys(instance: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"instances[0].{key}" for key in instance.keys() - _INSTANCE)
    yield from (f"parameters.{key}" for key in parameters.keys() - _PARAMETERS)
    for role in ("image", "lastFrame", "video"):
        media = instance.get(role)
        if isinstance(media, dict):
            yield from (f"instances[0].{role}.{key}" for key in media.keys() - _MEDIA)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
