"""Every rule of the capability matrix, checked before money: a wrong request fails here, free of charge.

Google accepts most wrong requests with HTTP 200 and fails them later, so nothing is left to the service.
Where Google's pages are silent or contradict each other the stricter reading is enforced:

* 1080p and 4k are taken for 8 s only (documented for the Gemini API; silent on Vertex AI);
* prompts are held to 1,024 tokens (documented for the Gemini API; silent on Vertex AI);
* a resolution with a price but without a place on the model card is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from urllib.parse import urlsplit

from reelmill.clip import Mode, VideoRequest
from reelmill.errors import FixConfiguration, FixRequest
from reelmill.veo.model import Model

__all__ = ["PERSON_GENERATION", "check_region", "check_request", "estimate_tokens"]

PERSON_GENERATION = ("allow_adult", "dont_allow", "disallow", "allowAll", "allow_all")
"""Every spelling that Google's own pages use; they disagree, and the service was seen to validate none."""

_EIGHT_SECONDS = 8
_VIDEO_SUFFIXES = (".mov", ".mpeg", ".mpg", ".avi", ".wmv", ".flv", ".webm", ".mkv")


def check_request(request: VideoRequest, model: Model) -> None:
    """Hold ``request`` against what ``model`` can do.

    Raises FixRequest naming the field, its value and what is allowed.
    """
    if request.model != model.id:
        raise _refusal("model", request.model, f"{model.id}, the model it is checked against")
    for check in _CHECKS:
        check(request, model)


def check_region(location: str, model: Model) -> None:
    """Raises FixConfiguration if the model card does not list the region ``location``."""
    if location not in model.regions:
        raise FixConfiguration(
            f"{model.id} is not offered in {location}.",
            f"Set location to one of: {', '.join(model.regions) or 'none'}.",
        )


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: four ASCII characters each, one for every other character."""
    ascii_count = len(text) if text.isascii() else len(text.encode("ascii", "ignore"))
    return math.ceil(ascii_count / 4) + len(text) - ascii_count


def _refusal(field: str, value: object, allowed: str) -> FixRequest:
    shown = repr(value) if not isinstance(value, str) else f"'{value[:80]}'"
    return FixRequest(f"{field} = {shown} cannot be asked of this model.", f"Allowed: {allowed}.")


def _mode(request: VideoRequest, model: Model) -> None:
    if request.mode not in model.modes:
        raise _refusal("mode", request.mode.value, f"{', '.join(model.modes) or 'none'} for {model.id}")


def _exclusive_media(request: VideoRequest, model: Model) -> None:
    del model
    given = {
        "image": request.image is not None,
        "reference_images": bool(request.reference_images),
        "video": request.mode is Mode.EXTENSION,
    }
    chosen = [name for name, there in given.items() if there]
    if len(chosen) > 1:
        raise FixRequest(f"{' and '.join(chosen)} were given together.", "Allowed: one of them.")
    if request.last_frame is not None and request.image is None:
        raise FixRequest("last_frame was given without image.", "Give the first frame as image, or drop last_frame.")


def _references(request: VideoRequest, model: Model) -> None:
    count = len(request.reference_images)
    if count > model.reference_images_max:
        raise _refusal("reference_images", count, f"up to {model.reference_images_max} asset images for {model.id}")


def _media_addresses(request: VideoRequest, model: Model) -> None:
    del model
    for uri in (request.image, request.last_frame, *request.reference_images):
        if uri is not None and not uri.startswith(("https://", "gs://")):
            raise _refusal("image", _without_query(uri), "an https:// or gs:// address of a JPEG or PNG")
    if request.video is None:
        return
    if not request.video.startswith("gs://"):
        raise _refusal("video", _without_query(request.video), "a gs:// address of an MP4")
    if request.video.lower().endswith(_VIDEO_SUFFIXES):
        raise _refusal("video", request.video, "an MP4 with 24 frames a second")


def _duration(request: VideoRequest, model: Model) -> None:
    if request.mode is Mode.EXTENSION and model.extension is not None:
        if request.duration_s != model.extension.adds_s:
            raise _refusal("duration_s", request.duration_s, f"{model.extension.adds_s} for an extension")
        return
    with_references = request.mode is Mode.REFERENCES
    allowed = model.durations_with_references_s if with_references else model.durations_s
    if request.duration_s not in allowed:
        suffix = " seconds with reference images" if with_references else " seconds"
        raise _refusal("duration_s", request.duration_s, ", ".join(map(str, allowed)) + suffix)


def _ratio(request: VideoRequest, model: Model) -> None:
    if request.aspect_ratio not in model.aspect_ratios:
        raise _refusal(
            "aspect_ratio",
            str(request.aspect_ratio),
            f"{', '.join(model.aspect_ratios)}; other ratios are cut from a native clip",
        )


def _resolution(request: VideoRequest, model: Model) -> None:
    if request.resolution in model.resolutions_priced_not_on_card:
        raise FixRequest(
            f"resolution = '{request.resolution}': Google has a price for it, but the model card of {model.id} "
            "does not list it.",
            f"Allowed: {', '.join(model.resolutions)}. models.toml may add it once you have seen it work.",
        )
    if request.resolution not in model.resolutions:
        raise _refusal("resolution", str(request.resolution), ", ".join(model.resolutions))
    needs_eight = request.resolution in model.resolutions_needing_8_s and request.mode is not Mode.EXTENSION
    if needs_eight and request.duration_s != _EIGHT_SECONDS:
        raise FixRequest(
            f"resolution = '{request.resolution}' with duration_s = {request.duration_s}: Google documents it for 8 "
            "seconds only (for the Gemini API; its Vertex AI pages are silent, so we stay on the safe side).",
            "Allowed: 8 seconds, or 720p.",
        )


def _audio(request: VideoRequest, model: Model) -> None:
    if request.audio and not model.audio:
        raise _refusal("audio", value=True, allowed=f"false: {model.id} makes silent videos")
    if not request.audio and not model.audio_can_be_off:
        raise _refusal("audio", value=False, allowed=f"true: {model.id} always makes sound")


def _samples(request: VideoRequest, model: Model) -> None:
    if not 1 <= request.samples <= model.samples_max:
        raise _refusal("samples", request.samples, f"1 to {model.samples_max}")


def _seed(request: VideoRequest, model: Model) -> None:
    if request.seed is not None and not 0 <= request.seed <= model.seed_max:
        raise _refusal("seed", request.seed, f"0 to {model.seed_max}")


def _person_generation(request: VideoRequest, model: Model) -> None:
    del model
    if request.person_generation.lower() not in {value.lower() for value in PERSON_GENERATION}:
        raise _refusal("person_generation", request.person_generation, ", ".join(PERSON_GENERATION))


def _prompt(request: VideoRequest, model: Model) -> None:
    if not request.prompt.strip() and request.mode in (Mode.TEXT, Mode.REFERENCES):
        raise FixRequest("prompt is empty.", f"Allowed: a text; {request.mode} needs one.")
    tokens = estimate_tokens(request.prompt)
    if tokens > model.prompt_max_tokens:
        raise FixRequest(
            f"prompt has about {tokens} tokens.",
            f"Allowed: {model.prompt_max_tokens}. Shorten the template, or the product text that it carries.",
        )


def _without_query(uri: str) -> str:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


_CHECKS: tuple[Callable[[VideoRequest, Model], None], ...] = (
    _exclusive_media,
    _mode,
    _references,
    _media_addresses,
    _duration,
    _ratio,
    _resolution,
    _audio,
    _samples,
    _seed,
    _person_generation,
    _prompt,
)
