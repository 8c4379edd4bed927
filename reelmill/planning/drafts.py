"""Drafts: the very requests of the finals, asked of a cheaper model, so that a person can pick first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from reelmill.clip import Clip, VideoRequest
from reelmill.errors import FixRequest, ReelmillError
from reelmill.ledger.records import Standing
from reelmill.planning.actions import Action, Decision
from reelmill.settings import Settings
from reelmill.veo.checks import check_region, check_request
from reelmill.veo.model import Model

__all__ = ["Chosen", "Drafting", "Finals", "as_final", "made_with"]

_IS_A_DRAFT = (
    "made as a draft, which is never published; set another model for finals, or pay for it again with --force"
)
_IS_A_FINAL = "bought with the draft model as a final"


class Decide(Protocol):
    """Decides about a clip from how it stands."""

    def __call__(self, clip: Clip, standing: Standing | None, *, force: bool) -> Decision:
        """What happens to it."""
        ...


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a plan chose for one place: the clip, how it stands, and what happens to it.

    ``final`` is what may be paid for later, if a person picks the draft. ``no_draft`` says that the draft's model has
    made it as a final before, so that there is no draft to pick.
    """

    clip: Clip
    standing: Standing | None
    decision: Decision
    final: Clip | None = None
    no_draft: bool = False

    @property
    def is_draft(self) -> bool:
        """The draft was chosen, or what its model made, instead of the clip that was wanted."""
        return self.final is not None or self.no_draft


def made_with(clip: Clip, model: Model, *, rehearsal: bool) -> Clip:
    """The very same request, asked of another model, under its own identity and at its price.

    Raises ChooseAnotherModel if nobody told us the price.
    """
    request = replace(clip.request, model=model.id)
    return replace(
        clip,
        clip_id=Clip.identify(
            request, clip.sku, clip.variant, clip.content_hashes, scene=clip.scene, rehearsal=rehearsal
        ),
        request=request,
        unit_price_usd=model.unit_price(request.resolution, request.audio),
        price_date=str(model.price_as_of),
    )


def as_final(decision: Decision, standing: Standing | None) -> Decision:
    """The decision about a clip that is wanted as a final: a draft by the same model is none, and waits for a word."""
    if decision.action is Action.KEEP and standing is not None and standing.draft and standing.state.delivered:
        return Decision(Action.BLOCKED, _IS_A_DRAFT)
    return decision


@dataclass(frozen=True, slots=True)
class Drafting:
    """Plans a draft where a final is still to be made. ``model`` is that of the drafts."""

    model: Model
    rehearsal: bool

    def check(self, request: VideoRequest, settings: Settings, today: date) -> list[str]:
        """Hold the draft model against what is asked of the finals' model; warnings about its age and prices.

        Raises what the checks of a model raise, in words that name the setting.
        """
        try:
            check_region(settings.location, self.model)
            warnings = [
                *self.model.check_alive(today),
                *self.model.price_warnings(today, settings.price_max_age_days),
            ]
            self.model.unit_price(request.resolution, request.audio)
            check_request(replace(request, model=self.model.id), self.model)
        except ReelmillError as error:
            raise type(error)(
                f"Drafts with draft_model = {self.model.id} are not possible: {error.problem}",
                f"{error.remedy} That is for the drafts: choose another draft_model that takes the same request.",
            ) from None
        return warnings

    def with_drafts(self, finals: Iterable[Clip]) -> Iterator[Clip]:
        """The clips, each followed by its draft."""
        for final in finals:
            yield from (final, self.of(final))

    def of(self, final: Clip) -> Clip:
        """The draft of a clip."""
        return made_with(final, self.model, rehearsal=self.rehearsal)

    def choose(self, final: Clip, standings: Mapping[str, Standing], decide: Decide, *, force: bool) -> Chosen:
        """Keep what has a final, or one under way; else make its draft, or keep the one that is there.

        ``force`` makes drafts again, never what was bought as a final.
        """
        standing = standings.get(final.clip_id)
        decision = as_final(decide(final, standing, force=False), standing)
        if decision.action is not Action.MAKE:
            return Chosen(final, standing, decision)
        draft = self.of(final)
        standing = standings.get(draft.clip_id)
        if standing is not None and not standing.draft and (standing.state.delivered or standing.attempt > 1):
            # It may have videos that were bought as finals, and a draft must not take their place.
            return Chosen(draft, standing, Decision(Action.KEEP, _IS_A_FINAL), no_draft=True)
        return Chosen(draft, standing, decide(draft, standing, force=force), final)

    def checked(self, draft: Clip, decision: Decision) -> Decision:
        """Block a draft whose request its model would refuse, although that of the finals takes it."""
        try:
            check_request(draft.request, self.model)
        except FixRequest as error:
            return Decision(Action.BLOCKED, f"as a draft: {error}")
        return decision


@dataclass(slots=True)
class Finals:
    """What a plan of drafts leads to: the finals, with ``model``, if every draft were picked.

    ``usd`` is the most that they could cost, each with a verdict of at most ``verdict_usd``. ``bought`` clips were made
    with the draft model as finals before, so that no draft is made of them.
    """

    model: str
    verdict_usd: Decimal = Decimal(0)
    clips: int = 0
    usd: Decimal = Decimal(0)
    bought: int = 0

    def count(self, chosen: Chosen, decision: Decision) -> None:
        """Price the final that a draft may lead to, whether the draft is to be made or is there already."""
        self.bought += chosen.no_draft
        if chosen.final is not None and decision.action in (Action.MAKE, Action.KEEP):
            self.clips += 1
            self.usd += chosen.final.estimated_usd + self.verdict_usd

    def warnings(self, draft_model: str) -> list[str]:
        """What a person should know of clips that have no draft to pick."""
        if not self.bought:
            return []
        what = f"{self.bought} of the clips were bought with {draft_model} as finals, so no draft is made of them."
        return [f"{what} To make them with {self.model}, run without --drafts."]

    def to_dict(self) -> dict[str, Any]:
        """For machines."""
        return {"model": self.model, "clips": self.clips, "estimated_usd": self.usd}
