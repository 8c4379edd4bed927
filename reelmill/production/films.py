"""One film's way: fetch its scenes → stitch → inspect and render → keep. It pays for nothing and may be repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from reelmill.clip import Clip
from reelmill.errors import LookFirst, TryLater
from reelmill.film import Film
from reelmill.ledger.delivered import shown_video
from reelmill.ledger.films import Stitched
from reelmill.ledger.records import Intent
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.media.making import FAILURES
from reelmill.media.stitching import stitch
from reelmill.production.film_provenance import FilmProvenance, FilmSceneRecord
from reelmill.production.finishing import Finishing
from reelmill.production.provenance import NAME, ProducedVideo
from reelmill.production.renditions import Made, Making
from reelmill.production.scratch import no_room, scratch_folder
from reelmill.settings import InspectDepth, Settings
from reelmill.storage.names import safe_name
from reelmill.storage.port import Storage

__all__ = ["FilmMaker", "film_prefix"]


def film_prefix(film: Film, edition: str) -> str:
    """Where an edition of a film lies, below the output root; no two editions share it."""
    return f"films/{safe_name(film.sku)}/{film.aspect_ratio.slug}/{film.film_id[:12]}-{edition}"


@dataclass(frozen=True, slots=True)
class FilmMaker:
    """Makes films of delivered scenes, each edition once: what lies in storage already is taken as it is.

    ``leaving`` says whether the run was told to leave; it is asked between the steps, each of which takes seconds.
    """

    storage: Storage
    settings: Settings
    finishing: Finishing
    leaving: Callable[[], bool] = lambda: False

    def make(self, film: Film, scenes: Sequence[tuple[Clip, Intent]]) -> Stitched:
        """The film of these attempts, in the order of its scenes; every file is created once, the record last.

        Blocking, and hard work for the processor. Raises TryLater if this machine has no room or the run is told to
        leave, LookFirst for scenes that cannot be stitched, and what the storage raises.
        """
        attempts = [intent.intent_id for _, intent in scenes]
        edition = film.edition(attempts)
        prefix = film_prefix(film, edition)
        record = f"{prefix}/{NAME}"
        if self.storage.list(record):
            found = FilmProvenance.read(
                self.storage.read(record), record, edition=edition, attempts=attempts, storage=self.storage
            )
            return found.stitched(self.storage.uri(record))
        with scratch_folder("film") as folder:
            try:
                return self._made(film, scenes, edition, prefix, folder)
            except OSError as error:
                raise no_room(folder.parent, error) from None

    def _made(
        self, film: Film, scenes: Sequence[tuple[Clip, Intent]], edition: str, prefix: str, folder: Path
    ) -> Stitched:
        records: list[FilmSceneRecord] = []
        paths: list[Path] = []
        for number, (clip, intent) in enumerate(scenes):
            path = folder / f"scene-{number}.mp4"
            records.append(self._fetched(film.scenes[number].name, intent, path))
            if clip.request.continues and paths:
                paths[-1] = path  # it holds what it continues
            else:
                paths.append(path)
        self._stay()
        path, clip, record = folder / "film.mp4", scenes[0][0], f"{prefix}/{NAME}"
        fade_s = film.crossfade_ms / 1000
        try:
            duration_s = stitch(paths, path, crossfade_s=fade_s, sound=clip.request.audio, record=record)
        except FAILURES as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise LookFirst(
                f"The film of {film.sku} {film.aspect_ratio.value} cannot be stitched: {error}.",
                "Look at its scenes; reelmill review or redrive --only remakes one.",
            ) from None
        digests = {self.storage.uri(f"{prefix}/film.mp4"): self._create(f"{prefix}/film.mp4", path)}
        self._stay()
        stitched, made, poster_sha256 = self._looked_at(path, clip, duration_s, prefix, draft=film.draft)
        stitched = replace(stitched, edition=edition, attempts=tuple(intent.intent_id for _, intent in scenes))
        digests |= {uri: made.sha256[platform] for platform, uri in made.uris.items()}
        others = ((stitched.poster_uri, poster_sha256), (made.preview_uri, made.preview_sha256))
        digests |= {uri: digest for uri, digest in others if uri and digest}
        provenance = FilmProvenance.of(film, stitched, duration_s, tuple(records), digests)
        self.storage.create(record, provenance.model_dump_json(indent=2).encode(), "application/json")
        return replace(stitched, provenance_uri=self.storage.uri(record))

    def _stay(self) -> None:
        if self.leaving():
            raise TryLater("The run was told to leave.", "Run `reelmill settle`; nothing was lost.")

    def _fetched(self, scene: str, intent: Intent, path: Path) -> FilmSceneRecord:
        uri = shown_video(intent)
        try:
            self.storage.download(self.storage.name(uri), path)
        except (FileNotFoundError, ValueError):
            raise LookFirst(
                f"Scene {scene!r}: its video {uri} is not there.", "Restore it, or pay for another: reelmill redrive."
            ) from None
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return FilmSceneRecord(
            scene=scene,
            clip_id=intent.clip_id,
            intent_id=intent.intent_id,
            video=ProducedVideo(uri=uri, sha256=digest),
            provenance_uri=intent.provenance_uri,
        )

    def _looked_at(
        self, path: Path, clip: Clip, duration_s: float, prefix: str, *, draft: bool
    ) -> tuple[Stitched, Made, str | None]:
        """The film with poster, inspection and renditions, as deep as the settings ask, and the digest of the poster.

        Drafts get only a preview.
        """
        depth = self.settings.inspect
        wanted = depth is InspectDepth.FULL and self.settings.renditions
        platforms = () if draft else clip.platforms
        making = Making.of(self.storage, self.finishing, prefix, path, clip, platforms=platforms) if wanted else None
        inspection = inspect_video(
            path,
            replace(Expectation.of(clip.request), duration_s=duration_s),
            depth,
            policy=self.finishing.policy(),
            outputs=making.maker if making is not None else None,
        )
        made = None
        if making is not None:
            inspection, made = making.saved(inspection)
        made = made or Made()
        poster_uri = poster_sha256 = None
        if (poster := inspection.poster) is not None:
            name = f"{prefix}/poster.jpg"
            lies_there = poster if self.storage.create(name, poster, "image/jpeg") else self.storage.read(name)
            poster_uri, poster_sha256 = self.storage.uri(name), hashlib.sha256(lies_there).hexdigest()
        looked = {"bytes": path.stat().st_size, **inspection.to_dict(), **made.to_dict()}
        found = None if depth is InspectDepth.OFF else looked
        stitched = Stitched(
            edition="",
            attempts=(),
            video_uri=self.storage.uri(f"{prefix}/film.mp4"),
            provenance_uri="",
            poster_uri=poster_uri,
            inspection=found,
            renditions=made.uris,
        )
        return stitched, made, poster_sha256

    def _create(self, name: str, path: Path) -> str:
        """Write an object unless it is there; the digest of what lies there now."""
        data = path.read_bytes()
        if not self.storage.create(name, data, "video/mp4"):
            data = self.storage.read(name)
            path.write_bytes(data)  # what is made of the film must be made of the one that stays
        return hashlib.sha256(data).hexdigest()
