"""Films of finals: what a film of drafts becomes once a person picked every scene of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from reelmill.clip import Clip
from reelmill.errors import FixConfiguration, FixRequest
from reelmill.film import Film, FilmScene
from reelmill.jobs.refusing import vanished
from reelmill.ledger.films import StandingFilm
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, Intent, Review

__all__ = ["FinalFilms"]

_INSTEAD = "Review that one instead."


@dataclass(slots=True)
class FinalFilms:
    """Collects the ``films``, by id, that the finals of picked drafts make. ``final`` gives the final of a draft.

    One film is met more than once: if its drafts are taken in by and by, or if several films of drafts lead to it.
    """

    ledger: Ledger
    final: Callable[[Clip], Clip]
    films: dict[str, Film] = field(default_factory=dict)

    def add(self, picked: Collection[Clip], gone: Collection[str]) -> dict[str, str]:
        """Take in the films of these drafts; by clip, why one of a film that is not made as a whole has no final.

        Half a film is of no use, so nothing is paid for it. ``gone`` are the SKUs that vanished from the feed.
        """
        standing = self.ledger.films_of_clips([clip.clip_id for clip in picked if clip.scene])
        films = {one.film.film_id: one for one in standing.values()}
        scenes = _Scenes.of(self.ledger, [id_ for one in films.values() for id_ in one.film.clip_ids])
        lacking: dict[str, str] = {}
        asked: list[_Asked] = []
        for film_id, one in films.items():
            try:
                finals = tuple(self._final(scene, scenes) for scene in one.film.scenes)
            except (FixConfiguration, FixRequest) as error:
                lacking[film_id] = str(error)
                continue
            final_id = Film.identify([scene.clip_id for scene in finals])
            asked.append(_Asked(one, replace(one.film, film_id=final_id, scenes=finals, draft=False)))
        lacking |= self._outdated(asked, scenes, gone)
        self.films |= {one.final.film_id: one.final for one in asked if one.film_id not in lacking}
        films_of = {clip_id: one.film.film_id for clip_id, one in standing.items()}
        return {clip_id: lacking[film_id] for clip_id, film_id in films_of.items() if film_id in lacking}

    def made_of(self, clip_ids: Collection[str]) -> list[Film]:
        """Those of the films that have one of these clips, the ones that are made now.

        The others were planned when theirs were made. Planned again, they would take the place of what came after.
        """
        return [film for film in self.films.values() if not set(film.clip_ids).isdisjoint(clip_ids)]

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

    def _outdated(self, asked: Sequence[_Asked], drafts: _Scenes, gone: Collection[str]) -> dict[str, str]:
        """By film, why finals of it are of no use any more. A film that has all of them costs nothing and is left."""
        finals = _Scenes.of(self.ledger, [id_ for one in asked for id_ in one.final.clip_ids])
        made = {id_ for id_, intent in finals.videos.items() if not intent.draft}
        unmade = [one for one in asked if not made.issuperset(one.final.clip_ids)]
        # A final stands for its draft: it was delivered later, and takes the place of no other scene.
        attempts = {
            one.film_id: [
                finals.attempt(final.clip_id) if final.clip_id in made else drafts.attempt(scene.clip_id)
                for scene, final in zip(one.standing.film.scenes, one.final.scenes, strict=True)
            ]
            for one in unmade
        }
        remade = self.ledger.remade([attempt for found in attempts.values() for attempt in found])
        current = {one.final.film_id for one in unmade if not one.standing.replaced}
        outdated: dict[str, str] = {}
        for one in unmade:
            taken = next((clip.scene for clip, _ in attempts[one.film_id] if clip.clip_id in remade), "")
            if why := _why(taken, gone=one.final.sku in gone, replaced=one.final.film_id not in current):
                outdated[one.film_id] = str(why)
        return outdated


def _why(taken: str, *, gone: bool, replaced: bool) -> FixConfiguration | None:
    """Why nothing is paid for a film, of which a changed clip may have ``taken`` the place of a scene."""
    if gone:
        return vanished("finals")
    if taken:
        return FixConfiguration(f"A changed clip has taken the place of scene {taken!r} of its film.", _INSTEAD)
    return FixConfiguration("Another film has taken the place of its film.", _INSTEAD) if replaced else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A film with drafts in it, and the ``final`` one that it becomes."""

    standing: StandingFilm
    final: Film

    @property
    def film_id(self) -> str:
        """That of the film with drafts."""
        return self.standing.film.film_id


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

    def attempt(self, clip_id: str) -> tuple[Clip, Intent]:
        """A scene's latest video. It has one."""
        return self.clips[clip_id], self.videos[clip_id]
