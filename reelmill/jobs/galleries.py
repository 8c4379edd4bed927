"""The gallery of a run: written into its output, or copied whole into a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from reelmill.clip import Clip
from reelmill.errors import FixAccess, FixConfiguration
from reelmill.gallery.building import INDEX, GalleryFile, build_gallery
from reelmill.gallery.entries import clip_entry, run_entry
from reelmill.gallery.links import Links, LinksBeside, LinksInside
from reelmill.gallery.media import POSTER, media_folder, media_of, picture_name, without_media
from reelmill.ledger.films import Stitched
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Intent, Run
from reelmill.ledger.tallying import Dimension
from reelmill.production.kept_pictures import KeptPictures
from reelmill.report.summary import summarise
from reelmill.storage.names import safe_name
from reelmill.storage.port import Storage
from reelmill.storage.scratch import own_disk

__all__ = [
    "CONTACT_SHEET",
    "Copied",
    "copy_gallery",
    "gallery_files",
    "gallery_index",
    "stitched_films",
    "write_gallery",
]

CONTACT_SHEET = "contact-sheet.jpg"

_CHARTS = (Dimension.CATEGORY, Dimension.PLATFORM, Dimension.MODEL, Dimension.TEMPLATE, Dimension.CAMPAIGN)
_SKUS = 5  # of a million, nobody reads more
_CHUNK = 1000
_COPIERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A gallery in a folder of its own. ``missing`` are objects that the ledger names and storage does not have."""

    index: Path
    contact_sheet: Path | None
    clips: int
    media: int
    missing: tuple[str, ...]


def gallery_index(run_id: str) -> str:
    """The object name of a run's page."""
    return f"gallery/{safe_name(run_id)}/{INDEX}"


def write_gallery(ledger: Ledger, storage: Storage, run_id: str) -> str:
    """Write a run's gallery beside its videos, over an older one; the full address of its page.

    Raises FixConfiguration for an unknown run, TryLater without room on this machine, and what the storage raises.
    """
    index = gallery_index(run_id)
    kept = KeptPictures(storage)
    with own_disk("gallery"):
        for file in gallery_files(ledger, run_id, LinksBeside(storage, kept), kept):
            storage.replace(f"{index.removesuffix(INDEX)}{file.name}", file.data, file.content_type)
    return storage.uri(index)


def gallery_files(
    ledger: Ledger, run_id: str, links: Links, kept: KeptPictures, *, served: bool = False
) -> Iterator[GalleryFile]:
    """The files of a run's gallery, whose media lie where ``links`` say. Raises FixConfiguration for an unknown run."""
    run = ledger.run(run_id)
    if run is None:
        raise FixConfiguration(f"Run {run_id} is not in this ledger.", "`reelmill status` lists the runs.")
    return build_gallery(
        _run_entry(ledger, run), _entries(ledger, run_id, links, kept), ledger.reviews(run_id=run_id), served=served
    )


def copy_gallery(ledger: Ledger, storage: Storage, run_id: str, folder: Path, *, videos: bool = True) -> Copied:
    """Write a run's gallery into a folder that needs nothing else: page, posters, kept pictures, perhaps videos.

    Product pictures that are not kept are never fetched. Raises FixConfiguration for an unknown run, FixAccess for
    a folder that cannot be written, and what the storage raises.
    """
    # Brings Pillow, which a run may do without.
    from reelmill.gallery.contact_sheet import MOST, Labelled, contact_sheet

    kept = KeptPictures(storage)
    with _disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for file in gallery_files(ledger, run_id, LinksInside(kept, has_videos=videos), kept):
            (folder / file.name).write_bytes(file.data)
        clips, wanted, sheet, posters = 0, dict[str, str](), list[Labelled](), list[tuple[str, str]]()
        for clip, intent in _attempts(ledger, run_id):
            clips += 1
            wanted |= _media_of(storage, clip, intent, kept, videos=videos)
            if intent.poster_uri is not None:
                posters.append((f"{media_folder(intent)}/{POSTER}", f"{clip.sku} {clip.request.aspect_ratio.value}"))
        wanted |= _film_media(ledger, storage, run_id, videos=videos)
        missing = _copy_media(storage, folder, wanted)
        for name, label in posters:
            there = len(sheet) < MOST and (folder / name).is_file()
            sheet.append(Labelled((folder / name).read_bytes() if there else b"", label))
        picture = contact_sheet(sheet)
        if picture is not None:
            (folder / CONTACT_SHEET).write_bytes(picture)
    return Copied(
        index=folder / INDEX,
        contact_sheet=folder / CONTACT_SHEET if picture is not None else None,
        clips=clips,
        media=len(wanted) - len(missing),
        missing=tuple(missing),
    )


def _entries(ledger: Ledger, run_id: str, links: Links, kept: KeptPictures) -> Iterator[dict[str, Any]]:
    gone, replaced = ledger.removed_at(run_id=run_id), ledger.replaced(run_id=run_id)
    for chunk in chunks(ledger.intents(run_id=run_id), _CHUNK):
        kept.look_up([clip for clip, _ in chunk])
        films = ledger.films_of_clips([clip.clip_id for clip, _ in chunk if clip.scene])
        for clip, intent in chunk:
            yield clip_entry(
                clip,
                intent,
                links,
                replaced=intent.intent_id in replaced,
                removed_at=gone.get(intent.intent_id),
                film=films.get(clip.clip_id),
            )


def _attempts(ledger: Ledger, run_id: str) -> Iterator[tuple[Clip, Intent]]:
    """Every attempt of a run as it can be shown: one whose videos were removed has none any more."""
    gone = ledger.removed_at(run_id=run_id)
    for clip, intent in ledger.intents(run_id=run_id):
        yield clip, without_media(intent) if intent.intent_id in gone else intent


def _run_entry(ledger: Ledger, run: Run) -> dict[str, Any]:
    summary = summarise(ledger, run_id=run.run_id, by=_CHARTS)
    charts = {
        dimension.heading: breakdown.groups
        for dimension, breakdown in summary.by.items()
        if any(breakdown.groups)  # without a campaign there is nothing to tell of campaigns
    }
    charts["Dearest SKUs"] = dict(islice(ledger.tally(Dimension.SKU, run_id=run.run_id), _SKUS))
    return run_entry(run, {**charts, "Status": summary.by_state})


def _media_of(storage: Storage, clip: Clip, intent: Intent, kept: KeptPictures, *, videos: bool) -> dict[str, str]:
    """What a folder of its own needs of an attempt: file name to object name."""
    found = _media(storage, intent, videos=videos)
    if (picture := kept(clip)) is not None:
        found[picture_name(picture)] = picture
    return found


def _media(storage: Storage, made: Intent | Stitched, *, videos: bool) -> dict[str, str]:
    folder = media_folder(made)
    return {f"{folder}/{name}": _object_name(storage, uri) for name, uri in media_of(made, videos=videos).items()}


def stitched_films(ledger: Ledger, run_id: str) -> Iterator[Stitched]:
    """The videos of the films that a run's clips are scenes of; one may come more than once."""
    for chunk in chunks(ledger.intents(run_id=run_id), _CHUNK):
        for film in ledger.films_of_clips([clip.clip_id for clip, _ in chunk if clip.scene]).values():
            if film.stitched is not None:
                yield film.stitched


def _film_media(ledger: Ledger, storage: Storage, run_id: str, *, videos: bool) -> dict[str, str]:
    found: dict[str, str] = {}
    for stitched in stitched_films(ledger, run_id):
        found |= _media(storage, stitched, videos=videos)
    return found


def _object_name(storage: Storage, uri: str) -> str:
    try:
        return storage.name(uri)
    except ValueError:
        return uri  # outside the output: it counts as missing


def _copy_media(storage: Storage, folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """Copy what is not there yet, several at once; the objects that are not there."""
    for name in {str(Path(name).parent) for name in wanted}:
        (folder / name).mkdir(parents=True, exist_ok=True)

    def copy(item: tuple[str, str]) -> str | None:
        name, source = item
        try:
            if not (folder / name).is_file():
                storage.download(source, folder / name)
        except (FileNotFoundError, FixConfiguration):
            return source
        return None

    with ThreadPoolExecutor(_COPIERS) as copiers:
        return [missing for missing in copiers.map(copy, wanted.items()) if missing is not None]


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FixAccess(f"{folder}: {error.strerror or error}.", "Name another folder, or make room there.") from None
