"""Editions: what one stitched video of a film was made of, and whether another film has taken its place since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from reelmill.ledger.database import Database
from reelmill.ledger.films import REPLACED
from reelmill.ledger.schema import film_scenes, films

__all__ = ["Edition", "edition_of"]

_f, _s = films.c, film_scenes.c


@dataclass(frozen=True, slots=True)
class Edition:
    """The clips of a film in its order, and the attempts (intent ids) that its video was stitched from.

    ``inspection`` is what looking at the video found, None if nobody looked. ``replaced``: a film planned later has
    a video, too.
    """

    clip_ids: tuple[str, ...]
    attempts: tuple[str, ...]
    inspection: Mapping[str, Any] | None
    replaced: bool


def edition_of(database: Database, clip_id: str, edition: str) -> Edition | None:
    """The edition of a film that this clip is a scene of; None if the film has another one by now."""
    query = (
        select(_f.film_id, _f.attempts, _f.inspection, REPLACED.label("replaced"))
        .select_from(films.join(film_scenes, _s.film_id == _f.film_id))
        .where(_s.clip_id == clip_id, _f.edition == edition)
    )
    with database.reading() as connection:
        row = connection.execute(query).first()
        if row is None:
            return None
        scenes = select(_s.clip_id).where(_s.film_id == row.film_id).order_by(_s.position)
        clip_ids = tuple(connection.execute(scenes).scalars())
    return Edition(clip_ids, tuple(row.attempts), row.inspection, bool(row.replaced))
