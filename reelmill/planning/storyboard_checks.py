"""Storyboards held against platforms and models, before a row of the feed is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from reelmill.errors import FixRequest
from reelmill.planning.building import ClipBuilder
from reelmill.planning.drafts import Drafting
from reelmill.planning.lengths import off_length
from reelmill.planning.shapes import ClipShape
from reelmill.planning.storyboards import scene_shape
from reelmill.platforms import MediaUse
from reelmill.product import Product, RowRef
from reelmill.prompts.storyboard import FILE, Scene, Storyboard
from reelmill.veo.checks import check_request

__all__ = ["PROBE", "check_storyboards"]

_SOME_CLIP = "0" * 32

PROBE = Product(
    sku="probe",
    title="A product",
    category=("Anything",),
    ref=RowRef("probe", 1),
    images=tuple(f"https://images.example/{n}.jpg" for n in range(4)),
)
"""A product with all that a request can carry."""


def check_storyboards(builder: ClipBuilder, drafting: Drafting | None, today: date, *, output: str) -> list[str]:
    """Check every storyboard in force; warnings of the draft model, if there is one.

    ``output`` is empty if it does not matter. Raises FixRequest for a scene that a model does not make, and for a film
    that its platforms would not take.
    """
    warnings: list[str] = []
    for storyboard in builder.storyboards.values():
        _check_chains(storyboard, drafts=drafting is not None, output=output)
        for shape in builder.shapes:
            _check_shape(storyboard, shape, builder)
            for scene in storyboard.scene:
                request = builder.request(scene_shape(shape, scene), PROBE, "a product", "")
                request = replace(request, continues=_SOME_CLIP) if scene.continues else request
                try:
                    check_request(request, builder.model)
                    if drafting is not None:
                        warnings += drafting.check(request, builder.settings, today)
                except FixRequest as error:
                    raise _refused(storyboard, scene, error) from None
    return warnings


def _check_chains(storyboard: Storyboard, *, drafts: bool, output: str) -> None:
    """Raises FixRequest for a scene that continues another where that cannot be."""
    scene = next((scene for scene in storyboard.scene if scene.continues), None)
    if scene is None:
        return
    if drafts:
        problem, remedy = "it continues another, and drafts of that are not made", "Run without drafts"
    elif output and not output.startswith("gs://"):
        problem, remedy = "it continues another, which Veo reads from Cloud Storage", "Choose a gs:// output"
    else:
        return
    raise _refused(storyboard, scene, FixRequest(f"{problem}.", f"{remedy}, or make it a scene of its own."))


def _check_shape(storyboard: Storyboard, shape: ClipShape, builder: ClipBuilder) -> None:
    """Raises FixRequest for a film that its platforms would not take."""
    where = f"prompts/{storyboard.folder}/{FILE}"
    if shape.media_use is MediaUse.EXTEND_VIDEO:
        raise FixRequest(
            f"{where}: a storyboard makes new scenes, and media_use is extend_video.",
            "Choose another media_use, or run without storyboards.",
        )
    seconds = storyboard.duration_ms / 1000
    for platform in shape.platforms:
        if off := off_length(builder, platform, seconds):
            remedy = f"Change the length of a scene, add or leave out one, or leave out {platform}."
            raise FixRequest(f"{where}: film: it lasts {seconds:g} s; {off}.", remedy)


def _refused(storyboard: Storyboard, scene: Scene, error: FixRequest) -> FixRequest:
    """Why the model does not make a scene, with where the scene stands."""
    return FixRequest(f"prompts/{storyboard.folder}/{FILE}: scene {scene.name!r}: {error.problem}", error.remedy)
