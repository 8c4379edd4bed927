"""Landing what came back: every video at its own name in storage, looked at, with a poster and a provenance record."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reelmill.clip import Clip
from reelmill.errors import LookFirst, TryLater
from reelmill.ledger.records import Intent, Settlement
from reelmill.ledger.verdicts import PaidVerdict
from reelmill.media.expectation import Expectation
from reelmill.media.findings import InspectionStatus
from reelmill.media.inspect import inspect_video
from reelmill.media.product_picture import ProductPicture
from reelmill.media.samples import SampledFrames
from reelmill.production.provenance import NAME, Provenance
from reelmill.production.provenance_reading import read_provenance
from reelmill.production.renditions import Made, Making
from reelmill.production.scratch import no_room, scratch_folder
from reelmill.production.studio import Studio
from reelmill.settings import InspectDepth
from reelmill.veo.outcomes import ReturnedVideo

__all__ = ["Landed", "inspect_videos", "land_videos", "renew_provenance", "write_provenance"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Landed:
    """Videos in storage, what looking at them found, and what was made of them."""

    uris: tuple[str, ...]
    inspection: dict[str, Any] | None = None
    poster_uri: str | None = None
    poster_sha256: str | None = None
    sha256: tuple[str | None, ...] = ()
    made: Made = field(default_factory=Made)
    frames: tuple[bytes, ...] = field(default=(), repr=False)  # of the first fit video, as JPEGs, if it is judged

    @property
    def file_sha256(self) -> dict[str, str]:
        """The digests of poster and preview, by address."""
        made = self.made
        files = ((self.poster_uri, self.poster_sha256), (made.preview_uri, made.preview_sha256))
        return {uri: digest for uri, digest in files if uri and digest}


def land_videos(studio: Studio, intent: Intent, videos: Iterable[ReturnedVideo]) -> tuple[str, ...]:
    """The addresses of the videos; bytes that came inline are written, never over an older object."""
    uris = []
    for index, video in enumerate(videos):
        if video.uri is not None:
            uris.append(video.uri)
        elif video.data is not None:
            name = f"{intent.output_prefix}/sample_{index}.mp4"
            studio.storage.create(name, video.data, "video/mp4")
            uris.append(studio.storage.uri(name))
    return tuple(uris)


def inspect_videos(studio: Studio, clip: Clip, intent: Intent, uris: tuple[str, ...]) -> Landed:
    """Look at every video as closely as the setting asks; the first one gives the poster.

    A full look at the first one that is fit also gives the renditions and the preview. One that cannot be made is a
    finding. Raises TryLater if this machine has no room for a copy of a video or for what is made of it, and if the run
    is told to leave what is in flight.
    """
    depth = studio.settings.inspect
    if depth is InspectDepth.OFF or not uris:
        return Landed(uris)
    expected = Expectation.of(clip.request)
    product = _product(studio, clip) if depth is InspectDepth.FULL else None
    reports: list[dict[str, Any]] = []
    hashes: list[str | None] = []
    poster: bytes | None = None
    made: Made | None = None
    frames: tuple[bytes, ...] = ()
    with scratch_folder("inspect") as folder:
        for index, uri in enumerate(uris):
            if studio.stop.leaving:  # looking and encoding take seconds, and others may wait before this clip
                raise TryLater("The run was told to leave.", "Run `reelmill settle`; nothing was lost.")
            path = folder / f"{index}.mp4"
            try:
                studio.storage.download(studio.storage.name(uri), path)
            except (FileNotFoundError, ValueError) as error:
                reports.append(_unreadable(uri, error))
                hashes.append(None)
                continue
            except OSError as error:
                raise no_room(folder.parent, error) from None
            with path.open("rb") as file:
                hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
            wanted = made is None and depth is InspectDepth.FULL and studio.settings.renditions
            making = _making(studio, clip, intent, path) if wanted else None
            maker = making.maker if making is not None else None
            sampled = SampledFrames(studio.settings.judge_frames, maker) if studio.judge is not None else None
            inspection = inspect_video(
                path, expected, depth, policy=studio.finishing.policy(), outputs=sampled or maker, product=product
            )
            if making is not None:
                inspection, made = making.saved(inspection)
            if sampled is not None and not frames and inspection.status is not InspectionStatus.FAIL:
                frames = tuple(sampled.jpegs)
            poster = poster or inspection.poster
            reports.append({"uri": uri, "bytes": path.stat().st_size, **inspection.to_dict()})
    made = made or Made()
    found = {**_worst(reports), **made.to_dict()}
    return Landed(uris, found, *_save_poster(studio, intent, poster), tuple(hashes), made, frames)


def _product(studio: Studio, clip: Clip) -> ProductPicture | None:
    """What the product looks like, if the clip was made from a picture of it."""
    picture = studio.media.picture(clip)
    return ProductPicture.read(picture) if picture is not None else None


def _making(studio: Studio, clip: Clip, intent: Intent, path: Path) -> Making:
    """Of a draft, and of a scene, which platforms get as part of its film, only a preview is made."""
    platforms = () if clip.scene or intent.draft else clip.platforms
    return Making.of(studio.storage, studio.finishing, intent.output_prefix, path, clip, platforms=platforms)


def _unreadable(uri: str, error: Exception) -> dict[str, Any]:
    missing = isinstance(error, FileNotFoundError)
    what = "is not there" if missing else "lies outside the output"
    return {"uri": uri, "status": "fail", "findings": [{"code": "unreadable", "message": f"The video {what}."}]}


def _worst(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """One verdict for the clip: as bad as its worst video, with every finding."""
    order = ("fail", "review", "pass", "skipped")
    status = min((report["status"] for report in reports), key=order.index)
    findings = [finding for report in reports for finding in report["findings"]]
    compared = [report["likeness"]["score"] for report in reports if "likeness" in report]
    likeness = {"likeness": min(compared)} if compared else {}
    return {"status": status, "findings": findings, **likeness, "videos": reports}


def _save_poster(studio: Studio, intent: Intent, poster: bytes | None) -> tuple[str | None, str | None]:
    """The address of the poster and the digest of what lies there now."""
    if poster is None:
        return None, None
    name = f"{intent.output_prefix}/poster.jpg"
    data = poster if studio.storage.create(name, poster, "image/jpeg") else studio.storage.read(name)
    return studio.storage.uri(name), hashlib.sha256(data).hexdigest()


def write_provenance(
    studio: Studio,
    clip: Clip,
    intent: Intent,
    settlement: Settlement,
    sha256: Sequence[str | None] = (),
    *,
    renditions: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
) -> str:
    """Leave a record beside the videos: what made them, from what, and what they cost; returns its address.

    ``sha256`` are the digests of the videos, ``renditions`` those of what was made of them, by platform, ``files``
    those of poster and preview, by address.
    An earlier try may have left one. It stays, unless it counts fewer videos: then more came in the meantime.
    """
    storage = studio.storage
    name = f"{intent.output_prefix}/{NAME}"
    uri = storage.uri(name)
    run = studio.ledger.run(intent.run_id)
    started = run.started_at if run is not None else None
    record = Provenance.of(
        clip,
        intent,
        replace(settlement, provenance_uri=uri),
        sha256,
        run_started_at=started or intent.created_at,
        rendition_sha256=renditions or {},
        file_sha256=files or {},
        verdicts=_verdicts(studio, intent),
    )
    data = record.model_dump_json(indent=2).encode()
    if not storage.create(name, data, "application/json") and _counts_fewer(studio, name, record):
        storage.replace(name, data, "application/json")
    return uri


def renew_provenance(studio: Studio, clip: Clip, intent: Intent, landed: Landed) -> None:
    """Write the record of a settled clip anew, with what looking at its videos found and what was made of them.

    What was paid stays in it, verdicts of an earlier look too: a rebuilt ledger charges what its records say. One that
    is gone or not to be believed stays as it is: looking at other clips must not end at it.
    """
    storage = studio.storage
    name = f"{intent.output_prefix}/{NAME}"
    try:
        record = read_provenance(storage.read(name), name, storage)
    except (LookFirst, FileNotFoundError) as error:
        log.warning("The record of %s is left as it is: %s", clip.sku, error)
        return
    seen = replace(
        record.intent,
        inspection=landed.inspection,
        poster_uri=landed.poster_uri,
        renditions=landed.made.uris,
    )
    renewed = Provenance.of(
        clip,
        seen,
        replace(
            record.settlement, inspection=landed.inspection, poster_uri=landed.poster_uri, renditions=landed.made.uris
        ),
        landed.sha256,
        record.run_started_at,
        rendition_sha256=landed.made.sha256,
        file_sha256=landed.file_sha256,
        verdicts=record.verdicts,
    )
    kept = renewed.model_copy(update={"intent": replace(renewed.intent, finished_at=record.intent.finished_at)})
    storage.replace(name, kept.model_dump_json(indent=2).encode(), "application/json")


def _verdicts(studio: Studio, intent: Intent) -> tuple[PaidVerdict, ...]:
    """The intent's verdicts; asked for only where there can be any, now or from an earlier look."""
    judged = studio.judge is not None or intent.charged_usd
    return studio.ledger.verdicts_of(intent.intent_id) if judged else ()


def _counts_fewer(studio: Studio, name: str, record: Provenance) -> bool:
    try:
        return read_provenance(studio.storage.read(name), name, studio.storage).returned < record.returned
    except (LookFirst, FileNotFoundError):  # none of ours: it is not ours to replace
        return False
