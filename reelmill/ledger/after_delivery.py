"""What the ledger keeps beside the money: looks at clips, decisions, films, what left, what is told, what landed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from reelmill.clip import Clip
from reelmill.film import Film
from reelmill.ledger import deliveries, films, inspecting, landings, publications, removing, reviews
from reelmill.ledger.publications import Publication
from reelmill.ledger.reader import Reader
from reelmill.ledger.records import Delivery, Intent

__all__ = ["AfterDelivery"]


class AfterDelivery(Reader):
    """The part of :class:`~reelmill.ledger.ledger.Ledger` that changes no money."""

    # What is looked at after it was paid

    def take_unseen(
        self,
        *,
        owner: str,
        lease_s: float,
        output: str,
        run_id: str | None = None,
        limit: int,
        after: Intent | None = None,
    ) -> list[tuple[Clip, Intent]]:
        """Delivered clips that nobody has looked at become ``owner``'s to look at, until the lease lapses.

        With ``after`` only those that were authorised after it.
        """
        return inspecting.take_unseen(
            self._db, owner=owner, lease_s=lease_s, output=output, run_id=run_id, limit=limit, after=after
        )

    def count_unseen(self, *, output: str, run_id: str | None = None) -> int:
        """How many delivered clips nobody has looked at, whoever holds them."""
        return inspecting.count_unseen(self._db, output=output, run_id=run_id)

    def keep_looking(self, intent_ids: Collection[str], *, owner: str, lease_s: float) -> None:
        """Prolong the leases of unseen clips that ``owner`` still holds."""
        inspecting.keep_looking(self._db, intent_ids, owner=owner, lease_s=lease_s)

    def record_inspection(self, intent_id: str, found: inspecting.Inspected) -> bool:
        """Keep what looking at a delivered clip found. False if it was looked at before."""
        return inspecting.record_inspection(self._db, intent_id, found)

    # What people decide

    def review(self, asked: Sequence[reviews.AskedReview], *, run_id: str | None = None) -> list[reviews.Recorded]:
        """Keep decisions about delivered clips, all in one transaction; what became of each, in order."""
        return reviews.record(self._db, asked, run_id=run_id)

    # What is stitched of it

    def plan_films(self, run_id: str, output: str, planned: Iterable[Film]) -> None:
        """Write down the films that a plan asks for; those that are known keep their videos."""
        films.plan_films(self._db, run_id, output, planned)

    def keep_stitched(self, film_id: str, stitched: films.Stitched) -> bool:
        """Keep a film's video; False if that edition is kept already."""
        return films.keep_stitched(self._db, film_id, stitched)

    # What leaves

    def begin_removals(self, chosen: Collection[Intent], *, keep: removing.Keep) -> set[str]:
        """Write down what will be removed, before the first object goes; the ids of those that may."""
        return removing.begin_removals(self._db, chosen, keep=keep)

    def end_removal(self, intent_id: str) -> None:
        """Nothing but its record is left."""
        removing.end_removal(self._db, intent_id)

    # What was published

    def remember_publication(self, publication: Publication) -> None:
        """Keep a receipt for good."""
        publications.remember_publication(self._db, publication)

    # What is to be told, and what has landed

    def take_due(self, *, holder: str, lease_s: float, limit: int) -> list[Delivery]:
        """Deliveries that are due become ``holder``'s to send until the lease lapses; one more try of each."""
        return deliveries.take_due(self._db, holder=holder, lease_s=lease_s, limit=limit)

    def delivered(self, delivery_id: str) -> None:
        """The receiver has it."""
        deliveries.delivered(self._db, delivery_id)

    def put_off(self, delivery_id: str, *, holder: str, pause_s: float, error: str) -> bool:
        """A try failed; due again after ``pause_s`` seconds."""
        return deliveries.put_off(self._db, delivery_id, holder=holder, pause_s=pause_s, error=error)

    def give_back_delivery(self, delivery_id: str, *, holder: str) -> bool:
        """A try was cut short and does not count; due again now."""
        return deliveries.give_back(self._db, delivery_id, holder=holder)

    def bury(self, delivery_id: str, *, holder: str, error: str) -> bool:
        """A dead letter from now on."""
        return deliveries.bury(self._db, delivery_id, holder=holder, error=error)

    def hold_back(self, seconds: float) -> None:
        """No delivery is taken before so many seconds have passed, also of what ends meanwhile."""
        deliveries.hold_back(self._db, seconds)

    def redrive_deliveries(self, delivery_ids: Collection[str] | None = None) -> int:
        """Dead letters (those named, or all) are due again; how many."""
        return deliveries.redrive(self._db, delivery_ids)

    def saw_feed(self, feed: str, version: str) -> landings.Sighting:
        """Keep what a sensor saw; LANDED once per version that stayed the same for two looks."""
        return landings.saw_feed(self._db, feed, version)
