"""The renditions of a clip or film: ordered while its video is inspected, then kept beside it, each written once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from reelmill.clip import Clip
from reelmill.media.coded import read_coded
from reelmill.media.findings import Finding, FindingCode, Inspection, InspectionStatus
from reelmill.media.order import Order
from reelmill.media.probe import UNREADABLE
from reelmill.media.renditions import RenditionMaker, measures, off_rules
from reelmill.media.sound_track import loudness_in
from reelmill.production.finishing import Finishing
from reelmill.production.provenance import NAME
from reelmill.production.scratch import no_room
from reelmill.storage.port import Storage

__all__ = ["Made", "Making"]

_FOLDER = "renditions"
_PREVIEW = "preview.mp4"


@dataclass(frozen=True, slots=True)
class Made:
    """What lies in storage now: addresses and SHA-256 by platform, those of the preview, and what each file is like."""

    uris: Mapping[str, str] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    preview_uri: str | None = None
    preview_sha256: str | None = None
    details: tuple[dict[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """What the inspection record says about it beyond the addresses."""
        preview = {"preview_uri": self.preview_uri} if self.preview_uri else {}
        return {**preview, **({"renditions": list(self.details)} if self.details else {})}


@dataclass(slots=True)
class Making:
    """Renditions on their way. Those that an earlier, interrupted try has written stay as they are."""

    storage: Storage
    finishing: Finishing
    prefix: str
    maker: RenditionMaker
    there: Mapping[str, str]
    unknown: tuple[str, ...]

    @classmethod
    def of(
        cls, storage: Storage, finishing: Finishing, prefix: str, path: Path, clip: Clip, *, platforms: Sequence[str]
    ) -> Self:
        """An order for the video at ``path``, which is ``clip`` or a film of its product; kept below ``prefix``.

        Without ``platforms`` there is a preview only.
        """
        known, below = finishing.platforms, f"{prefix}/{_FOLDER}/"
        names = {stored.name: stored.name.removeprefix(below) for stored in storage.list(below)}
        there = {leaf.removesuffix(".mp4"): name for name, leaf in names.items() if leaf.endswith(".mp4")}
        folder = path.with_suffix("")
        try:
            folder.mkdir()
        except OSError as error:
            raise no_room(folder.parent, error) from None
        order = Order(
            source=path,
            folder=folder,
            platforms=[known[name] for name in platforms if name in known and name not in there],
            sound=clip.request.audio,
            dress=finishing.dress(clip),
            record=f"{prefix}/{NAME}",
        )
        unknown = tuple(name for name in platforms if name not in known and name not in there)
        kept = {platform: name for platform, name in there.items() if platform in platforms}
        return cls(storage, finishing, prefix, RenditionMaker(order), kept, unknown)

    def saved(self, inspection: Inspection) -> tuple[Inspection, Made | None]:
        """Keep what was made of a video that is fit; the inspection with what went wrong, and what there is now.

        None if the video is not fit: then nothing of it is kept. Raises TryLater if this machine has no room.
        """
        maker, storage = self.maker, self.storage
        if maker.no_room is not None:
            raise no_room(maker.order.folder, maker.no_room)
        if inspection.status is InspectionStatus.FAIL:
            return inspection, None
        uris, digests, details, before = {}, {}, [], []
        for platform, name in self.there.items():
            data = storage.read(name)
            uris[platform], digests[platform] = storage.uri(name), _digest(data)
            detail, found = self._lying_there(platform, data)
            details.append(detail)
            before += found
        for rendition in maker.made:
            name = f"{self.prefix}/{_FOLDER}/{rendition.platform}.mp4"
            uris[rendition.platform] = storage.uri(name)
            digests[rendition.platform] = self._create(name, rendition.path)
        preview_uri = preview_sha256 = None
        if maker.preview is not None:
            name = f"{self.prefix}/{_PREVIEW}"
            preview_uri, preview_sha256 = storage.uri(name), self._create(name, maker.preview)
        words = "There is no platform {} in platforms.toml any more, so nothing was made for it."
        gone = [Finding(FindingCode.RENDITION_FAILED, words.format(name), platform=name) for name in self.unknown]
        judged = self.finishing.policy().judged_anew(inspection, [*maker.findings, *before, *gone])
        details += [rendition.to_dict() for rendition in maker.made]
        return judged, Made(uris, digests, preview_uri, preview_sha256, tuple(details))

    def _lying_there(self, name: str, data: bytes) -> tuple[dict[str, Any], list[Finding]]:
        """What a file that an interrupted try has written is like, and what its platform would refuse of it."""
        platform = self.finishing.platforms.get(name)
        path = self.maker.order.folder / f"{name}.mp4"
        try:
            path.write_bytes(data)
            coded, loudness = read_coded(path), loudness_in(path)
        except UNREADABLE:
            words = f"What was to be made for {name} failed: what an interrupted try has written cannot be read."
            failed = Finding(FindingCode.RENDITION_FAILED, words, platform=name)
            return {"platform": name, "bytes": len(data)}, [failed]
        except OSError as error:
            raise no_room(path.parent, error) from None
        found = off_rules(platform, coded, loudness) if platform is not None else []
        return measures(name, coded, loudness), found

    def _create(self, name: str, path: Path) -> str:
        """Write an object unless it is there; the digest of what lies there now."""
        data = path.read_bytes()
        written = self.storage.create(name, data, "video/mp4")
        return _digest(data if written else self.storage.read(name))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
