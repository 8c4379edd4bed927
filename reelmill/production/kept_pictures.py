"""The pictures of products that a run has kept beside its outputs, found by what a clip knows of them."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson

from reelmill.clip import Clip
from reelmill.production.media_inputs import PICTURE, pointer
from reelmill.storage.port import Storage

__all__ = ["KeptPictures"]

_READERS = 16


@dataclass(slots=True)
class KeptPictures:
    """Looks below ``inputs/`` of one output: one listing, and one small read for each picture. Never fetches any."""

    storage: Storage
    _names: set[str] | None = None
    _by_address: dict[str, str | None] = field(default_factory=dict)

    def look_up(self, clips: Collection[Clip]) -> None:
        """Find those of these clips, many at once."""
        if self._names is None:
            self._names = {found.name for found in self.storage.list("inputs/")}
        wanted = {address for clip in clips for address in _addresses(clip)} - self._by_address.keys()
        there = [address for address in wanted if pointer(address) in self._names]
        self._by_address |= dict.fromkeys(wanted)
        if there:
            with ThreadPoolExecutor(_READERS) as readers:
                self._by_address |= zip(there, readers.map(self._read, there), strict=True)

    def __call__(self, clip: Clip) -> str | None:
        """The object name of the clip's picture, after :meth:`look_up`; None if none is kept."""
        names = self._names or set()
        if clip.content_hashes:
            digest = clip.content_hashes[0]
            found = (f"inputs/{digest}{suffix}" for suffix in (".jpg", ".png"))
            return next((name for name in found if name in names), None)
        kept = (self._by_address.get(address) for address in _addresses(clip))
        return next((name for name in kept if name is not None), None)

    def _read(self, address: str) -> str | None:
        try:
            name = str(orjson.loads(self.storage.read(pointer(address)))["name"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):  # gone since, or no pointer of ours
            return None
        return name if PICTURE.fullmatch(name) and name in (self._names or ()) else None


def _addresses(clip: Clip) -> list[str]:
    """What the picture may be kept under: the clip's first input, the product's main picture."""
    asked = (clip.request.image, *clip.request.reference_images[:1], clip.picture)
    return list(dict.fromkeys(address for address in asked if address))
