"""From storyboards to films: the shape of a scene, and the clips that make a film."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from reelmill.clip import Clip
from reelmill.film import Film, FilmScene
from reelmill.ledger.listed import chunks
from reelmill.planning.shapes import ClipShape
from reelmill.platforms import MediaUse
from reelmill.prompts.storyboard import Scene, Storyboard

__all__ = ["films_of", "scene_shape"]


def scene_shape(shape: ClipShape, scene: Scene) -> ClipShape:
    """The shape of a scene: the storyboard says how long it is, the platforms all else.

    One that continues another is made of that alone, not of pictures.
    """
    use = MediaUse.NONE if scene.continues else shape.media_use
    return replace(shape, duration_s=scene.seconds, media_use=use)


def films_of(storyboard: Storyboard, clips: Sequence[Clip], drafts: Collection[str] = ()) -> Iterator[Film]:
    """The films that a product's clips make; the scenes of each follow one another in ``clips``.

    ``drafts`` are the ids of those that are drafts: one is enough to make its film a draft.
    """
    for scenes in chunks(clips, len(storyboard.scene)):
        ids = [clip.clip_id for clip in scenes]
        yield Film(
            film_id=Film.identify(ids),
            sku=scenes[0].sku,
            aspect_ratio=scenes[0].request.aspect_ratio,
            variant=scenes[0].variant,
            scenes=tuple(FilmScene(clip.scene, clip.clip_id) for clip in scenes),
            crossfade_ms=storyboard.crossfade_ms,
            duration_ms=storyboard.duration_ms,
            draft=not set(ids).isdisjoint(drafts),
        )
