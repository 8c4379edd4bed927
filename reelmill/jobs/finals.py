"""Finals: of each draft that a person picked, the very same request with the finals' model, at a price shown first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from reelmill.clip import Clip
from reelmill.errors import ChooseAnotherModel, FixConfiguration, FixRequest
from reelmill.film import Film
from reelmill.jobs.content import content_folder
from reelmill.jobs.engine import Engine
from reelmill.jobs.final_films import FinalFilms
from reelmill.jobs.redriving import empty_summary
from reelmill.jobs.refusing import refuse_other_stage, refuse_out_of_reach, vanished, vanished_skus
from reelmill.jobs.softening import open_softener
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Decision, Intent, Standing
from reelmill.planning.actions import Action
from reelmill.planning.actions import Decision as Decided
from reelmill.planning.drafts import as_final, made_with
from reelmill.planning.softening import decide_with_policy
from reelmill.planning.summary import PlanSummary
from reelmill.production.work import Work
from reelmill.prompts.soften import Softener
from reelmill.veo.checks import check_region, check_request
from reelmill.veo.registry import Model, Registry

__all__ = ["plan_finals"]

_CHUNK = 1000
_Drafts = Sequence[tuple[Clip, Intent]]


def plan_finals(engine: Engine, run_id: str | None) -> tuple[PlanSummary, list[Work], list[Film]]:
    """The finals of the approved drafts of a run (None: of every run of the output), and what they cost at most.

    The films are those that the finals to be made are scenes of.

    A final that is there or under way is kept. One that cannot be made is blocked with its reason, and the others go
    on. Raises ChooseAnotherModel or FixConfiguration if the finals' model can make none.
    """
    settings = engine.settings
    model = Registry.load(content_folder(settings) / "models.toml").model(settings.model)
    check_region(settings.location, model)
    today = datetime.now(UTC).date()
    summary = empty_summary(engine)
    summary.planned_at = engine.ledger.newest_plan(engine.storage.root)  # one that waits for approval knows better
    summary.warnings += [*model.check_alive(today), *model.price_warnings(today, settings.price_max_age_days)]
    planning = _Finals(engine, model, open_softener(settings), summary)
    works: list[Work] = []
    drafts = picked = 0
    skus: set[str] = set()
    for chunk in chunks(engine.ledger.drafts(output=engine.storage.root, run_id=run_id), _CHUNK):
        drafts += len(chunk)
        approved = planning.approved(chunk)
        picked += len(approved)
        skus.update(clip.sku for clip, _ in approved)
        works += planning.works(approved)
    summary.products = len(skus)
    if not picked:
        what = f"None of {drafts} drafts is approved" if drafts else "There is no draft"
        summary.warnings.append(f"{what} in {run_id or 'this output'}; pick in reelmill review.")
    summary.warnings += summary.elsewhere.warnings(engine.storage.root)
    return summary, works, planning.films.made_of({work.clip.clip_id for work in works})


@dataclass(slots=True)
class _Finals:
    engine: Engine
    model: Model
    softener: Softener | None
    summary: PlanSummary
    films: FinalFilms = field(init=False)

    def __post_init__(self) -> None:
        self.films = FinalFilms(self.engine.ledger, self._final)

    def approved(self, drafts: _Drafts) -> _Drafts:
        """Those that a person picked."""
        decisions = self.engine.ledger.decisions_of([intent.intent_id for _, intent in drafts])
        return [
            (clip, intent)
            for clip, intent in drafts
            if intent.intent_id in decisions and decisions[intent.intent_id].decision is Decision.APPROVE
        ]

    def works(self, picked: _Drafts) -> Iterator[Work]:
        """What is to be made of them; everything is counted."""
        ledger = self.engine.ledger
        finals: dict[str, tuple[Clip, Clip]] = {}  # by the final's id: two attempts at a draft have one final
        gone = vanished_skus(ledger, self.engine.catalog, (clip for clip, _ in picked))
        halves = self.films.add([clip for clip, _ in picked], gone)
        for clip, _ in picked:
            if clip.clip_id in halves:
                self.summary.add_blocked(clip, halves[clip.clip_id])
                continue
            try:
                final = self._final(clip)
            except (FixConfiguration, FixRequest) as error:
                self.summary.add_blocked(clip, str(error))
            else:
                finals[final.clip_id] = (clip, final)
        standings = ledger.standings(list(finals))
        replaced = self._replaced(picked, finals)
        for clip, final in finals.values():
            standing = standings.get(final.clip_id)
            decision = self._decided(final, standing)
            if decision is None:
                continue
            try:
                self._check(clip, final, gone=clip.sku in gone, replaced=final.clip_id in replaced)
            except FixConfiguration as error:
                self.summary.add_blocked(final, str(error))
                continue
            self.summary.add_make(final, softening=decision.softening, remake=decision.remake)
            after = standing.intent_id if standing else None
            yield Work(final, again=decision.again, after=after, soften=decision.soften)

    def _final(self, draft: Clip) -> Clip:
        """The same request, of the finals' model. Raises FixConfiguration or FixRequest if it cannot be asked."""
        if draft.request.model == self.model.id:
            raise ChooseAnotherModel(
                f"It was drafted with {self.model.id} itself.", "Set model (or --model) to that of the finals."
            )
        refuse_other_stage(self.engine, draft, was="drafted", remedy="Draft it here")
        final = made_with(draft, self.model, rehearsal=self.engine.settings.rehearsal)
        check_request(final.request, self.model)
        return final

    def _replaced(self, picked: _Drafts, finals: Mapping[str, tuple[Clip, Clip]]) -> set[str]:
        """The finals in whose place, or in that of their draft as long as they have no video, a changed clip has come.

        A final that was delivered stands for its draft, whose place it has taken itself.
        """
        videos, drafts = self.engine.ledger.videos_of(list(finals)), {clip.clip_id: intent for clip, intent in picked}
        standing = {
            id_: (final, videos[id_]) if id_ in videos else (draft, drafts[draft.clip_id])
            for id_, (draft, final) in finals.items()
        }
        remade = self.engine.ledger.remade(list(standing.values()))
        return {id_ for id_, (clip, _) in standing.items() if clip.clip_id in remade}

    def _decided(self, final: Clip, standing: Standing | None) -> Decided | None:
        """What to make of a final; None, and counted, if nothing is."""
        ledger, remakes = self.engine.ledger, self.summary.remake_attempts
        decision = decide_with_policy(final, standing, ledger, self.softener, remakes=remakes, force=False)
        decision = as_final(decision, standing)
        if decision.action is Action.MAKE:
            return decision
        if decision.action is Action.KEEP:
            self.summary.add_keep(1)
        else:
            self.summary.add_blocked(final, decision.reason)
        if standing is not None and standing.output != self.engine.storage.root:
            self.summary.elsewhere.add(standing)
        return None

    def _check(self, draft: Clip, final: Clip, *, gone: bool, replaced: bool) -> None:
        """Raises FixConfiguration for a pick that is of no use any more, or whose picture cannot be had."""
        if gone:
            raise vanished("finals")
        if replaced:
            raise FixConfiguration(
                f"A changed clip has taken the place of draft {draft.clip_id}.", "Review that one instead."
            )
        refuse_out_of_reach(self.engine, final)
