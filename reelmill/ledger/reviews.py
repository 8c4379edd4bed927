"""What people decided about delivered clips: rows that are only added, of which the newest counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, insert, select

from reelmill.ledger.database import Database
from reelmill.ledger.listed import chunks, one_of
from reelmill.ledger.records import Decision, Review, ReviewedVia
from reelmill.ledger.schema import intents, removals, reviews
from reelmill.ledger.states import State

__all__ = ["AskedReview", "Recorded", "decisions_in", "decisions_of", "read_reviews", "record", "standing"]

_CHUNK = 1000
_STEP = timedelta(microseconds=1)
_NEEDS_VIDEO = (Decision.APPROVE, Decision.UNDO)
_r = reviews.c


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedReview:
    """A decision to be recorded. Without ``decided_at`` it is made now, after all others about the same intent.

    One that ``undoes`` another is refused if somebody has decided after that one.
    """

    review_id: str
    intent_id: str
    decision: Decision
    reviewer: str
    via: ReviewedVia
    reason: str = ""
    decided_at: datetime | None = None
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one that was asked: the row, and whether it is new; or the ``problem`` that kept it out.

    ``before`` a new one, that was the newest row about the intent.
    """

    review: Review | None = None
    new: bool = False
    before: Review | None = None
    problem: str = ""


def record(database: Database, asked: Sequence[AskedReview], *, run_id: str | None = None) -> list[Recorded]:
    """Keep these decisions, in one transaction; one outcome for each, in order. A known ``review_id`` adds nothing.

    Only delivered clips can be decided about, with ``run_id`` only those of this run; one that retention removed can no
    more be approved, nor be undecided again. A time in the future is now.
    """
    done: list[Recorded] = []
    with database.writing() as connection:
        now = database.now(connection)
        for chunk in chunks(asked, _CHUNK):
            done += _record_chunk(connection, chunk, now, run_id)
    return done


def _record_chunk(
    connection: Connection, asked: Sequence[AskedReview], now: datetime, run_id: str | None
) -> list[Recorded]:
    wanted = one_of(connection, intents.c.intent_id, {one.intent_id for one in asked})
    # The rows of the intents are locked where a database locks rows: two reviewers come one after the other.
    found = select(intents.c.intent_id, intents.c.run_id, intents.c.state).where(wanted).order_by(intents.c.intent_id)
    states = {
        row.intent_id: State(row.state)
        for row in connection.execute(found.with_for_update())
        if run_id is None or row.run_id == run_id
    }
    removed = select(removals.c.intent_id).where(one_of(connection, removals.c.intent_id, states))
    gone = set(connection.execute(removed).scalars())
    listed = one_of(connection, _r.review_id, {one.review_id for one in asked})
    there = {one.review_id: one for one in _reviews(connection, select(reviews).where(listed))}
    latest = {one.intent_id: one for one in _newest(connection, states)}
    done = []
    for one in asked:
        outcome = _known_or_refused(one, states.get(one.intent_id), there.get(one.review_id))
        if outcome is None and one.intent_id in gone and one.decision in _NEEDS_VIDEO:
            outcome = Recorded(problem="Its video was removed by retention; redrive makes another, at its price.")
        before = latest.get(one.intent_id)
        if outcome is None and one.undoes and before is not None and before.review_id != one.undoes:
            said = f"{before.reviewer} has decided since: {before.decision}."
            outcome = Recorded(problem=f"{said} Load the page again to see it.")
        if outcome is None:
            review = _review(one, _moment(one, now, before))
            if before is None or review.decided_at >= before.decided_at:
                latest[one.intent_id] = review
            there[one.review_id] = review
            outcome = Recorded(review, new=True, before=before)
        done.append(outcome)
    if rows := [_values(outcome.review) for outcome in done if outcome.new and outcome.review is not None]:
        connection.execute(insert(reviews), rows)
    return done


def _known_or_refused(asked: AskedReview, state: State | None, there: Review | None) -> Recorded | None:
    """Why nothing new is to be kept; None if something is."""
    if state is None:
        return Recorded(problem=f"{asked.intent_id[:64]!r} is no clip of this run.")
    if not state.delivered:
        return Recorded(problem=f"The clip is {state.value}: there is no video to decide about.")
    if there is None:
        return None
    if (there.intent_id, there.decision) == (asked.intent_id, asked.decision):
        return Recorded(there)
    return Recorded(problem=f"The id {asked.review_id[:64]!r} belongs to another decision.")


def _review(asked: AskedReview, decided_at: datetime) -> Review:
    return Review(
        review_id=asked.review_id,
        intent_id=asked.intent_id,
        decision=asked.decision,
        reason=asked.reason,
        reviewer=asked.reviewer,
        decided_at=decided_at,
        via=asked.via,
    )


def _moment(asked: AskedReview, now: datetime, latest: Review | None) -> datetime:
    """A decision made now comes after all others, even where the clock stands still; one from a file when it was."""
    if asked.decided_at is not None:
        return min(asked.decided_at, now)
    return now if latest is None or latest.decided_at < now else latest.decided_at + _STEP


def read_reviews(database: Database, *, run_id: str | None = None, intent_id: str | None = None) -> list[Review]:
    """Every row, the oldest decision first."""
    query = select(reviews).join(intents, intents.c.intent_id == _r.intent_id)
    if run_id is not None:
        query = query.where(intents.c.run_id == run_id)
    if intent_id is not None:
        query = query.where(_r.intent_id == intent_id)
    with database.reading() as connection:
        return list(_reviews(connection, query.order_by(_r.decided_at, _r.review_id)))


def decisions_of(database: Database, intent_ids: Collection[str]) -> dict[str, Review]:
    """What counts for each of these intents; those about which nothing is decided are left out."""
    found: dict[str, Review] = {}
    for chunk in chunks(intent_ids, _CHUNK):
        with database.reading() as connection:
            found |= decisions_in(connection, chunk)
    return found


def decisions_in(connection: Connection, intent_ids: Collection[str]) -> dict[str, Review]:
    """The same inside a transaction, for one chunk."""
    return standing(_newest(connection, intent_ids))


def standing(rows: Iterable[Review]) -> dict[str, Review]:
    """Of rows in their order, what counts for each intent; what was taken back does not."""
    newest = {review.intent_id: review for review in rows}
    return {intent_id: review for intent_id, review in newest.items() if review.decision is not Decision.UNDO}


def _newest(connection: Connection, intent_ids: Collection[str]) -> Iterable[Review]:
    query = select(reviews).where(one_of(connection, _r.intent_id, intent_ids)).order_by(_r.decided_at, _r.review_id)
    return {review.intent_id: review for review in _reviews(connection, query)}.values()


def _reviews(connection: Connection, query: Select[tuple[object, ...]]) -> Iterator[Review]:
    return (Review(**row._mapping) for row in connection.execute(query))  # noqa: SLF001 - SQLAlchemy's public name


def _values(review: Review) -> dict[str, object]:
    return {column.name: getattr(review, column.name) for column in reviews.c}
