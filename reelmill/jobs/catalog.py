"""Planning one catalog: which feed, which platforms, which part, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reelmill.catalog.feed import Dialect, Feed, FeedOptions, open_feed
from reelmill.errors import ChooseAnotherModel, FixConfiguration
from reelmill.jobs.content import content_folder
from reelmill.jobs.engine import Engine
from reelmill.jobs.softening import open_softener
from reelmill.judging.terms import JudgeTerms
from reelmill.planning.building import ClipBuilder, HashContent, PictureUnusable
from reelmill.planning.drafts import Drafting
from reelmill.planning.planner import Planner, PlanOptions
from reelmill.planning.shapes import shapes_for
from reelmill.planning.spool import PlanSink
from reelmill.planning.summary import PlanSummary
from reelmill.platforms import load_platforms, select_platforms
from reelmill.prompts.library import PromptLibrary
from reelmill.settings import ImageIdentity, Settings
from reelmill.storage.feeds import open_feed_source
from reelmill.veo.images import ImageRefused, ImageUnreachable
from reelmill.veo.registry import Registry

__all__ = [
    "FINAL_MODEL",
    "CatalogRequest",
    "clip_builder",
    "drafting",
    "drafts_asked",
    "open_catalog_feed",
    "plan_catalog",
]


FINAL_MODEL = "drafts_for"
"""The parameter of a run of drafts that names the model of the finals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogRequest:
    """What a person or a schedule asks for. Empty ``platforms`` means those of the settings.

    ``drafts`` asks for drafts of what is to be made (setting ``draft_model``).
    """

    feed: str
    platforms: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    limit: int | None = None
    force: bool = False
    drafts: bool = False
    dialect: str | None = None  # google, shopify or plain; None: by the header
    columns: Mapping[str, str] = field(default_factory=dict)


def open_catalog_feed(request: CatalogRequest, settings: Settings) -> Feed:
    """Open the feed that is asked for. Raises FixFeed if it is none."""
    options = FeedOptions(
        dialect=Dialect(request.dialect) if request.dialect else None,
        columns=dict(request.columns),
        split_variants=settings.split_variants,
    )
    return open_feed(request.feed, options, opener=open_feed_source(request.feed, settings))


def clip_builder(settings: Settings, request: CatalogRequest, hash_content: HashContent | None = None) -> ClipBuilder:
    """What turns products into clips: brand and prompts, model and price, and the platforms asked for."""
    content = content_folder(settings)
    known = load_platforms(content / "platforms.toml")
    platforms = select_platforms(known, list(request.platforms or settings.platforms))
    return ClipBuilder(
        settings=settings,
        library=PromptLibrary.load(content),
        model=Registry.load(content / "models.toml").model(settings.model),
        shapes=shapes_for(platforms, settings),
        campaign=settings.campaign,
        hash_content=hash_content,
        shortest_s={one.name: one.delivery.min_s for one in platforms if one.delivery.min_s is not None},
        longest_s={one.name: one.delivery.max_s for one in platforms if one.delivery.max_s is not None},
    )


def drafting(settings: Settings) -> Drafting:
    """How drafts are made. Raises FixConfiguration if there is no model for them, or it is the finals' own."""
    if settings.draft_model in ("", settings.model):
        problem = "is empty" if not settings.draft_model else f"is {settings.model}, as model is"
        raise FixConfiguration(
            f"Drafts are asked for, and the setting draft_model {problem}.",
            "Set draft_model (REELMILL_DRAFT_MODEL) to a cheaper model, and model to that of the finals.",
        )
    try:
        model = Registry.load(content_folder(settings) / "models.toml").model(settings.draft_model)
    except ChooseAnotherModel as error:
        raise ChooseAnotherModel(f"Setting draft_model: {error.problem}", error.remedy) from None
    return Drafting(model, rehearsal=settings.rehearsal)


def _content_hasher(engine: Engine) -> HashContent:
    """Fetch pictures to identify them; one that cannot be had spoils its product, not the plan."""
    media = engine.media_inputs()

    def content_hash(reference: str) -> str:
        try:
            return media.content_hash(reference)
        except (ImageRefused, ImageUnreachable) as error:
            raise PictureUnusable(error.problem, error.remedy) from None

    return content_hash


def plan_catalog(engine: Engine, request: CatalogRequest, sink: PlanSink | None = None) -> PlanSummary:
    """Read the whole feed, decide and price. Never spends; what a run needs goes to ``sink``."""
    settings, planned_at = engine.settings, engine.ledger.now()  # before the feed: what is newer there may be unseen
    feed = open_catalog_feed(request, settings)
    by_content = settings.image_identity is ImageIdentity.CONTENT
    builder = clip_builder(settings, request, _content_hasher(engine) if by_content else None)
    options = PlanOptions(only=frozenset(request.only), limit=request.limit, force=request.force)
    today = datetime.now(UTC).date()
    planner = Planner(
        builder,
        engine.ledger,
        engine.catalog,
        options,
        open_softener(settings),
        judge=JudgeTerms.of(settings, today),
        output=engine.storage.root,
        drafting=drafting(settings) if request.drafts else None,
    )
    warnings = planner.check(today, feed.extra_columns)
    summary = planner.plan(feed, sink)
    summary.planned_at = planned_at
    summary.warnings[:0] = [*feed.notes.warnings(), *warnings]
    return summary


def drafts_asked(summary: PlanSummary) -> dict[str, str]:
    """What a run remembers of having made drafts, among its parameters: the model whose finals were priced."""
    return {} if summary.finals is None else {FINAL_MODEL: summary.finals.model}
