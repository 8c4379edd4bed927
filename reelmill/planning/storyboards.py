"""From storyboards to films: the clips that make one, and whether platforms would take it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reelmill.clip import Clip
from reelmill.errors import FixRequest
from reelmill.film import Film, FilmScene
from reelmill.ledger.listed import chunks
from reelmill.planning.shapes import ClipShape
from reelmill.platforms import MediaUse
from reelmill.prompts.storyboard import FILE, Scene, Storyboard

__all__ = ["check_shape", "films_of", "refused", "scene_shape"]


def scene_shape(shape: ClipShape, scene: Scene) -> ClipShape:
    """The shape of a scene: the storyboard says how long it is, the platforms all else."""
    return replace(shape, duration_s=scene.duration_s)


def films_of(storyboard: Storyboard, clips: Sequence[Clip]) -> Iterator[Film]:
    """The films that a product's clips make; the scenes of each follow one another in ``clips``."""
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
        )


def check_shape(storyboard: Storyboard, shape: ClipShape, longest_s: Mapping[str, float]) -> None:
    """Raises FixRequest for a film that its platforms would not take.

    ``longest_s`` are the limits of those that have one.
    """
    where = f"prompts/{storyboard.folder}/{FILE}"
    if shape.media_use is MediaUse.EXTEND_VIDEO:
        raise FixRequest(
            f"{where}: a storyboard makes new scenes, and media_use is extend_video.",
            "Choose another media_use, or run without storyboards.",
        )
    seconds = storyboard.duration_ms / 1000
    for platform in shape.platforms:
        if seconds > longest_s.get(platform, seconds):
            raise FixRequest(
                f"{where}: film: it lasts {seconds:g} s; {platform} takes {longest_s[platform]:g} s.",
                f"Shorten or leave out a scene, or leave out {platform}.",
            )


def refused(storyboard: Storyboard, scene: Scene, error: FixRequest) -> FixRequest:
    """Why the model does not make a scene, with where the scene stands."""
    return FixRequest(f"prompts/{storyboard.folder}/{FILE}: scene {scene.name!r}: {error.problem}", error.remedy)
