"""Reading the ledger: everything that it can be asked without changing anything."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from reelmill.clip import Clip
from reelmill.ledger import budgets, plans, publications, reading, remade, removing
from reelmill.ledger.audit import audit
from reelmill.ledger.counting import Counts
from reelmill.ledger.database import Database
from reelmill.ledger.delivered import delivered, replaced
from reelmill.ledger.deliveries import count_deliveries, list_deliveries
from reelmill.ledger.drafts import draft_total, drafts, latest_draft_run
from reelmill.ledger.editions import Edition, edition_of
from reelmill.ledger.films import StandingFilm, film_of_clips, films_of_clips, read_films
from reelmill.ledger.orphans import orphans
from reelmill.ledger.present import Present, present
from reelmill.ledger.publications import Publication
from reelmill.ledger.records import (
    Budget,
    BudgetScope,
    Caps,
    Charge,
    Delivery,
    DeliveryStatus,
    Intent,
    Review,
    StateTotal,
)
from reelmill.ledger.reviews import decisions_of, read_reviews, standing
from reelmill.ledger.runs import outputs
from reelmill.ledger.states import State
from reelmill.ledger.tallying import Dimension, Group, decided, tally, verdicts
from reelmill.ledger.unfit import unfit
from reelmill.ledger.verdicts import PaidVerdict, read_verdicts, verdicts_of

__all__ = ["Reader"]


class Reader:
    """The questions; the :class:`~reelmill.ledger.ledger.Ledger` is one that can also write."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def now(self) -> datetime:
        """The ledger's time: the server's own on PostgreSQL, this process's on SQLite."""
        if self._db.is_sqlite and self._db.clock is None:
            return datetime.now(UTC)
        with self._db.reading() as connection:
            return self._db.now(connection)

    def outputs(self) -> list[str]:
        """Every output root that a run was for, the latest used first."""
        return outputs(self._db)

    def drafts(self, *, output: str, run_id: str | None = None) -> Iterator[tuple[Clip, Intent]]:
        """Delivered drafts, oldest first, streamed."""
        return drafts(self._db, output=output, run_id=run_id)

    def draft_total(self, *, output: str) -> StateTotal:
        """How many attempts at drafts there are, and their money."""
        return draft_total(self._db, output=output)

    def latest_draft_run(self, *, output: str) -> str | None:
        """The run of the newest draft."""
        return latest_draft_run(self._db, output=output)

    def intent(self, intent_id: str) -> Intent | None:
        """One intent."""
        return reading.read_intent(self._db, intent_id)

    def clip(self, clip_id: str) -> Clip | None:
        """One clip, as last described."""
        return reading.read_clip(self._db, clip_id)

    def clips(self, clip_ids: Collection[str]) -> dict[str, Clip]:
        """Those of these clips that are known, as last described."""
        return reading.read_clips(self._db, clip_ids)

    def intents(
        self,
        *,
        states: Collection[State] | None = None,
        run_id: str | None = None,
        output: str | None = None,
        limit: int | None = None,
        latest: bool = False,
    ) -> Iterator[tuple[Clip, Intent]]:
        """Oldest first, streamed; with ``latest`` only the latest attempt at each clip."""
        also = [reading.IS_LATEST] if latest else []
        return reading.read_intents(self._db, states=states, run_id=run_id, output=output, limit=limit, also=also)

    def videos_of(self, clip_ids: Collection[str], *, output: str | None = None) -> dict[str, Intent]:
        """The latest delivered attempt of each clip that has one; of those with one in ``output``, the latest there."""
        return remade.videos_of(self._db, clip_ids, output=output)

    def videos(self, *, output: str | None = None, run_id: str | None = None) -> Iterator[tuple[Clip, Intent]]:
        """The latest delivered attempt of every clip in each output, oldest first, streamed."""
        return delivered(self._db, output=output, run_id=run_id)

    def replaced(self, *, run_id: str) -> set[str]:
        """The attempts of a run in whose place a later delivered one of the same output has come."""
        return replaced(self._db, run_id=run_id)

    def published(self, target: str, intent_ids: Collection[str]) -> list[Publication]:
        """Receipts for what of these attempts a target has."""
        return publications.published(self._db, target, intent_ids)

    def planning_times(self, run_ids: Collection[str]) -> dict[str, datetime]:
        """When the planning of these runs began; those of which nobody wrote it down are left out."""
        with self._db.reading() as connection:
            return plans.planning_times(connection, sorted(run_ids))

    def newest_plan(self, output: str) -> datetime | None:
        """When the last plan of an output began whose books were opened; None if nobody wrote it down."""
        with self._db.reading() as connection:
            return plans.newest_plan(connection, output)

    def remade(self, attempts: Collection[tuple[Clip, Intent]]) -> set[str]:
        """The clips of these attempts that another clip, delivered or kept by a plan later, has taken the place of."""
        return remade.remade(self._db, attempts)

    def followed(self, attempts: Collection[tuple[Clip, Intent]]) -> dict[str, str]:
        """By clip of these attempts, the other one that was asked for in its place since, however that ended."""
        return remade.followed(self._db, attempts)

    def films(self, *, output: str | None = None, run_id: str | None = None) -> Iterator[StandingFilm]:
        """The films of an output, or those that a run planned first, streamed."""
        return read_films(self._db, output=output, run_id=run_id)

    def film_of_clips(self, clip_ids: Collection[str]) -> dict[str, str]:
        """The film that each of these clips is a scene of; others are left out."""
        return film_of_clips(self._db, clip_ids)

    def films_of_clips(self, clip_ids: Collection[str]) -> dict[str, StandingFilm]:
        """The same films, whole, by clip."""
        return films_of_clips(self._db, clip_ids)

    def edition_of(self, clip_id: str, edition: str) -> Edition | None:
        """What a film's video was stitched from; ``clip_id`` is one of its scenes. None if it has another by now."""
        return edition_of(self._db, clip_id, edition)

    def charges(self, *, run_id: str | None = None) -> Iterator[tuple[Clip, Charge]]:
        """Oldest first, streamed."""
        return reading.read_charges(self._db, run_id=run_id)

    def judged(self, *, run_id: str | None = None) -> Iterator[tuple[Clip, int, PaidVerdict]]:
        """Paid comparisons with the product's picture: clip, attempt and verdict, oldest first, streamed."""
        return read_verdicts(self._db, run_id=run_id)

    def verdicts_of(self, intent_id: str) -> tuple[PaidVerdict, ...]:
        """Every time that an attempt was compared with its product's picture."""
        return verdicts_of(self._db, intent_id)

    def totals(self, *, output: str | None = None, run_id: str | None = None) -> dict[State, StateTotal]:
        """Intents and USD by state; states without any are left out."""
        return reading.totals(self._db, output=output, run_id=run_id)

    def count_clips(self, *, output: str | None = None, run_id: str | None = None) -> int:
        """How many clips the intents are for; several attempts at one clip count once."""
        return reading.count_clips(self._db, output=output, run_id=run_id)

    def tally(
        self, dimension: Dimension, *, output: str | None = None, run_id: str | None = None
    ) -> Iterator[tuple[str, Group]]:
        """Attempts, ends and money by one thing they have in common, the dearest first, streamed."""
        return tally(self._db, dimension, output=output, run_id=run_id)

    def verdicts(self, *, output: str | None = None, run_id: str | None = None) -> dict[str, int]:
        """Inspected attempts by what inspection came to."""
        return verdicts(self._db, output=output, run_id=run_id)

    def decided(self, *, output: str | None = None, run_id: str | None = None) -> dict[str, int]:
        """Delivered attempts of an output or a run by what a person decided about them; ``undecided`` ones too."""
        return decided(self._db, output=output, run_id=run_id)

    def orphans(self, *, output: str | None = None) -> Iterator[tuple[Clip, Intent]]:
        """Paid videos that no clip's present result uses, streamed: what each cost, and where it lies."""
        return orphans(self._db, output=output)

    def leaving(self, *, output: str, keep: removing.Keep) -> Iterator[removing.Leaving]:
        """Paid videos of no use that were kept for as long as ``keep`` says, in days; streamed."""
        return removing.leaving(self._db, output=output, keep=keep)

    def unended_removals(self, *, output: str) -> Iterator[tuple[Clip, Intent]]:
        """Attempts whose removal was begun and not ended."""
        return removing.unended_removals(self._db, output=output)

    def removed(self, intent_ids: Collection[str]) -> set[str]:
        """Those of these attempts whose videos were removed, or are being removed."""
        return removing.removed(self._db, intent_ids)

    def removed_at(self, *, run_id: str) -> dict[str, datetime]:
        """When the removal of a run's attempts began, by intent; the others are there."""
        return removing.removed_at(self._db, run_id=run_id)

    def unfit(self, *, output: str | None = None) -> Iterator[tuple[Clip, Intent]]:
        """Clips that were delivered and found unfit by inspection, streamed."""
        return unfit(self._db, output=output)

    def budget(self, scope: BudgetScope, key: str) -> Budget:
        """Promised and paid in a run (its id), a UTC day (``2026-07-01``) or month (``2026-07``)."""
        return budgets.budget(self._db, scope, key)

    def deliveries(self, *, statuses: Collection[DeliveryStatus], limit: int | None = None) -> list[Delivery]:
        """What is to be told, or was: dead letters first, then the longest waiting."""
        return list_deliveries(self._db, statuses=statuses, limit=limit)

    def count_deliveries(self) -> dict[DeliveryStatus, int]:
        """How many there are of each status."""
        return count_deliveries(self._db)

    def reviews(self, *, run_id: str | None = None, intent_id: str | None = None) -> list[Review]:
        """Every decision that people made about clips, and took back, the oldest first."""
        return read_reviews(self._db, run_id=run_id, intent_id=intent_id)

    def decisions(self, run_id: str) -> dict[str, Review]:
        """The decision that counts for each clip of a run about which people decided, by intent."""
        return standing(read_reviews(self._db, run_id=run_id))

    def decisions_of(self, intent_ids: Collection[str]) -> dict[str, Review]:
        """The decision that counts for each of these intents; those without one are left out."""
        return decisions_of(self._db, intent_ids)

    def present(self, caps: Caps) -> Present:
        """How it stands now; ``caps`` count as long as no run has brought its own."""
        return present(self._db, caps)

    def counts(self, bounds: tuple[float, ...]) -> Counts:
        """Totals that only rise, to be read again and again; ``bounds`` of generation times in seconds."""
        return Counts(self._db, bounds)

    def audit(self) -> list[str]:
        """Every contradiction in the books as a sentence; empty when they are clean."""
        return audit(self._db)
