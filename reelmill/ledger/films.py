"""Films as plans asked for them, and what was stitched for each. No money here: that is with their clips."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, insert, or_, select, update

from reelmill.film import Film, FilmScene
from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, one_of
from reelmill.ledger.plans import planning_times
from reelmill.ledger.schema import film_scenes, films
from reelmill.ledger.upsert import Upsert
from reelmill.platforms import NativeRatio

__all__ = [
    "REPLACED",
    "StandingFilm",
    "Stitched",
    "film_of_clips",
    "films_of_clips",
    "keep_stitched",
    "plan_films",
    "read_films",
]

_CHUNK = 500
_f, _s = films.c, film_scenes.c
_later = films.alias("later")
_LATER_OF_PLACE = and_(
    *(_later.c[name] == _f[name] for name in ("sku", "aspect_ratio", "variant", "output")),
    _later.c.planned_at > _f.planned_at,
    or_(_f.draft, ~_later.c.draft),  # a draft takes no place but that of other drafts
)
REPLACED = exists().where(_LATER_OF_PLACE, _later.c.edition.is_not(None))
"""Condition on a film: another one, planned later for its place, has a video."""

_SELECT = select(films, exists().where(_LATER_OF_PLACE).label("outplanned"), REPLACED.label("replaced"))
_PLAN = ("crossfade_ms", "duration_ms", "draft", "planned_at")
_UPSERT = Upsert(
    films,
    lambda new: new.on_conflict_do_update(
        index_elements=["film_id"],
        set_={name: new.excluded[name] for name in _PLAN},
        where=_f.planned_at <= new.excluded.planned_at,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stitched:
    """A film's video: made from these ``attempts`` (intent ids, in the order of its scenes).

    ``inspection`` and ``renditions`` are as those of an intent; ``stitched_at`` is set by the ledger's clock.
    """

    edition: str
    attempts: tuple[str, ...]
    video_uri: str
    provenance_uri: str
    poster_uri: str | None = None
    inspection: Mapping[str, Any] | None = None
    renditions: Mapping[str, str] = field(default_factory=dict)
    stitched_at: datetime | None = None

    @property
    def unfit(self) -> bool:
        """Inspection found that no shop can use it."""
        return self.inspection is not None and self.inspection.get("status") == "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingFilm:
    """A film, where it belongs, and its latest video (None: it waits for scenes).

    ``outplanned``: a later plan asks for another film in its place; ``replaced``: that one has a video, too.
    """

    film: Film
    output: str
    run_id: str
    stitched: Stitched | None
    outplanned: bool
    replaced: bool


def plan_films(database: Database, run_id: str, output: str, planned: Iterable[Film]) -> None:
    """Write down what the plan of a run asks for. A film that is known keeps its first run, its output and its video.

    Of one that is named more than once, the last word counts, and over that of a plan that began earlier.
    """
    for named in chunks(planned, _CHUNK):
        latest = {film.film_id: film for film in named}
        chunk = [latest[film_id] for film_id in sorted(latest)]  # no two plans wait for each other in a circle
        with database.writing() as connection:
            planned_at = planning_times(connection, [run_id]).get(run_id) or database.now(connection)
            rows = [_row(film) | {"run_id": run_id, "output": output, "planned_at": planned_at} for film in chunk]
            connection.execute(_UPSERT.on(connection), rows)
            ids = [film.film_id for film in chunk]
            connection.execute(delete(film_scenes).where(one_of(connection, _s.film_id, ids)))
            connection.execute(insert(film_scenes), [row for film in chunk for row in _scene_rows(film)])


def keep_stitched(database: Database, film_id: str, stitched: Stitched) -> bool:
    """Keep a film's video; False if that edition is kept already."""
    values = {
        "edition": stitched.edition,
        "attempts": list(stitched.attempts),
        "video_uri": stitched.video_uri,
        "poster_uri": stitched.poster_uri,
        "provenance_uri": stitched.provenance_uri,
        "inspection": stitched.inspection,
        "renditions": dict(stitched.renditions),
    }
    new = (_f.film_id == film_id, _f.edition.is_distinct_from(stitched.edition))
    with database.writing() as connection:
        now = database.now(connection)
        return connection.execute(update(films).where(*new).values(**values, stitched_at=now)).rowcount > 0


def films_of_clips(database: Database, clip_ids: Collection[str]) -> dict[str, StandingFilm]:
    """For each of these clips the film that it is a scene of, the one planned last; others are left out."""
    film_of = film_of_clips(database, clip_ids)
    found: dict[str, StandingFilm] = {}
    for chunk in chunks(sorted(set(film_of.values())), _CHUNK):
        with database.reading() as connection:
            rows = connection.execute(_SELECT.where(one_of(connection, _f.film_id, chunk))).all()
            scenes = _scenes(connection, chunk)
        found |= {row.film_id: _standing(row, scenes[row.film_id]) for row in rows}
    return {clip_id: found[film_id] for clip_id, film_id in film_of.items()}


def read_films(database: Database, *, output: str | None = None, run_id: str | None = None) -> Iterator[StandingFilm]:
    """The films of an output, or those that a run planned first; by id, in chunks, so that memory stays flat."""
    which: list[ColumnElement[bool]] = []
    which += [] if output is None else [_f.output == output]
    which += [] if run_id is None else [_f.run_id == run_id]
    after = ""
    while True:
        query = _SELECT.where(_f.film_id > after, *which).order_by(_f.film_id)
        with database.reading() as connection:
            rows = connection.execute(query.limit(_CHUNK)).all()
            scenes = _scenes(connection, [row.film_id for row in rows])
        yield from (_standing(row, scenes[row.film_id]) for row in rows)
        if len(rows) < _CHUNK:
            return
        after = rows[-1].film_id


def film_of_clips(database: Database, clip_ids: Collection[str]) -> dict[str, str]:
    """The film that each of these clips is a scene of, the one planned last; others are left out.

    A draft only if there is no other.
    """
    found: dict[str, str] = {}
    for chunk in chunks(clip_ids, _CHUNK):
        with database.reading() as connection:
            query = (
                select(_s.clip_id, _s.film_id)
                .select_from(film_scenes.join(films, _s.film_id == _f.film_id))
                .where(one_of(connection, _s.clip_id, chunk))
                .order_by(_f.draft.desc(), _f.planned_at, _f.film_id)
            )
            found |= {row.clip_id: row.film_id for row in connection.execute(query)}
    return found


def _row(film: Film) -> dict[str, Any]:
    names = ("film_id", "sku", "variant", "crossfade_ms", "duration_ms", "draft")
    return {**{name: getattr(film, name) for name in names}, "aspect_ratio": film.aspect_ratio.value}


def _scene_rows(film: Film) -> Iterator[dict[str, Any]]:
    for position, scene in enumerate(film.scenes, start=1):
        yield {"film_id": film.film_id, "position": position, "scene": scene.name, "clip_id": scene.clip_id}


def _scenes(connection: Connection, film_ids: list[str]) -> dict[str, list[FilmScene]]:
    found: dict[str, list[FilmScene]] = {film_id: [] for film_id in film_ids}
    query = select(_s.film_id, _s.scene, _s.clip_id).where(one_of(connection, _s.film_id, film_ids))
    for film_id, name, clip_id in connection.execute(query.order_by(_s.film_id, _s.position)):
        found[film_id].append(FilmScene(name, clip_id))
    return found


def _standing(row: Row[Any], scenes: list[FilmScene]) -> StandingFilm:
    film = Film(
        film_id=row.film_id,
        sku=row.sku,
        aspect_ratio=NativeRatio(row.aspect_ratio),
        variant=row.variant,
        scenes=tuple(scenes),
        crossfade_ms=row.crossfade_ms,
        duration_ms=row.duration_ms,
        draft=row.draft,
    )
    return StandingFilm(
        film=film,
        output=row.output,
        run_id=row.run_id,
        stitched=_stitched(row),
        outplanned=bool(row.outplanned),
        replaced=bool(row.replaced),
    )


def _stitched(row: Row[Any]) -> Stitched | None:
    if row.edition is None:
        return None
    return Stitched(
        edition=row.edition,
        attempts=tuple(row.attempts),
        video_uri=row.video_uri,
        poster_uri=row.poster_uri,
        provenance_uri=row.provenance_uri,
        inspection=row.inspection,
        renditions=row.renditions,
        stitched_at=row.stitched_at,
    )
