"""Images and videos that requests refer to: fetched once, kept beside the outputs by content, reused."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field

import orjson

from reelmill.clip import VideoRequest
from reelmill.settings import ImageIdentity, Settings
from reelmill.storage.port import Storage
from reelmill.veo.backend import MediaInput
from reelmill.veo.images import FetchedImage, ImageFetcher

__all__ = ["MediaInputs"]

_REMEMBERED = 10_000
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}


@dataclass(slots=True)
class MediaInputs:
    """Resolves references for one output. Blocking and thread-safe."""

    storage: Storage
    settings: Settings
    fetcher: ImageFetcher = field(init=False)
    _known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.fetcher = ImageFetcher.from_settings(self.settings)

    def resolve(self, request: VideoRequest) -> dict[str, MediaInput]:
        """Every reference of the request as Veo takes it.

        Raises ImageRefused for a picture that can never be used, ImageUnreachable for one that may be there later.
        """
        return {reference: self._resolve(reference) for reference in request.media}

    def content_hash(self, reference: str) -> str:
        """The SHA-256 of what lies behind a reference now. Fetches it; a ``gs://`` object counts by its address."""
        if reference.startswith("gs://"):
            return hashlib.sha256(reference.encode()).hexdigest()
        image = self.fetcher.fetch(reference)
        self._remember(reference, self._store(image))
        return image.sha256

    def _resolve(self, reference: str) -> MediaInput:
        if reference.startswith("gs://"):
            suffix = reference[reference.rfind(".") :].lower()
            return MediaInput(_TYPES.get(suffix, "image/jpeg"), uri=reference)
        name = self._kept(reference) or self._fetch(reference)
        mime_type = _TYPES[name[name.rfind(".") :]]
        if self.storage.is_cloud:
            return MediaInput(mime_type, uri=self.storage.uri(name))
        try:
            return MediaInput(mime_type, data=self.storage.read(name))
        except FileNotFoundError:  # somebody tidied up
            return MediaInput(mime_type, data=self.storage.read(self._fetch(reference)))

    def _kept(self, reference: str) -> str | None:
        """The name under which an earlier clip or run keeps this picture."""
        with self._lock:
            if (known := self._known.get(reference)) is not None:
                return known
        if self.settings.image_identity is ImageIdentity.CONTENT:
            return None
        try:
            name = str(orjson.loads(self.storage.read(_pointer(reference)))["name"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):  # never fetched, or no pointer of ours
            return None
        if self.storage.is_cloud and not self.storage.list(name):
            return None
        self._remember(reference, name)
        return name

    def _fetch(self, reference: str) -> str:
        name = self._store(self.fetcher.fetch(reference))
        self.storage.create(_pointer(reference), orjson.dumps({"name": name}), "application/json")
        self._remember(reference, name)
        return name

    def _store(self, image: FetchedImage) -> str:
        name = f"inputs/{image.sha256}{image.suffix}"
        self.storage.create(name, image.data, image.mime_type)
        return name

    def _remember(self, reference: str, name: str) -> None:
        with self._lock:
            self._known[reference] = name
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def _pointer(reference: str) -> str:
    return f"inputs/by-address/{hashlib.sha256(reference.encode()).hexdigest()}.json"
