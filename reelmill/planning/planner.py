"""The planner: reads products, decides what happens to each clip, prices it. It never spends or writes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Protocol

from reelmill.clip import Clip
from reelmill.errors import FixRequest
from reelmill.finish import Finish
from reelmill.judging.terms import JudgeTerms
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import KnownProduct, Standing
from reelmill.planning.actions import Action, Decision, PlannedClip
from reelmill.planning.asked import AskedSkus
from reelmill.planning.building import ClipBuilder, PictureUnusable, signed_sources
from reelmill.planning.chains import Chains
from reelmill.planning.collector import rare_collections
from reelmill.planning.drafts import Chosen, Drafting, Finals, as_final
from reelmill.planning.fingerprint import configuration_digest, product_fingerprint
from reelmill.planning.lengths import check_lengths
from reelmill.planning.price_notes import PriceNotes
from reelmill.planning.retiring import Remembered, Retiring
from reelmill.planning.seen import SeenSkus
from reelmill.planning.softening import Attempts, decide_with_policy
from reelmill.planning.spool import PlanSink
from reelmill.planning.storyboard_checks import PROBE, check_storyboards
from reelmill.planning.summary import PlanSummary
from reelmill.planning.words_alone import WordsAlone, check_video_column
from reelmill.product import Product, Reject
from reelmill.prompts.library import RenderedPrompt
from reelmill.prompts.lint import blocking_findings
from reelmill.prompts.soften import Softener
from reelmill.settings import ImageIdentity, InspectDepth
from reelmill.veo.checks import check_region, check_request

__all__ = ["LedgerView", "PlanOptions", "Planner"]

_CHUNK = 1000  # products looked up in the ledger at a time


class LedgerView(Attempts, Remembered, Protocol):
    """What planning asks the ledger. Nothing here writes."""

    def standings(self, clip_ids: Collection[str]) -> dict[str, Standing]:
        """The latest attempt of each clip that has one."""
        ...

    def known_products(self, catalog: str, skus: Collection[str]) -> dict[str, KnownProduct]:
        """What is remembered of these products."""
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
    """Plans one catalog: its finals, or with ``drafting`` the drafts of those that are still to be made.

    ``catalog`` names what its products are remembered under.
    """

    builder: ClipBuilder
    ledger: LedgerView
    catalog: str
    options: PlanOptions = field(default_factory=PlanOptions)
    softener: Softener | None = None  # None: filtered clips are not retried
    judge: JudgeTerms | None = None  # None: clips are not compared with their products
    output: str = ""  # the chosen output root; empty: it does not matter where clips lie
    drafting: Drafting | None = None

    def check(self, today: date, columns: Collection[str] | None = None) -> list[str]:
        """Check model, region, price and shapes before any row is read; returns warnings.

        ``columns`` are those of the feed that no product field carries; None leaves them unchecked. Raises
        FixConfiguration if they lack that of the videos to extend, ChooseAnotherModel for a retired model or an unknown
        price, FixRequest for a request that the model cannot serve whatever the product, and for a length that a
        platform would not take.
        """
        model, settings = self.builder.model, self.builder.settings
        warnings = [*model.check_alive(today), *model.price_warnings(today, settings.price_max_age_days)]
        if settings.remake_attempts and settings.seed is not None:
            warnings.append("remake_attempts does nothing while seed is set: the same seed asks for the same film.")
        if self.judge is not None:
            warnings += self.judge.warnings(today, settings.price_max_age_days)
        check_region(settings.location, model)
        if columns is not None:
            check_video_column(self.builder.shapes, settings.video_column, columns)
        for shape in self.builder.shapes:
            self.builder.unit_price(shape)
            request = self.builder.request(shape, PROBE, "a product", "")
            check_request(request, model)
            if self.drafting is not None:
                warnings += self.drafting.check(request, settings, today)
        warnings += check_lengths(self.builder)
        warnings += check_storyboards(self.builder, self.drafting, today, output=self.output)
        return list(dict.fromkeys(warnings))

    def plan(self, rows: Iterable[Product | Reject], sink: PlanSink | None = None) -> PlanSummary:
        """Plan every row; what a run needs goes to ``sink``, what people need into the summary.

        ``rows`` gives each SKU once, as a feed does.
        """
        builder, drafting = self.builder, self.drafting
        verdict_usd = self.judge.most_of_clip_usd if self.judge else Decimal(0)
        summary = PlanSummary(
            drafting.model.id if drafting else builder.model.id,
            builder.settings.quota_per_minute,
            in_flight=builder.settings.in_flight,
            shard_clips=builder.settings.shard_clips,
            filtered_retries=self.softener.retries if self.softener else 0,
            remake_attempts=self._remakes,
            price_notes=PriceNotes(self._finish),
            words_alone=WordsAlone(builder.shapes, builder.settings.video_column),
            finals=Finals(builder.model.id, verdict_usd) if drafting else None,
            judge=self.judge.model if self.judge else "",
            verdict_usd=verdict_usd,
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
            retiring = Retiring(self.ledger, self.catalog, seen, builder.settings.retire_most_percent)
            _Pass(self, sink, summary, configuration, retiring, AskedSkus(self.options.only)).run(rows)
        summary.warnings += summary.words_alone.warnings() + summary.price_notes.warnings()
        summary.warnings += summary.unserved.warnings() + summary.elsewhere.warnings(self.output)
        if summary.finals is not None:
            summary.warnings += summary.finals.warnings(summary.model)
        return summary

    @property
    def _remakes(self) -> int:
        """How often the run may make an unfit clip anew."""
        settings = self.builder.settings
        looks = settings.inspect is not InspectDepth.OFF
        return self.builder.library.brand.finish.remakes(settings.remake_attempts, settings.seed) if looks else 0

    @property
    def _finish(self) -> Finish:
        """What renditions wear; nothing if none are made."""
        settings = self.builder.settings
        made = settings.renditions and settings.inspect is InspectDepth.FULL
        return self.builder.library.brand.finish if made else Finish()

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
    retiring: Retiring
    asked: AskedSkus
    products_made: int = 0

    def run(self, rows: Iterable[Product | Reject]) -> None:
        options = self.planner.options
        for chunk in chunks(self._products(rows), _CHUNK):
            if options.whole:
                self.retiring.add(chunk)
            self._plan_chunk(chunk)
            if self._enough():
                break
        if options.whole and self.summary.products:
            self.summary.whole = True
            self._retire()
        elif options.whole:
            self.summary.warnings.append("The feed has no product to plan; nothing is retired. Check the export.")
        if not self._enough():  # what else is in the feed is not known
            self.summary.unmet = self.asked.unmet()
            self.summary.warnings += self.summary.unmet.sentences()

    def _products(self, rows: Iterable[Product | Reject]) -> Iterator[Product]:
        for row in rows:
            if isinstance(row, Reject):
                self.asked.reject_row(row)
                self._reject(row)
            elif self.asked.take(row):
                yield row

    def _plan_chunk(self, chunk: Sequence[Product]) -> None:
        planner = self.planner
        known = planner.ledger.known_products(planner.catalog, [product.sku for product in chunk])
        self.retiring.still_there += sum(not before.retired for before in known.values())
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
        wanted: Iterable[Clip] = (clip for _, _, clips in changed for clip, _ in clips)
        if planner.drafting is not None:
            wanted = planner.drafting.with_drafts(wanted)
        standings = planner.ledger.standings([clip.clip_id for clip in wanted])
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
            self.asked.reject_product(product)
            self._reject(
                Reject(
                    ref=product.ref,
                    sku=product.sku,
                    field="image",
                    reason=error.problem,
                    remedy=error.remedy,
                    raw_value="",
                    keys=(product.sku,),
                )
            )
            return None

    def _reject(self, reject: Reject) -> None:
        """Count a row that cannot be made."""
        self.summary.add_reject(reject)
        if self.planner.options.whole:
            self.retiring.add_reject(reject)
        if self.sink is not None:
            self.sink.reject(reject)

    def _plan_product(
        self, product: Product, clips: Sequence[tuple[Clip, RenderedPrompt]], standings: dict[str, Standing]
    ) -> None:
        self.summary.products += 1
        chosen_ones: list[Chosen] = []
        made: set[str] = set()
        chains = Chains()
        for wanted, rendered in clips:
            chosen = self._choose(wanted, standings)
            chosen_ones.append(chosen)
            clip, standing, decision = chosen.clip, chosen.standing, chosen.decision
            if decision.action is Action.MAKE:
                decision = self._checked(chosen, product, rendered)
            decision = chains.decided(clip, decision)
            if self.summary.finals is not None:
                self.summary.finals.count(chosen, decision)
            if decision.action is Action.MAKE:
                made.add(clip.clip_id)
                self.summary.add_make(clip, softening=decision.softening, remake=decision.remake)
                if self.sink is not None:
                    after = standing.intent_id if standing else None
                    sources = signed_sources(product, clip.request)
                    draft, link = self.planner.drafting is not None, chains.link(clip)
                    self.sink.make(PlannedClip(clip, decision.again, after, sources, decision.soften, draft, link))
                continue
            if decision.action is Action.KEEP:
                self.summary.add_keep(1)
                if standing is not None:
                    self.summary.price_notes.kept(clip, standing)
                    self.summary.unserved.kept(clip, standing)
            else:
                self.summary.add_blocked(clip, decision.reason)
            if standing is not None and self.planner.output not in ("", standing.output):
                self.summary.elsewhere.add(standing)
        self.products_made += bool(made)
        self._plan_films(product, chosen_ones, made)

    def _plan_films(self, product: Product, scenes: Sequence[Chosen], made: set[str]) -> None:
        """The films that the clips of a product become, if they are scenes; ``made`` are those to make."""
        drafts = {scene.clip.clip_id for scene in scenes if scene.is_draft}
        for film in self.planner.builder.films(product, [scene.clip for scene in scenes], drafts):
            if not made.isdisjoint(film.clip_ids):
                self.summary.add_film(film)
            if self.sink is not None:
                self.sink.film(film)

    def _choose(self, wanted: Clip, standings: dict[str, Standing]) -> Chosen:
        """What happens to a clip; of drafts, to the draft of it unless the clip itself is there."""
        force, drafting = self.planner.options.force, self.planner.drafting
        if drafting is not None:
            return drafting.choose(wanted, standings, self._decide, force=force)
        standing = standings.get(wanted.clip_id)
        return Chosen(wanted, standing, as_final(self._decide(wanted, standing, force=force), standing))

    def _decide(self, clip: Clip, standing: Standing | None, *, force: bool) -> Decision:
        planner, remakes = self.planner, self.summary.remake_attempts
        return decide_with_policy(clip, standing, planner.ledger, planner.softener, remakes=remakes, force=force)

    def _checked(self, chosen: Chosen, product: Product, rendered: RenderedPrompt) -> Decision:
        """Block a clip that its model or the brand would refuse, before any money; of a draft, also its final."""
        if findings := blocking_findings(rendered, product):
            return Decision(Action.BLOCKED, f"{findings[0].message} {findings[0].remedy}")
        try:
            check_request((chosen.final or chosen.clip).request, self.planner.builder.model)
        except FixRequest as error:
            return Decision(Action.BLOCKED, str(error))
        drafting = self.planner.drafting
        return chosen.decision if drafting is None else drafting.checked(chosen.clip, chosen.decision)

    def _may_skip(self) -> bool:
        """Unchanged products need no rendering, unless pictures may have changed under the same address."""
        by_reference = self.planner.builder.settings.image_identity is ImageIdentity.REFERENCE
        return by_reference and not self.planner.options.force

    def _enough(self) -> bool:
        limit = self.planner.options.limit
        return limit is not None and self.products_made >= limit

    def _retire(self) -> None:
        if doubt := self.retiring.doubt():
            self.summary.warnings.append(doubt)
            return
        for gone in self.retiring.gone():
            self.summary.add_retired(gone)
            if self.sink is not None:
                self.sink.retire(gone)
