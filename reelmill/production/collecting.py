"""Landing what came back: every video at its own name in storage, looked at, with a poster and a provenance record."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reelmill.clip import Clip
from reelmill.errors import LookFirst, TryLater
from reelmill.ledger.records import Intent, Settlement
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.production.provenance import NAME, Provenance
from reelmill.production.provenance_reading import read_provenance
from reelmill.production.renditions import Made, Making, no_room
from reelmill.production.studio import Studio
from reelmill.settings import InspectDepth
from reelmill.veo.outcomes import ReturnedVideo

__all__ = ["Landed", "inspect_videos", "land_videos", "write_provenance"]


@dataclass(frozen=True, slots=True)
class Landed:
    """Videos in storage, what looking at them found, and what was made of them."""

    uris: tuple[str, ...]
    inspection: dict[str, Any] | None = None
    poster_uri: str | None = None
    sha256: tuple[str | None, ...] = ()
    made: Made = field(default_factory=Made)


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
    reports: list[dict[str, Any]] = []
    hashes: list[str | None] = []
    poster: bytes | None = None
    made: Made | None = None
    with tempfile.TemporaryDirectory(prefix="reelmill-inspect-") as folder:
        for index, uri in enumerate(uris):
            if studio.stop.leaving:  # looking and encoding take seconds, and others may wait before this clip
                raise TryLater("The run was told to leave.", "Run `reelmill settle`; nothing was lost.")
            path = Path(folder) / f"{index}.mp4"
            try:
                studio.storage.download(studio.storage.name(uri), path)
            except (FileNotFoundError, ValueError) as error:
                reports.append(_unreadable(uri, error))
                hashes.append(None)
                continue
            except OSError as error:
                raise no_room(Path(folder).parent, error) from None
            with path.open("rb") as file:
                hashes.append(hashlib.file_digest(file, "sha256").hexdigest())
            wanted = made is None and depth is InspectDepth.FULL and studio.settings.renditions
            making = _making(studio, clip, intent, path) if wanted else None
            maker = making.maker if making is not None else None
            inspection = inspect_video(path, expected, depth, policy=studio.finishing.policy(), outputs=maker)
            if making is not None:
                inspection, made = making.saved(inspection)
            poster = poster or inspection.poster
            reports.append({"uri": uri, **inspection.to_dict()})
    made = made or Made()
    found = {**_worst(reports), **made.to_dict()}
    return Landed(uris, found, _save_poster(studio, intent, poster), tuple(hashes), made)


def _making(studio: Studio, clip: Clip, intent: Intent, path: Path) -> Making:
    """A scene is not shown by itself: platforms get the film that it becomes part of."""
    platforms = () if clip.scene else clip.platforms
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
    return {"status": status, "findings": findings, "videos": reports}


def _save_poster(studio: Studio, intent: Intent, poster: bytes | None) -> str | None:
    if poster is None:
        return None
    name = f"{intent.output_prefix}/poster.jpg"
    studio.storage.create(name, poster, "image/jpeg")
    return studio.storage.uri(name)


def write_provenance(
    studio: Studio,
    clip: Clip,
    intent: Intent,
    settlement: Settlement,
    sha256: Sequence[str | None] = (),
    *,
    renditions: Mapping[str, str] | None = None,
) -> str:
    """Leave a record beside the videos: what made them, from what, and what they cost; returns its address.

    ``sha256`` are the digests of the videos, ``renditions`` those of what was made of them, by platform.
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
    )
    data = record.model_dump_json(indent=2).encode()
    if not storage.create(name, data, "application/json") and _counts_fewer(studio, name, record):
        storage.replace(name, data, "application/json")
    return uri


def _counts_fewer(studio: Studio, name: str, record: Provenance) -> bool:
    try:
        return read_provenance(studio.storage.read(name), name, studio.storage).returned < record.returned
    except (LookFirst, FileNotFoundError):  # none of ours: it is not ours to replace
        return False
