"""The ledger: one object, one database, every method one durable transaction.

Threads may share a Ledger; so may processes and machines share its database. All methods may raise
TryLater (the database does not answer; nothing was done, or the same call shows that it was) and FixAccess.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from reelmill.clip import Clip
from reelmill.ledger import (
    adopting,
    authorising,
    judging,
    life,
    products,
    quota,
    reading,
    recovering,
    remade,
    runs,
    sending,
    settling,
)
from reelmill.ledger.after_delivery import AfterDelivery
from reelmill.ledger.backup import open_existing
from reelmill.ledger.database import Clock, Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.migrate import migrate, refuse_missing, require_head
from reelmill.ledger.records import (
    Caps,
    Intent,
    KnownProduct,
    Run,
    RunStatus,
    Settlement,
    Softening,
    Standing,
)
from reelmill.ledger.states import State
from reelmill.ledger.verdicts import AskedVerdict, PaidVerdict
from reelmill.product import Reject

__all__ = ["Ledger"]


class Ledger(AfterDelivery):
    """The truth about money: what was promised, what was sent, what was paid."""

    @classmethod
    def open(cls, url: str, *, clock: Clock | None = None) -> Self:
        """Open the ledger at a ``sqlite:///`` or ``postgresql://`` URL, making and upgrading it as needed.

        Without a clock, time is the server's own on PostgreSQL and the process's on SQLite.
        Raises FixConfiguration (bad URL, newer schema), FixAccess, TryLater.
        """
        return cls._opened(Database(parse_url(url), clock), migrate)

    @classmethod
    def open_existing(cls, url: str) -> Self:
        """The same for whoever needs what an earlier run wrote: raises FixConfiguration where there is no ledger."""
        return cls(open_existing(url))

    @classmethod
    def open_as_it_is(cls, url: str) -> Self:
        """Open a ledger without making or upgrading it. Raises FixConfiguration if it is not there as it should be."""
        parsed = parse_url(url)
        refuse_missing(parsed)
        return cls._opened(Database(parsed), require_head)

    @classmethod
    def _opened(cls, database: Database, prepare: Callable[[Database], None]) -> Self:
        try:
            prepare(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Give back the connections."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Runs

    def start_run(self, run: Run) -> None:
        """Record a run as running; starting it again resumes it. FixConfiguration if its output differs."""
        runs.start_run(self._db, run)

    def plan_run(self, run_id: str, *, counts: Mapping[str, int], planned_usd: Decimal) -> None:
        """Keep what the plan would do, and cost in USD."""
        runs.plan_run(self._db, run_id, counts=counts, planned_usd=planned_usd)

    def keep_planned(self, output: str, clip_ids: Iterable[str], *, planned_at: datetime | None = None) -> None:
        """Note that a plan for this output wants these clips: what was delivered there of them is current again."""
        remade.keep_planned(self._db, output, clip_ids, planned_at=planned_at)

    def finish_run(self, run_id: str, status: RunStatus) -> None:
        """Record how the run ended."""
        runs.finish_run(self._db, run_id, status)

    def run(self, run_id: str) -> Run | None:
        """One run with what it spent and still reserves."""
        return runs.read_run(self._db, run_id)

    def runs(self, *, output: str | None = None, limit: int = 50) -> list[Run]:
        """Newest first."""
        return runs.list_runs(self._db, output=output, limit=limit)

    def show_life(self, run_id: str) -> None:
        """Record that the process of a run still lives."""
        life.show_life(self._db, run_id)

    def unfinished_runs(self, *, output: str) -> list[life.UnfinishedRun]:
        """The runs that say they go on, with their signs of life."""
        return life.unfinished_runs(self._db, output=output)

    def add_rejects(self, run_id: str, rejects: Iterable[Reject]) -> None:
        """Keep feed rows that cannot be made; the same one is kept once per run."""
        runs.add_rejects(self._db, run_id, rejects)

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """By file and row, streamed."""
        return runs.read_rejects(self._db, run_id)

    # What planning asks; it never writes

    def standings(self, clip_ids: Collection[str]) -> dict[str, Standing]:
        """The latest attempt of each clip that has one."""
        return reading.standings(self._db, clip_ids)

    def known_products(self, catalog: str, skus: Collection[str]) -> dict[str, KnownProduct]:
        """What is remembered of these SKUs, retired ones too."""
        return products.known_products(self._db, catalog, skus)

    def all_known_skus(self, catalog: str) -> Iterator[str]:
        """Every SKU not retired, streamed."""
        return products.all_known_skus(self._db, catalog)

    def count_known(self, catalog: str) -> int:
        """How many SKUs are known and not retired."""
        return products.count_known(self._db, catalog)

    def remember_products(self, catalog: str, known: Iterable[KnownProduct], run_id: str) -> None:
        """Keep or replace what is known, in chunks; what a run that was planned later says stays."""
        products.remember_products(self._db, catalog, known, run_id)

    def retire_products(self, catalog: str, skus: Iterable[str], run_id: str) -> None:
        """Mark SKUs that vanished from the feed, unless a run that was planned later knows better."""
        products.retire_products(self._db, catalog, skus, run_id)

    # Money

    def authorise(
        self,
        clip: Clip,
        *,
        run_id: str,
        output: str,
        output_prefix_for: Callable[[str, int], str],
        owner: str,
        lease_s: float,
        caps: Caps,
        again: bool = False,
        again_unclear: bool = False,
        after: str | None = None,
        softening: Softening | None = None,
        retries: int = 0,
        remake: bool = False,
        remakes: int = 0,
        draft: bool = False,
        sent_video: str | None = None,
    ) -> Intent:
        """Promise the clip's highest cost once: reserved under every cap, with its own output prefix.

        ``again`` permits another attempt after an end, ``again_unclear`` after LOST or EXPIRED; an open one
        is never doubled. Both hold only while ``after`` (the intent they were decided on) is the latest.
        ``softening`` retries a filtered ``after`` in other words, at most ``retries`` times in a row.
        ``remake`` makes an unfit ``after`` anew whose findings ask for it, at most ``remakes`` times in a row.
        A ``draft`` is marked as one for good. ``sent_video`` is the video of the clip that this one continues.
        Raises RaiseCap, LookFirst, ChooseAnotherModel (no price), FixConfiguration (no run).
        """
        return authorising.authorise(
            self._db,
            clip,
            run_id=run_id,
            output=output,
            output_prefix_for=output_prefix_for,
            owner=owner,
            lease_s=lease_s,
            caps=caps,
            permission=authorising.Permission(
                again=again,
                unclear=again_unclear,
                after=after,
                softening=softening,
                retries=retries,
                remake=remake,
                remakes=remakes,
            ),
            draft=draft,
            sent_video=sent_video,
        )

    def mark_sending(self, intent_id: str, *, owner: str, lease_s: float) -> Intent | None:
        """AUTHORISED → SENDING, durable before the POST. None: somebody else holds it, do not send."""
        return sending.mark_sending(self._db, intent_id, owner=owner, lease_s=lease_s)

    def accepted(self, intent_id: str, operation: str) -> bool:
        """SENDING, UNKNOWN or LOST → SUBMITTED. True if it is submitted under this operation now."""
        return sending.accepted(self._db, intent_id, operation)

    def refused(
        self,
        intent_id: str,
        *,
        code: str,
        message: str,
        final: bool,
        filter_causes: Sequence[str] = (),
        owner: str | None = None,
        refusals: int | None = None,
    ) -> State:
        """A definite refusal: SENDING → AUTHORISED, or FAILED if final; UNKNOWN, LOST → RELEASED. The state after it.

        A final one that a safety filter gave, for ``filter_causes``, makes it FILTERED instead of FAILED.
        With ``owner``, also AUTHORISED → FAILED (if final and it is the owner's), for what cannot even be sent.
        ``refusals`` is how many the intent had when it was marked SENDING: the answer to an earlier mark, written
        once more, changes nothing.
        """
        return sending.refused(
            self._db,
            intent_id,
            code=code,
            message=message,
            final=final,
            filter_causes=filter_causes,
            owner=owner,
            refusals=refusals,
        )

    def unclear(self, intent_id: str, reason: str) -> bool:
        """SENDING → UNKNOWN: settled by looking."""
        return sending.unclear(self._db, intent_id, reason)

    def release(self, intent_id: str, *, owner: str) -> bool:
        """AUTHORISED → RELEASED: never sent, nothing reserved any more."""
        return sending.release(self._db, intent_id, owner=owner)

    def settle(self, intent_id: str, settlement: Settlement) -> bool:
        """The end, and the charge for what came back. False if it had ended before; LookFirst if it cannot end so."""
        return settling.settle(self._db, intent_id, settlement)

    def lost(self, intent_id: str) -> bool:
        """UNKNOWN → LOST; its reservation stays."""
        return settling.lost(self._db, intent_id)

    def expired(self, intent_id: str, message: str) -> bool:
        """SUBMITTED → EXPIRED; its reservation stays."""
        return settling.expired(self._db, intent_id, message)

    # Comparing a clip with its product's picture

    def ask_verdict(self, intent_id: str, asked: AskedVerdict, *, caps: Caps, at_most: int) -> PaidVerdict:
        """Spend the most that a question can cost, before it is asked. Raises RaiseCap, VerdictsUsedUp."""
        return judging.ask_verdict(self._db, intent_id, asked, caps=caps, at_most=at_most)

    def answer_verdict(
        self,
        verdict: PaidVerdict,
        *,
        input_tokens: int,
        output_tokens: int,
        answer: Mapping[str, Any] | None,
        error: str = "",
    ) -> PaidVerdict:
        """ASKED → ANSWERED: charged by its tokens. ``answer`` is None, with an ``error``, if it is of no use."""
        return judging.answer_verdict(
            self._db, verdict, input_tokens=input_tokens, output_tokens=output_tokens, answer=answer, error=error
        )

    def close_verdict(self, verdict: PaidVerdict, *, refused: bool, error: str) -> PaidVerdict:
        """ASKED → REFUSED, nothing charged; or → UNCLEAR, which stays charged at its most."""
        return judging.close_verdict(self._db, verdict, refused=refused, error=error)

    def adopt(
        self,
        *,
        owner: str,
        lease_s: float,
        is_gone: Callable[[str], bool],
        output: str | None = None,
        run_id: str | None = None,
        limit: int = 1000,
    ) -> list[Intent]:
        """Take over open intents whose lease lapsed or whose owner is gone; SENDING ones become UNKNOWN."""
        return adopting.adopt(
            self._db, owner=owner, lease_s=lease_s, is_gone=is_gone, output=output, run_id=run_id, limit=limit
        )

    def renew(self, intent_ids: Collection[str], *, owner: str, lease_s: float) -> int:
        """Prolong the leases that ``owner`` still holds; returns how many."""
        return adopting.renew(self._db, intent_ids, owner=owner, lease_s=lease_s)

    # What records outside the ledger know

    def recover(self, found: Sequence[recovering.PaidClip], *, dry_run: bool = False) -> list[recovering.Recovery]:
        """Add what was paid and is missing here, all or nothing; what the ledger knows stays as it is."""
        return recovering.recover(self._db, found, dry_run=dry_run)

    def recover_verdicts(self, intent_id: str, found: Iterable[PaidVerdict]) -> None:
        """Add verdicts that an unsettled intent is missing here."""
        judging.recover_verdicts(self._db, intent_id, found)

    def prefixes_accounted(self, prefixes: Collection[str]) -> set[str]:
        """Those of these output prefixes whose intent is open or paid here."""
        return recovering.prefixes_accounted(self._db, prefixes)

    def price_of_video(self, clip_id_start: str) -> Decimal | None:
        """USD for one video of the only clip whose id starts so; None if that is no single clip."""
        return recovering.price_of_video(self._db, clip_id_start)

    # Quota

    def next_slot(self, key: str, per_minute: float) -> float:
        """Reserve the next moment to send; returns the seconds to wait for it."""
        return quota.next_slot(self._db, key, per_minute)

    def throttle(self, key: str, *, first_s: float, max_s: float) -> float:
        """A 429: hold everyone back, doubling while they repeat; returns the seconds."""
        return quota.throttle(self._db, key, first_s=first_s, max_s=max_s)

    def unthrottle(self, key: str) -> None:
        """An accepted submit: the next penalty starts small again."""
        quota.unthrottle(self._db, key)

    def blocked_for(self, key: str) -> float:
        """Seconds the present penalty still lasts; ask again before sending in a slot taken earlier."""
        return quota.blocked_for(self._db, key)
