"""Films of an output: found when all their scenes are delivered and fit, stitched once, waited for otherwise.

Nothing is paid here. What a run leaves unstitched, the next run, ``settle``, ``redrive`` or ``inspect`` finds again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from reelmill.clip import Clip
from reelmill.errors import ReelmillError
from reelmill.film import Film, FilmScene
from reelmill.jobs.engine import Engine
from reelmill.jobs.finishing import open_finishing
from reelmill.ledger.films import StandingFilm
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Decision, Intent, Review
from reelmill.production.fanout import fan_out
from reelmill.settings import InspectDepth, Settings

__all__ = ["FilmWork", "WaitingFilm", "has_films", "stitch_films", "waiting_films"]

_CHUNK = 200
_KEPT = 20  # waiting films that are told of; the count is whole
_AT_ONCE = 8  # more would only wait for the threads that decode and encode


@dataclass(frozen=True, slots=True)
class WaitingFilm:
    """A film without a video of its present scenes, and what it waits for."""

    film_id: str
    sku: str
    aspect_ratio: str
    why: str

    def to_dict(self) -> dict[str, str]:
        """For machines."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True)
class FilmWork:
    """What became of an output's films: those stitched now, and the first of those that wait, with why.

    ``failed`` of the waiting ones have all their scenes and could not be stitched. ``run_ids`` are the runs whose
    tables and galleries show the ones stitched now.
    """

    stitched: list[str] = field(default_factory=list)
    waiting: list[WaitingFilm] = field(default_factory=list)
    waiting_count: int = 0
    failed: int = 0
    run_ids: set[str] = field(default_factory=set)

    def wait(self, film: Film, why: str) -> None:
        """Count a film that waits."""
        self.waiting_count += 1
        if len(self.waiting) < _KEPT:
            self.waiting.append(WaitingFilm(film.film_id, film.sku, film.aspect_ratio.value, why))

    def to_dict(self) -> dict[str, object]:
        """For machines."""
        return {
            "stitched": list(self.stitched),
            "waiting": self.waiting_count,
            "failed": self.failed,
            "waiting_films": [one.to_dict() for one in self.waiting],
        }


@dataclass(frozen=True, slots=True)
class _Due:
    """A film all of whose scenes are there."""

    standing: StandingFilm
    scenes: tuple[tuple[Clip, Intent], ...]


def has_films(engine: Engine) -> bool:
    """Whether a plan ever asked for films in this output."""
    return next(engine.ledger.films(output=engine.storage.root), None) is not None


async def stitch_films(
    engine: Engine, *, looking: bool = False, on_stitched: Callable[[Film], None] | None = None
) -> FilmWork:
    """Stitch every film of the output that has all its scenes; stops between films when the run is told to stop.

    A film that cannot be stitched waits, with the reason; the others go on. With ``inspect_later`` all wait for a
    machine that is ``looking``.
    """
    settings = engine.settings
    if settings.inspect_later and not looking:
        return waiting_films(engine.ledger, engine.storage.root, settings)
    work = FilmWork()
    due = list(_due(engine.ledger, engine.storage.root, work, settings.inspect))
    if not due:
        return work
    # Brings FFmpeg, which most commands have no use for.
    from reelmill.production.films import FilmMaker

    maker = FilmMaker(engine.storage, settings, open_finishing(settings), leaving=lambda: engine.stop.leaving)

    async def stitch(one: _Due) -> _Due | None:
        film = one.standing.film
        try:
            stitched = await engine.threads.media(maker.make, film, one.scenes)
        except ReelmillError as error:
            work.failed += not engine.stop.leaving
            work.wait(film, str(error))
            return None
        await engine.threads.ledger(engine.ledger.keep_stitched, film.film_id, stitched)
        return one

    def note(one: _Due) -> None:
        work.stitched.append(one.standing.film.film_id)
        work.run_ids |= {one.standing.run_id, *(intent.run_id for _, intent in one.scenes)}
        if on_stitched is not None:
            on_stitched(one.standing.film)

    await fan_out(due, stitch, in_flight=_AT_ONCE, stop=engine.stop, on_result=note)
    return work


def waiting_films(ledger: Ledger, output: str, settings: Settings) -> FilmWork:
    """The films of an output that wait, also for being stitched. Changes nothing."""
    work, verb = FilmWork(), "inspect" if settings.inspect_later else "settle"
    for one in _due(ledger, output, work, settings.inspect):
        work.wait(one.standing.film, f"all its scenes are there: run reelmill {verb}.")
    return work


def _due(ledger: Ledger, output: str, work: FilmWork, inspect: InspectDepth) -> Iterator[_Due]:
    """The films to stitch; those that wait for a scene are counted in ``work``."""
    for chunk in chunks(ledger.films(output=output), _CHUNK):
        wanted = [standing for standing in chunk if not standing.outplanned]
        scenes = _Scenes.of(ledger, output, [id_ for one in wanted for id_ in one.film.clip_ids], inspect)
        for standing in wanted:
            film = standing.film
            if why := next(filter(None, (scenes.lacks(film, scene) for scene in film.scenes)), ""):
                work.wait(film, why)
                continue
            attempts = [scenes.videos[id_] for id_ in film.clip_ids]
            edition = film.edition([intent.intent_id for intent in attempts])
            if standing.stitched is not None and standing.stitched.edition == edition:
                continue
            if gone := scenes.gone(film):
                work.wait(film, gone)
                continue
            clips = ledger.clips(film.clip_ids)
            yield _Due(standing, tuple((clips[intent.clip_id], intent) for intent in attempts))


@dataclass(frozen=True, slots=True)
class _Scenes:
    """The scenes of some films: their latest videos, what people decided about those, and how the others stand.

    ``removed`` are the attempts whose videos are not there any more.
    """

    output: str
    inspect: InspectDepth
    videos: Mapping[str, Intent]
    decisions: Mapping[str, Review]
    states: Mapping[str, str]
    removed: Collection[str]

    @classmethod
    def of(cls, ledger: Ledger, output: str, clip_ids: Collection[str], inspect: InspectDepth) -> _Scenes:
        videos = ledger.videos_of(clip_ids, output=output)
        standings = ledger.standings([id_ for id_ in clip_ids if id_ not in videos])
        states = {id_: standing.state.value for id_, standing in standings.items()}
        decisions = ledger.decisions_of([intent.intent_id for intent in videos.values()])
        removed = ledger.removed([intent.intent_id for intent in videos.values()])
        return cls(output, inspect, videos, decisions, states, removed)

    def lacks(self, film: Film, scene: FilmScene) -> str:
        """Why a film cannot have this scene yet; empty if it can."""
        intent, name = self.videos.get(scene.clip_id), repr(scene.name)
        if intent is None:
            state = self.states.get(scene.clip_id)
            return f"scene {name} is {state}." if state else f"scene {name} was not made yet."
        if intent.draft and not film.draft:
            return f"scene {name} is a draft; reelmill finals makes what was approved."
        if self._outdated(film, scene):
            return f"scene {name} continues an older video than there is now; reelmill redrive --unfit makes it again."
        return self._unusable(intent, name)

    def _outdated(self, film: Film, scene: FilmScene) -> bool:
        """Whether a scene continues another video than the one before it has now."""
        sent, number = self.videos[scene.clip_id].sent_video, film.scenes.index(scene)
        before = self.videos.get(film.scenes[number - 1].clip_id) if number else None
        return sent is not None and before is not None and sent not in before.video_uris

    def _unusable(self, intent: Intent, name: str) -> str:
        """Why no film can have this video; empty if one can."""
        if intent.output != self.output:
            return f"scene {name} lies in {intent.output}: settle that output, or make it here with --force."
        if intent.inspection is None and self.inspect is not InspectDepth.OFF:
            return f"nobody has looked at scene {name} yet; reelmill inspect does."
        if intent.unfit:
            return f"inspection found scene {name} unfit; reelmill redrive --unfit makes it again."
        review = self.decisions.get(intent.intent_id)
        if review is not None and review.decision.unwanted:
            flag = "--rejected" if review.decision is Decision.REJECT else "--remakes"
            return f"a reviewer said {review.decision.value} to scene {name}; reelmill redrive {flag} makes it again."
        return ""

    def gone(self, film: Film) -> str:
        """Which scene was removed since, if one was; empty if all are there."""
        names = (scene.name for scene in film.scenes if self.videos[scene.clip_id].intent_id in self.removed)
        return next((f"the video of scene {name!r} was removed; make it again with --force." for name in names), "")
