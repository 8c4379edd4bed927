"""VideoRequest to google-genai's words, for every mode that Veo 3.1 has.

Never sent: fps (always 24), enhancePrompt (false is rejected by Veo 3, true is the default), masks, style
references and camera control (no Veo 3 model has them). An extension carries no duration: it is fixed.
Sound and resolution are always sent, because they set the price.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reelmill.clip import Mode, VideoRequest
from reelmill.errors import FixRequest
from reelmill.scrub import scrub
from reelmill.veo.backend import MediaInput
from reelmill.veo.labels import clean_labels

if TYPE_CHECKING:
    from google.genai import types

__all__ = ["config_of", "source_of"]

_IMAGE_TYPES = ("image/jpeg", "image/png")
_VIDEO_TYPE = "video/mp4"


def source_of(request: VideoRequest, media: Mapping[str, MediaInput]) -> types.GenerateVideosSource:
    """Prompt, first frame and video. Raises FixRequest for media that are missing or of the wrong type."""
    from google.genai import types

    return types.GenerateVideosSource(
        prompt=request.prompt or None,
        image=_image(request.image, media) if request.image is not None else None,
        video=_video(request.video, media) if request.video is not None else None,
    )


def config_of(
    request: VideoRequest, media: Mapping[str, MediaInput], storage_uri: str | None, labels: Mapping[str, str]
) -> types.GenerateVideosConfig:
    """Everything else. Raises FixRequest for media that are missing or of the wrong type."""
    from google.genai import types

    extension = request.mode is Mode.EXTENSION
    chosen: dict[str, Any] = {
        "number_of_videos": request.samples,
        "duration_seconds": None if extension else request.duration_s,
        "aspect_ratio": str(request.aspect_ratio),
        "resolution": str(request.resolution),
        "generate_audio": request.audio,
        "person_generation": request.person_generation,
        "negative_prompt": request.negative_prompt or None,
        "seed": request.seed,
        "output_gcs_uri": storage_uri,
        "labels": clean_labels(labels) or None,
        "last_frame": _image(request.last_frame, media) if request.last_frame is not None else None,
        "reference_images": [
            types.VideoGenerationReferenceImage(
                image=_image(uri, media), reference_type=types.VideoGenerationReferenceType.ASSET
            )
            for uri in request.reference_images
        ]
        or None,
    }
    return types.GenerateVideosConfig(**{name: value for name, value in chosen.items() if value is not None})


def _image(uri: str, media: Mapping[str, MediaInput]) -> types.Image:
    from google.genai import types

    given = _given(uri, media, _IMAGE_TYPES, "a JPEG or PNG")
    if given.uri is not None:
        return types.Image(gcs_uri=given.uri, mime_type=given.mime_type)
    return types.Image(image_bytes=given.data, mime_type=given.mime_type)


def _video(uri: str, media: Mapping[str, MediaInput]) -> types.Video:
    from google.genai import types

    given = _given(uri, media, (_VIDEO_TYPE,), "an MP4")
    if given.uri is not None:
        return types.Video(uri=given.uri, mime_type=given.mime_type)
    return types.Video(video_bytes=given.data, mime_type=given.mime_type)


def _given(uri: str, media: Mapping[str, MediaInput], allowed: tuple[str, ...], what: str) -> MediaInput:
    given = media.get(uri)
    name = scrub(uri, 200)
    if given is None or (given.uri is None and not given.data):
        raise FixRequest(f"{name} was not made ready for the request.", "Fetch it again, or drop it from the feed.")
    if given.mime_type not in allowed:
        raise FixRequest(f"{name} is {given.mime_type or 'of no known type'}.", f"Give {what}.")
    if given.uri is not None and not given.uri.startswith("gs://"):
        raise FixRequest(f"{name} is not in Cloud Storage.", "Give a gs:// address, or the bytes.")
    return given
