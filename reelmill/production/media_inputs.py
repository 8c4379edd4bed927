"""Images and videos that requests refer to: fetched once, kept beside the outputs by content, reused."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import orjson

from reelmill.clip import Clip
from reelmill.errors import ReelmillError
from reelmill.production.turns import Turns
from reelmill.settings import ImageIdentity, Settings
from reelmill.signatures import hide_secrets, is_incomplete, unsigned
from reelmill.storage.feeds import GcsFeeds, open_feed_source
from reelmill.storage.port import Storage
from reelmill.veo.backend import MediaInput
from reelmill.veo.images import FetchedImage, ImageFetcher, ImageUnreachable

__all__ = ["PICTURE", "MediaInputs", "pointer"]

_REMEMBERED = 10_000
PICTURE = re.compile(r"inputs/[0-9a-f]{64}\.(jpg|png)")
"""The object name of a kept picture."""

_NO_SOURCES: Mapping[str, str] = MappingProxyType({})
_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".mp4": "video/mp4"}


@dataclass(slots=True)
class MediaInputs:
    """Resolves references for one output. Blocking and thread-safe."""

    storage: Storage
    settings: Settings
    fetcher: ImageFetcher = field(init=False)
    _known: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _buckets: GcsFeeds | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turns: Turns = field(default_factory=Turns)

    def __post_init__(self) -> None:
        self.fetcher = ImageFetcher.from_settings(self.settings)

    def resolve(self, clip: Clip, sources: Mapping[str, str] = _NO_SOURCES) -> dict[str, MediaInput]:
        """Every reference of the clip's request as Veo takes it; ``sources`` gives addresses that are signed.

        Raises ImageRefused for a picture that can never be used, ImageUnreachable for one that may be there later.
        """
        return {
            reference: self._resolve(clip, reference, sources.get(reference, reference))
            for reference in clip.request.media
        }

    def picture_of(self, clip: Clip) -> MediaInput | None:
        """The product's picture: what the clip was made from, else the product's own; None if none is known.

        Raises ImageRefused or ImageUnreachable if it is not kept and cannot be fetched.
        """
        for address in (clip.request.image, *clip.request.reference_images[:1], clip.picture):
            if address:
                return self._resolve(clip, address, address)
        return None

    def out_of_reach(self, clip: Clip) -> tuple[str, ...]:
        """The references that were signed in the feed and whose pictures are not kept: only the feed opens them."""
        return tuple(
            reference
            for reference in clip.request.media
            if is_incomplete(reference) and self._kept(clip, reference) is None
        )

    def picture(self, clip: Clip) -> bytes | None:
        """The picture that the clip is compared with: the first that it was made from; None if there is none.

        Of a clip made of words it is the product's own, if ``compare_pictures`` is set. It is read where it is kept, or
        from Cloud Storage; nothing is fetched from a shop a second time.
        """
        request = clip.request
        made_from = request.image or next(iter(request.reference_images), "")
        reference = made_from or (clip.picture if self.settings.compare_pictures else "")
        try:
            if not reference:
                return None
            if reference.startswith("gs://"):
                return self._from_bucket(reference)
            name = self._kept(clip, reference) if made_from else self._kept_or_fetched(clip, reference, reference)
            return self.storage.read(name) if name is not None else None
        except (FileNotFoundError, ReelmillError):
            return None

    def content_hash(self, address: str) -> str:
        """The SHA-256 of what lies at an address now. Fetches it; a ``gs://`` object counts by its address."""
        if address.startswith("gs://"):
            return hashlib.sha256(address.encode()).hexdigest()
        image = self.fetcher.fetch(address)
        name = self._store(image)
        self._remember(unsigned(address), name)
        self._remember(image.sha256, name)
        return image.sha256

    def _resolve(self, clip: Clip, reference: str, address: str) -> MediaInput:
        if reference.startswith("gs://"):
            suffix = reference[reference.rfind(".") :].lower()
            return MediaInput(_TYPES.get(suffix, "image/jpeg"), uri=reference)
        name = self._kept_or_fetched(clip, reference, address)
        mime_type = _TYPES[name[name.rfind(".") :]]
        if self.storage.is_cloud:
            return MediaInput(mime_type, uri=self.storage.uri(name))
        try:
            return MediaInput(mime_type, data=self.storage.read(name))
        except FileNotFoundError:  # somebody tidied up
            return MediaInput(mime_type, data=self.storage.read(self._fetch(reference, address)))

    def _kept_or_fetched(self, clip: Clip, reference: str, address: str) -> str:
        """The clips of a product are made at the same time, from the same picture."""
        with self._turns.of(reference):
            return self._kept(clip, reference) or self._fetch(reference, address)

    def _from_bucket(self, reference: str) -> bytes | None:
        with self._lock:
            buckets = self._buckets = self._buckets or open_feed_source(reference, self.settings)
        if buckets is None:
            return None
        with buckets.open(reference) as file:
            data = file.read(self.settings.image_max_bytes + 1)
        return data if len(data) <= self.settings.image_max_bytes else None

    def _kept(self, clip: Clip, reference: str) -> str | None:
        """The name under which this picture is kept; of a clip that was identified by its content, that very one."""
        by_content = self.settings.image_identity is ImageIdentity.CONTENT
        if by_content and (digest := dict(zip(clip.request.media, clip.content_hashes, strict=False)).get(reference)):
            return self._kept_content(digest)
        with self._lock:
            known = self._known.get(reference)
        return known if known is not None or by_content else self._pointed_at(reference)

    def _pointed_at(self, reference: str) -> str | None:
        """The name that an earlier clip or run has written down for this address."""
        try:
            name = str(orjson.loads(self.storage.read(pointer(reference)))["name"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):  # never fetched, or no pointer of ours
            return None
        if not PICTURE.fullmatch(name):
            return None
        if self.storage.is_cloud and not self.storage.list(name):
            return None
        self._remember(reference, name)
        return name

    def _kept_content(self, digest: str) -> str | None:
        """The very picture of this digest, whatever lies at its address by now."""
        with self._lock:
            if (known := self._known.get(digest)) is not None:
                return known
        found = self.storage.list(f"inputs/{digest}")
        name = next((stored.name for stored in found if PICTURE.fullmatch(stored.name)), None)
        if name is not None:
            self._remember(digest, name)
        return name

    def _fetch(self, reference: str, address: str) -> str:
        if is_incomplete(address):
            raise ImageUnreachable(
                f"{hide_secrets(address)} was signed in the feed, and signatures are not kept.",
                "Run the catalog again with a fresh feed.",
            )
        name = self._store(self.fetcher.fetch(address))
        self.storage.create(pointer(reference), orjson.dumps({"name": name}), "application/json")
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


def pointer(reference: str) -> str:
    """The object that says under which name the picture of an address is kept."""
    return f"inputs/by-address/{hashlib.sha256(reference.encode()).hexdigest()}.json"
