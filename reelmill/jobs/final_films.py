"""Films of finals: what a film of drafts becomes once a person picked every scene of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from reelmill.clip import Clip
from reelmill.errors import FixConfiguration, FixRequest
from reelmill.film import Film, FilmScene
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, Intent, Review

__all__ = ["FinalFilms"]


@dataclass(slots=True)
class FinalFilms:
    """Collects the ``films`` that the finals of picked drafts make. ``final`` gives the final of a draft."""

    ledger: Ledger
    final: Callable[[Clip], Clip]
    films: list[Film] = field(default_factory=list)

    def add(self, picked: Collection[Clip]) -> dict[str, str]:
        """Take in the films of these drafts; by clip, why one of a film that is not picked as a whole has no final.

        Half a film is of no use, so nothing is paid for it.
        """
        standing = self.ledger.films_of_clips([clip.clip_id for clip in picked if clip.scene])
        films = {one.film.film_id: one.film for one in standing.values()}
        scenes = _Scenes.of(self.ledger, [id_ for film in films.values() for id_ in film.clip_ids])
        lacking: dict[str, str] = {}
        for film in films.values():
            try:
                finals = tuple(self._final(scene, scenes) for scene in film.scenes)
            except (FixConfiguration, FixRequest) as error:
                lacking[film.film_id] = str(error)
                continue
            film_id = Film.identify([scene.clip_id for scene in finals])
            self.films.append(replace(film, film_id=film_id, scenes=finals, draft=False))
        films_of = {clip_id: one.film.film_id for clip_id, one in standing.items()}
        return {clip_id: lacking[film_id] for clip_id, film_id in films_of.items() if film_id in lacking}

    def _final(self, scene: FilmScene, scenes: _Scenes) -> FilmScene:
        """The scene made of its draft, or itself if it is none. Raises FixConfiguration or FixRequest without one."""
        intent = scenes.videos.get(scene.clip_id)
        if intent is not None and not intent.draft:
            return scene
        review = scenes.decisions.get(intent.intent_id) if intent is not None else None
        if review is None or review.decision is not Decision.APPROVE:
            raise FixConfiguration(
                f"Scene {scene.name!r} of its film is not approved.", "Approve all scenes of a film, or none."
            )
        return replace(scene, clip_id=self.final(scenes.clips[scene.clip_id]).clip_id)


@dataclass(frozen=True, slots=True)
class _Scenes:
    clips: Mapping[str, Clip]
    videos: Mapping[str, Intent]
    decisions: Mapping[str, Review]

    @classmethod
    def of(cls, ledger: Ledger, clip_ids: Collection[str]) -> _Scenes:
        videos = ledger.videos_of(clip_ids)
        decisions = ledger.decisions_of([intent.intent_id for intent in videos.values()])
        return cls(ledger.clips(clip_ids), videos, decisions)
