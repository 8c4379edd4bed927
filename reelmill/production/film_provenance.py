"""The record beside a film: which scenes it was stitched from, how, and what was made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

import reelmill
from reelmill.errors import LookFirst
from reelmill.film import Film
from reelmill.ledger.films import Stitched
from reelmill.production.inspection_form import has_form
from reelmill.production.provenance import ProducedFile, ProducedRendition, ProducedVideo
from reelmill.production.provenance_reading import MAX_BYTES
from reelmill.storage.port import Storage

__all__ = ["FilmProvenance", "FilmSceneRecord"]


class FilmSceneRecord(BaseModel):
    """A scene: the attempt whose video it is, with the digest of that, and the record of how it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scene: str
    clip_id: str
    intent_id: str
    video: ProducedVideo
    provenance_uri: str | None


class FilmProvenance(BaseModel):
    """One record. It is written last, so a film that has one is whole. Lengths in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1]
    generator: str
    ai_generated: Literal[True]
    recorded_at: AwareDatetime
    film_id: str
    edition: str
    sku: str
    aspect_ratio: str
    variant: int
    draft: bool = False
    crossfade_s: float
    duration_s: float
    scenes: tuple[FilmSceneRecord, ...]
    video: ProducedVideo
    renditions: tuple[ProducedRendition, ...]
    poster_uri: str | None
    poster: ProducedFile | None = None  # older records have no digests of these two
    preview: ProducedFile | None = None
    inspection: Mapping[str, Any] | None

    @classmethod
    def of(
        cls,
        film: Film,
        stitched: Stitched,
        duration_s: float,
        scenes: tuple[FilmSceneRecord, ...],
        sha256: Mapping[str, str],
    ) -> Self:
        """The record of a film; ``sha256`` by address of its video and of what was made of it."""
        return cls(
            version=1,
            generator=f"reelmill {reelmill.__version__}",
            ai_generated=True,
            recorded_at=datetime.now(UTC),
            film_id=film.film_id,
            edition=stitched.edition,
            sku=film.sku,
            aspect_ratio=film.aspect_ratio.value,
            variant=film.variant,
            draft=film.draft,
            crossfade_s=film.crossfade_ms / 1000,
            duration_s=round(duration_s, 3),
            scenes=scenes,
            video=ProducedVideo(uri=stitched.video_uri, sha256=sha256.get(stitched.video_uri)),
            renditions=tuple(
                ProducedRendition(platform=platform, uri=uri, sha256=sha256.get(uri))
                for platform, uri in sorted(stitched.renditions.items())
            ),
            poster_uri=stitched.poster_uri,
            poster=ProducedFile.of(stitched.poster_uri, sha256),
            preview=ProducedFile.of((stitched.inspection or {}).get("preview_uri"), sha256),
            inspection=stitched.inspection,
        )

    @classmethod
    def read(cls, data: bytes, name: str, *, edition: str, attempts: Sequence[str], storage: Storage) -> Self:
        """The record that lies at ``name``, of this edition, stitched from these attempts.

        Raises LookFirst for anything else than :meth:`of` made of them.
        """
        try:
            record = cls.model_validate_json(data) if len(data) <= MAX_BYTES else None
        except ValidationError:
            record = None
        if record is None or not _is_of(record, edition, attempts) or not _is_beside(record, name, storage):
            raise LookFirst(
                f"{name} is no record of this film.",
                "Nothing else may write below films/: move it away, run it again.",
            )
        return record

    def stitched(self, provenance_uri: str) -> Stitched:
        """What the ledger keeps of it."""
        return Stitched(
            edition=self.edition,
            attempts=tuple(scene.intent_id for scene in self.scenes),
            video_uri=self.video.uri,
            provenance_uri=provenance_uri,
            poster_uri=self.poster_uri,
            inspection=self.inspection,
            renditions={one.platform: one.uri for one in self.renditions},
        )


def _is_of(record: FilmProvenance, edition: str, attempts: Sequence[str]) -> bool:
    """Whether it is of these attempts, with an inspection such as we leave."""
    same = record.edition == edition and [scene.intent_id for scene in record.scenes] == list(attempts)
    return same and has_form(record.inspection)


def _is_beside(record: FilmProvenance, name: str, storage: Storage) -> bool:
    """Whether every file of the film lies in its folder."""
    folder = f"{name.rpartition('/')[0]}/"
    made = [record.video.uri, record.poster_uri, (record.inspection or {}).get("preview_uri")]
    made += [file.uri for file in (record.poster, record.preview, *record.renditions) if file is not None]
    try:
        return all(storage.name(uri).startswith(folder) for uri in made if uri is not None)
    except ValueError:  # outside the output
        return False
