"""What needs a person, clip by clip, grouped by what to do next."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

from reelmill.clip import Clip
from reelmill.jobs.refusing import vanished_skus
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Intent
from reelmill.ledger.states import PICTURE_REFUSED, State
from reelmill.production.owner import is_gone

__all__ = ["Attention", "Group", "Step", "current", "find_attention", "unfit_clips"]

_CHUNK = 1000
_ZERO = Decimal(0)
_OPEN = [state for state in State if state.open]
_ENDED = [State.LOST, State.EXPIRED, State.PARTIAL, State.FILTERED, State.FAILED, State.RELEASED]
_SAME_FAILS_AGAIN = ("rpc_3", "rpc_5", "http_400", "http_404", PICTURE_REFUSED)


class Step(StrEnum):
    """What a person does next about a clip; in this order, because looking is free and may answer the rest."""

    SETTLE = "settle"  # look how it ended
    DECIDE = "decide"  # it may have been paid: only a person may pay again
    WATCH = "watch"  # it may have been paid, and would not be paid again: only looking is left
    REDRIVE = "redrive"  # the same request may pass now
    CHANGE = "change"  # the same request fails again: change prompt or picture
    REVIEW = "review"  # delivered, but not whole, or unfit


@dataclass(slots=True)
class Group:
    """Clips with something in common: how many, their money in USD, and the first of them."""

    keeps: int
    count: int = 0
    charged_usd: Decimal = _ZERO
    reserved_usd: Decimal = _ZERO
    clips: list[tuple[Clip, Intent]] = field(default_factory=list)

    def add(self, clip: Clip, intent: Intent) -> None:
        """Count one; keep it if there is room."""
        self.count += 1
        self.charged_usd += intent.charged_usd
        self.reserved_usd += intent.reserved_usd
        if len(self.clips) < self.keeps:
            self.clips.append((clip, intent))


@dataclass(slots=True)
class Attention:
    """Everything of an output that a person should know of.

    ``steps`` has every clip that was not delivered whole, by what to do next; ``unfit`` those that were and that
    inspection failed; ``orphans`` paid videos that no clip uses.
    """

    keeps: int
    steps: dict[Step, Group] = field(default_factory=dict)
    unfit: Group = field(init=False)
    orphans: Group = field(init=False)

    def __post_init__(self) -> None:
        self.unfit, self.orphans = Group(self.keeps), Group(self.keeps)

    @property
    def waiting(self) -> int:
        """How many clips need a person. Orphans need nothing: they only cost."""
        return sum(group.count for group in self.steps.values()) + self.unfit.count

    def add(self, clip: Clip, intent: Intent, step: Step) -> None:
        """Count a clip that was not delivered whole."""
        self.steps.setdefault(step, Group(self.keeps)).add(clip, intent)


def find_attention(
    ledger: Ledger,
    output: str,
    *,
    catalog: str,
    rehearsal: bool,
    keeps: int,
    only: Collection[str] = (),
    states: Collection[State] = (),
) -> Attention:
    """What needs a person in an output; the first ``keeps`` of each kind are kept, all are counted.

    Only the latest attempt at a clip counts. A clip that a changed one has taken the place of, or one without a video
    if a changed one was asked for since, counts only while it holds a reservation: it is not to be made again. So do
    one of a rehearsal unless this is one (``rehearsal``), and the other way round, and one whose product is known in
    ``catalog`` to have vanished. ``only`` limits it to these SKUs, ``states`` to clips that stand so.
    """

    def wanted(attempts: Iterable[tuple[Clip, Intent]]) -> Iterator[tuple[Clip, Intent]]:
        for clip, intent in attempts:
            if (not only or clip.sku in only) and (not states or intent.state in states):
                yield clip, intent

    found = Attention(keeps)
    for clip, intent in wanted(ledger.intents(states=_OPEN, output=output, latest=True)):
        if intent.state is State.UNKNOWN or _unattended(intent):
            found.add(clip, intent, Step.SETTLE)
    ended = wanted(ledger.intents(states=_ENDED, output=output, latest=True))
    for clip, intent, step in _ended(ledger, ended, catalog=catalog, rehearsal=rehearsal):
        found.add(clip, intent, step)
    for clip, intent in _unfit(ledger, wanted(ledger.unfit(output=output)), catalog=catalog, rehearsal=rehearsal):
        found.unfit.add(clip, intent)
    for clip, intent in wanted(ledger.orphans(output=output)):
        found.orphans.add(clip, intent)
    return found


def unfit_clips(ledger: Ledger, output: str, *, run_id: str | None = None, keeps: int) -> Group:
    """The clips of an output (or of one of its runs) that were delivered and found unfit, and are still wanted."""
    found = Group(keeps)
    for clip, intent in current(ledger, ledger.unfit(output=output)):
        if run_id is None or intent.run_id == run_id:
            found.add(clip, intent)
    return found


def _unattended(intent: Intent) -> bool:
    return intent.lease_until < datetime.now(UTC) or is_gone(intent.owner)


def current(ledger: Ledger, attempts: Iterator[tuple[Clip, Intent]]) -> Iterator[tuple[Clip, Intent]]:
    """Those attempts whose clip is still wanted: no changed clip has taken its place, or money is still held."""
    for chunk in chunks(attempts, _CHUNK):
        replaced: Collection[str] = ledger.remade(chunk)
        yield from (
            (clip, intent) for clip, intent in chunk if intent.state.may_be_paid or clip.clip_id not in replaced
        )


def _ended(
    ledger: Ledger, attempts: Iterator[tuple[Clip, Intent]], *, catalog: str, rehearsal: bool
) -> Iterator[tuple[Clip, Intent, Step]]:
    """Those that need a person, each with what to do about it; what is unfit is told apart from them."""
    listed = ((clip, intent) for clip, intent in attempts if not _is_unfit(intent) and not _is_new(intent))
    for chunk in chunks(listed, _CHUNK):
        old = _outdated(ledger, chunk) | _vanished(ledger, chunk, catalog)
        for clip, intent in chunk:
            if clip.rehearsed is rehearsal and clip.clip_id not in old:
                yield clip, intent, _step(intent)
            elif intent.state.may_be_paid:
                yield clip, intent, Step.WATCH


def _unfit(
    ledger: Ledger, attempts: Iterator[tuple[Clip, Intent]], *, catalog: str, rehearsal: bool
) -> Iterator[tuple[Clip, Intent]]:
    """Those of unfit videos that may be made again here."""
    for chunk in chunks(current(ledger, attempts), _CHUNK):
        gone = _vanished(ledger, chunk, catalog)
        yield from (one for one in chunk if one[0].rehearsed is rehearsal and one[0].clip_id not in gone)


def _outdated(ledger: Ledger, attempts: Sequence[tuple[Clip, Intent]]) -> set[str]:
    """The clips that changed since: another was delivered in the place of a video, or asked for where there is none."""
    delivered = [(clip, intent) for clip, intent in attempts if intent.state.delivered]
    without = [(clip, intent) for clip, intent in attempts if not intent.state.delivered]
    return ledger.remade(delivered) | ledger.followed(without).keys()


def _vanished(ledger: Ledger, attempts: Sequence[tuple[Clip, Intent]], catalog: str) -> set[str]:
    """The clips of products that vanished from the feed."""
    gone = vanished_skus(ledger, catalog, (clip for clip, _ in attempts))
    return {clip.clip_id for clip, _ in attempts if clip.sku in gone}


def _is_unfit(intent: Intent) -> bool:
    return intent.state.delivered and intent.unfit


def _is_new(intent: Intent) -> bool:
    """Never sent, and not filtered before: the next run makes it like any other."""
    return intent.state is State.RELEASED and not (intent.softening or intent.remake)


def _step(intent: Intent) -> Step:
    if intent.state.needs_person:
        return Step.DECIDE
    if intent.state.delivered:
        return Step.REVIEW
    if intent.state in (State.FILTERED, State.RELEASED) or intent.error_code in _SAME_FAILS_AGAIN:
        return Step.CHANGE
    return Step.REDRIVE
