"""From a product to its clips: prompt, request, identity and price. Reads no image and no network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import chain

from reelmill.clip import Clip, VideoRequest
from reelmill.column_names import column_name
from reelmill.errors import ReelmillError
from reelmill.film import Film
from reelmill.ledger.listed import chunks
from reelmill.planning.prices import ShownPrices, shown_prices
from reelmill.planning.shapes import ClipShape
from reelmill.planning.storyboards import films_of, scene_shape
from reelmill.platforms import MediaUse
from reelmill.product import Product
from reelmill.prompts.library import PromptLibrary, RenderedPrompt
from reelmill.prompts.storyboard import Scene, Storyboard
from reelmill.settings import ImageIdentity, Settings
from reelmill.signatures import is_incomplete, unsigned
from reelmill.veo.registry import Model

__all__ = ["ClipBuilder", "HashContent", "PictureUnusable", "signed_sources"]

HashContent = Callable[[str], str]
"""Gives the SHA-256 of the content behind an address of the feed. Raises PictureUnusable."""


class PictureUnusable(ReelmillError):  # noqa: N818 — named like its family
    """A picture that identifies a product by its content cannot be read: the product cannot be planned."""


@dataclass(frozen=True, slots=True)
class ClipBuilder:
    """Builds the clips of one product after another, all for the same model and shapes.

    ``shortest_s`` and ``longest_s`` are the platforms that take videos of so many seconds only.
    ``hash_content`` is asked only under the setting ``image_identity = content``. ``now`` decides which sales run.
    """

    settings: Settings
    library: PromptLibrary
    model: Model
    shapes: Sequence[ClipShape]
    campaign: str = ""
    hash_content: HashContent | None = None
    shortest_s: Mapping[str, float] = field(default_factory=dict)
    longest_s: Mapping[str, float] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def storyboards(self) -> Mapping[str, Storyboard]:
        """The storyboards in force, by category folder; none unless they are wanted."""
        return self.library.storyboards if self.settings.storyboards else {}

    def build(self, product: Product, fingerprint: str) -> Iterator[tuple[Clip, RenderedPrompt]]:
        """Every clip of ``product``: one per shape and variant, with the prompt it was rendered from.

        With a storyboard, one per shape, variant and scene, in this order. Shapes that come to the same request, as
        for a product without the pictures that one of them wants, share one clip for the platforms of both; scenes
        do if those of the whole film are the same.
        """
        storyboard = self._storyboard(product)
        found: dict[tuple[str, ...], list[tuple[Clip, RenderedPrompt]]] = {}
        for asked in chunks(self._asked(product, fingerprint), len(storyboard.scene) if storyboard else 1):
            ids = tuple(clip.clip_id for clip, _ in asked)
            found[ids] = [
                (replace(clip, platforms=(*before.platforms, *clip.platforms)), rendered)
                for (clip, rendered), (before, _) in zip(asked, found[ids], strict=True)
            ] if ids in found else list(asked)  # fmt: skip
        yield from chain.from_iterable(found.values())

    def _asked(self, product: Product, fingerprint: str) -> Iterator[tuple[Clip, RenderedPrompt]]:
        """A clip for each shape, variant and scene, whether or not it is the same as another."""
        storyboard = self._storyboard(product)
        scenes: Sequence[Scene | None] = storyboard.scene if storyboard else (None,)
        prices = shown_prices(product, self.now)
        for shape in self.shapes:
            for variant in range(1, self.settings.variants + 1):
                before = None
                for scene in scenes:
                    asked = scene_shape(shape, scene) if scene else shape
                    rendered = self._rendered(product, asked, variant, scene)
                    clip = self._clip(product, asked, variant, rendered, fingerprint=fingerprint, prices=prices)
                    before = self._as_scene(clip, scene, before) if scene else clip
                    yield before, rendered

    def films(self, product: Product, clips: Sequence[Clip], drafts: Collection[str] = ()) -> list[Film]:
        """The films that these clips of a product, in the order of :meth:`build`, are stitched into.

        ``drafts`` are the ids of those that are drafts.
        """
        storyboard = self._storyboard(product)
        return list(films_of(storyboard, clips, drafts)) if storyboard else []

    def _storyboard(self, product: Product) -> Storyboard | None:
        return self.library.storyboard(product.category) if self.settings.storyboards else None

    def _rendered(self, product: Product, shape: ClipShape, variant: int, scene: Scene | None) -> RenderedPrompt:
        library = self.library
        template = (
            library.scene_template(product.category, scene) if scene else library.lookup(product.category, shape.native)
        )
        return library.render_with(
            template,
            product,
            ratio=shape.native,
            duration_s=shape.duration_s,
            audio=shape.audio,
            platforms=shape.platforms,
            variant=variant,
            campaign=self.campaign,
        )

    def unit_price(self, shape: ClipShape) -> Decimal:
        """USD per second of returned video. Raises ChooseAnotherModel if nobody told us the price."""
        return self.model.unit_price(self.settings.resolution, shape.audio)

    def request(self, shape: ClipShape, product: Product | None, prompt: str, negative: str) -> VideoRequest:
        """The paid request; without a product, the barest one that this shape can lead to."""
        settings = self.settings
        media = _media(shape.media_use, product, settings.video_column, self.model.reference_images_max)
        return VideoRequest(
            model=self.model.id,
            prompt=prompt,
            negative_prompt=negative,
            aspect_ratio=shape.native,
            duration_s=shape.duration_s if media or shape.media_use is MediaUse.NONE else _without_media(shape),
            resolution=settings.resolution,
            audio=shape.audio,
            samples=settings.samples,
            seed=settings.seed,
            person_generation=settings.person_generation,
            image=media.image,
            last_frame=media.last_frame,
            reference_images=media.references,
            video=media.video,
        )

    def _clip(
        self,
        product: Product,
        shape: ClipShape,
        variant: int,
        rendered: RenderedPrompt,
        *,
        fingerprint: str,
        prices: ShownPrices,
    ) -> Clip:
        request = self.request(shape, product, rendered.prompt, rendered.negative_prompt)
        content = self._content_hashes(product, request)
        return Clip(
            clip_id=Clip.identify(request, product.sku, variant, content, rehearsal=self.settings.rehearsal),
            request=request,
            variant=variant,
            sku=product.sku,
            title=product.title,
            category=product.category_text,
            unit_price_usd=self.unit_price(shape),
            price_date=str(self.model.price_as_of),
            template=rendered.template,
            template_version=rendered.template_version,
            input_hash=fingerprint,
            platforms=shape.platforms,
            item_group_id=product.item_group_id,
            brand=product.brand,
            campaign=self.campaign,
            content_hashes=content,
            picture=unsigned(product.images[0]) if product.images else "",
            price=prices.price,
            sale_price=prices.sale_price,
        )

    def _as_scene(self, clip: Clip, scene: Scene, before: Clip | None) -> Clip:
        """The clip with an identity of its own: two scenes are bought twice, whatever their prompts say.

        The identity of one that continues another holds that of the one ``before``, so a change goes down the chain.
        """
        rehearsal, request = self.settings.rehearsal, clip.request
        if scene.continues and before is not None:
            request = replace(request, continues=before.clip_id)
        identity = Clip.identify(
            request, clip.sku, clip.variant, clip.content_hashes, scene=scene.name, rehearsal=rehearsal
        )
        return replace(clip, clip_id=identity, request=request, scene=scene.name)

    def _content_hashes(self, product: Product, request: VideoRequest) -> tuple[str, ...]:
        if self.settings.image_identity is not ImageIdentity.CONTENT or self.hash_content is None:
            return ()
        signed = signed_sources(product, request)
        # May raise PictureUnusable.
        return tuple(self.hash_content(signed.get(reference, reference)) for reference in request.media)


@dataclass(frozen=True, slots=True)
class _Media:
    image: str | None = None
    last_frame: str | None = None
    references: tuple[str, ...] = ()
    video: str | None = None

    def __bool__(self) -> bool:
        return self != _Media()


def _media(use: MediaUse, product: Product | None, video_column: str, most_references: int) -> _Media:
    """Fall back to fewer pictures, and at last to text alone, when the feed has not enough of them."""
    if product is None or use is MediaUse.NONE:
        return _Media()
    if use is MediaUse.EXTEND_VIDEO:
        video = product.extra.get(column_name(video_column), "")
        return _Media(video=video) if video.startswith("gs://") else _Media()
    images = tuple(dict.fromkeys(map(unsigned, product.images)))  # tonight's signature must not buy the clip again
    if not images:
        return _Media()
    if use is MediaUse.REFERENCES:
        return _Media(references=images[: max(1, most_references)])
    if use is MediaUse.FIRST_LAST_FRAME and len(images) > 1:
        return _Media(image=images[0], last_frame=images[1])
    return _Media(image=images[0])


def signed_sources(product: Product, request: VideoRequest) -> dict[str, str]:
    """The signed addresses of those references that were signed in the feed. For fetching only, never to be kept."""
    incomplete = [reference for reference in request.media if is_incomplete(reference)]
    if not incomplete:
        return {}
    signed = {unsigned(image): image for image in reversed(product.images)}
    return {reference: signed[reference] for reference in incomplete if reference in signed}


def _without_media(shape: ClipShape) -> int:
    """A product without the media that its shape wants is made from text, which cannot last 7 s."""
    return 8 if shape.media_use is MediaUse.EXTEND_VIDEO else shape.duration_s
