"""The planner: reads products, decides what happens to each clip, prices it. It never spends or writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Protocol, TypeVar

from reelmill.clip import Clip
from reelmill.errors import FixRequest
from reelmill.ledger.records import KnownProduct, Standing
from reelmill.planning.actions import Action, Decision, PlannedClip
from reelmill.planning.building import ClipBuilder, PictureUnusable, signed_sources
from reelmill.planning.collector import rare_collections
from reelmill.planning.fingerprint import configuration_digest, product_fingerprint
from reelmill.planning.seen import SeenSkus
from reelmill.planning.softening import Attempts, decide_with_policy
from reelmill.planning.spool import PlanSink
from reelmill.planning.storyboards import check_shape, refused, scene_shape
from reelmill.planning.summary import PlanSummary
from reelmill.product import Product, Reject, RowRef
from reelmill.prompts.library import RenderedPrompt
from reelmill.prompts.lint import blocking_findings
from reelmill.prompts.soften import Softener
from reelmill.settings import ImageIdentity
from reelmill.veo.checks import check_region, check_request

__all__ = ["LedgerView", "PlanOptions", "Planner"]

_T = TypeVar("_T")
_CHUNK = 1000  # products looked up in the ledger at a time

_PROBE = Product(
    sku="probe",
    title="A product",
    category=("Anything",),
    ref=RowRef("probe", 1),
    images=tuple(f"https://images.example/{n}.jpg" for n in range(4)),
)


class LedgerView(Attempts, Protocol):
    """What planning asks the ledger. Nothing here writes."""

    def standings(self, clip_ids: Collection[str]) -> dict[str, Standing]:
        """The latest attempt of each clip that has one."""
        ...

    def known_products(self, catalog: str, skus: Collection[str]) -> dict[str, KnownProduct]:
        """What is remembered of these products."""
        ...

    def all_known_skus(self, catalog: str) -> Iterator[str]:
        """Every product of the catalog that is not retired."""
        ...

    def count_known(self, catalog: str) -> int:
        """How many those are."""
        ...


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """Which part of the catalog to plan. A part retires nothing, because it cannot know what vanished."""

    only: frozenset[str] = frozenset()
    limit: int | None = None  # products with something to make
    force: bool = False

    @property
    def whole(self) -> bool:
        """Whether the whole catalog is planned."""
        return not self.only and self.limit is None


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans one catalog. ``catalog`` names what its products are remembered under."""

    builder: ClipBuilder
    ledger: LedgerView
    catalog: str
    options: PlanOptions = field(default_factory=PlanOptions)
    softener: Softener | None = None  # None: filtered clips are not retried
    output: str = ""  # the chosen output root; empty: it does not matter where clips lie

    def check(self, today: date) -> list[str]:
        """Check model, region, price and shapes before any row is read; returns warnings.

        Raises ChooseAnotherModel for a retired model or an unknown price, FixRequest for a request that the
        model cannot serve whatever the product.
        """
        model, settings = self.builder.model, self.builder.settings
        warnings = [*model.check_alive(today), *model.price_warnings(today, settings.price_max_age_days)]
        check_region(settings.location, model)
        for shape in self.builder.shapes:
            self.builder.unit_price(shape)
            check_request(self.builder.request(shape, _PROBE, "a product", ""), model)
        self._check_storyboards()
        return warnings

    def _check_storyboards(self) -> None:
        builder = self.builder
        for storyboard in builder.storyboards.values():
            for shape in builder.shapes:
                check_shape(storyboard, shape, builder.longest_s)
                for scene in storyboard.scene:
                    request = builder.request(scene_shape(shape, scene), _PROBE, "a product", "")
                    try:
                        check_request(request, builder.model)
                    except FixRequest as error:
                        raise refused(storyboard, scene, error) from None

    def plan(self, rows: Iterable[Product | Reject], sink: PlanSink | None = None) -> PlanSummary:
        """Plan every row; what a run needs goes to ``sink``, what people need into the summary.

        ``rows`` gives each SKU once, as a feed does.
        """
        builder = self.builder
        summary = PlanSummary(
            builder.model.id,
            builder.settings.quota_per_minute,
            filtered_retries=self.softener.retries if self.softener else 0,
        )
        library = builder.library
        configuration = configuration_digest(
            builder.settings,
            library.digest + (library.storyboards_digest if builder.storyboards else ""),
            builder.shapes,
            builder.campaign,
            self._output_that_counts,
        )
        with SeenSkus() as seen, rare_collections():
            _Pass(self, sink, summary, configuration, seen, set(self.options.only)).run(rows)
        summary.warnings += summary.elsewhere.warnings(self.output)
        return summary

    @property
    def _output_that_counts(self) -> str:
        """The output, if products are remembered under another name: then it is part of what was remembered."""
        return "" if self.catalog == self.output else self.output


@dataclass(slots=True)
class _Pass:
    """One pass over the feed."""

    planner: Planner
    sink: PlanSink | None
    summary: PlanSummary
    configuration: bytes
    seen: SeenSkus
    wanted: set[str]
    products_made: int = 0
    still_there: int = 0  # products that are remembered, not retired, and in this feed

    def run(self, rows: Iterable[Product | Reject]) -> None:
        options = self.planner.options
        for chunk in _chunks(self._products(rows)):
            if options.whole:
                self.seen.add([product.sku for product in chunk])
            self._plan_chunk(chunk)
            if self._enough():
                break
        if options.whole and self.summary.products:
            self._retire()
        elif options.whole:
            self.summary.warnings.append("The feed has no product to plan; nothing is retired. Check the export.")
        if self.wanted and not self._enough():
            missing = ", ".join(sorted(self.wanted))
            self.summary.warnings.append(f"Not in the feed: {missing}. Check the SKUs that were asked for.")

    def _products(self, rows: Iterable[Product | Reject]) -> Iterator[Product]:
        only = self.planner.options.only
        for row in rows:
            if isinstance(row, Reject):
                self._reject(row)
            elif not only or not only.isdisjoint((row.sku, *row.variants)):
                self.wanted.difference_update((row.sku, *row.variants))
                yield row

    def _plan_chunk(self, chunk: Sequence[Product]) -> None:
        planner = self.planner
        known = planner.ledger.known_products(planner.catalog, [product.sku for product in chunk])
        self.still_there += sum(not before.retired for before in known.values())
        may_skip = self._may_skip()
        changed: list[tuple[KnownProduct, Product, list[tuple[Clip, RenderedPrompt]]]] = []
        for product in chunk:
            fingerprint = product_fingerprint(product, self.configuration)
            before = known.get(product.sku)
            if before is not None and before.fingerprint == fingerprint and may_skip and not before.retired:
                self.summary.add_unchanged(before.clips)
            else:
                clips = self._build(product, fingerprint)
                if clips is None:
                    continue
                changed.append((KnownProduct(product.sku, fingerprint, len(clips), retired=False), product, clips))
        standings = planner.ledger.standings([clip.clip_id for _, _, clips in changed for clip, _ in clips])
        for remembered, product, clips in changed:
            if self._enough():
                return
            self._plan_product(product, clips, standings)
            if self.sink is not None:
                self.sink.product(remembered, tuple(clip.clip_id for clip, _ in clips))

    def _build(self, product: Product, fingerprint: str) -> list[tuple[Clip, RenderedPrompt]] | None:
        """The product's clips; None, and a reject, if a picture that identifies them cannot be read."""
        try:
            return list(self.planner.builder.build(product, fingerprint))
        except PictureUnusable as error:
            self._reject(
                Reject(
                    ref=product.ref,
                    sku=product.sku,
                    field="image",
                    reason=error.problem,
                    remedy=error.remedy,
                    raw_value="",
                )
            )
            return None

    def _reject(self, reject: Reject) -> None:
        """Count a row that cannot be made. It is still in the feed, so its product does not retire."""
        self.summary.add_reject(reject)
        if self.planner.options.whole and reject.sku:
            self.seen.add([reject.sku])
        if self.sink is not None:
            self.sink.reject(reject)

    def _plan_product(
        self, product: Product, clips: Sequence[tuple[Clip, RenderedPrompt]], standings: dict[str, Standing]
    ) -> None:
        self.summary.products += 1
        made: set[str] = set()
        for clip, rendered in clips:
            standing = standings.get(clip.clip_id)
            decision = self._decide(clip, standing)
            if decision.action is Action.MAKE:
                decision = self._checked(decision, clip, product, rendered)
            if decision.action is Action.MAKE:
                made.add(clip.clip_id)
                self.summary.add_make(clip, softening=decision.softening)
                if self.sink is not None:
                    after = standing.intent_id if standing else None
                    sources = signed_sources(product, clip.request)
                    self.sink.make(PlannedClip(clip, decision.again, after, sources, decision.soften))
                continue
            if decision.action is Action.KEEP:
                self.summary.add_keep(1)
            else:
                self.summary.add_blocked(clip, decision.reason)
            if standing is not None and self.planner.output not in ("", standing.output):
                self.summary.elsewhere.add(standing)
        self.products_made += bool(made)
        for film in self.planner.builder.films(product, [clip for clip, _ in clips]):
            if made.intersection(film.clip_ids):
                self.summary.add_film(film)
            if self.sink is not None:
                self.sink.film(film)

    def _decide(self, clip: Clip, standing: Standing | None) -> Decision:
        planner = self.planner
        return decide_with_policy(clip, standing, planner.ledger, planner.softener, force=planner.options.force)

    def _checked(self, decision: Decision, clip: Clip, product: Product, rendered: RenderedPrompt) -> Decision:
        """Block a clip that its model or the brand would refuse, before any money."""
        if findings := blocking_findings(rendered, product):
            return Decision(Action.BLOCKED, f"{findings[0].message} {findings[0].remedy}")
        try:
            check_request(clip.request, self.planner.builder.model)
        except FixRequest as error:
            return Decision(Action.BLOCKED, str(error))
        return decision

    def _may_skip(self) -> bool:
        """Unchanged products need no rendering, unless pictures may have changed under the same address."""
        by_reference = self.planner.builder.settings.image_identity is ImageIdentity.REFERENCE
        return by_reference and not self.planner.options.force

    def _enough(self) -> bool:
        limit = self.planner.options.limit
        return limit is not None and self.products_made >= limit

    def _retire(self) -> None:
        ledger, catalog = self.planner.ledger, self.planner.catalog
        if ledger.count_known(catalog) == self.still_there:
            return  # every one of them is in the feed
        for skus in _chunks(ledger.all_known_skus(catalog)):
            gone = self.seen.missing(skus)
            self.summary.add_retired(gone)
            if self.sink is not None:
                self.sink.retire(gone)


def _chunks(items: Iterable[_T]) -> Iterator[list[_T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk
