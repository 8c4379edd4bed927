"""Rebuilding the ledger's charges from the bucket's own records, when the database is gone or older than they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal

from reelmill.errors import FixConfiguration, LookFirst, ReelmillError
from reelmill.jobs.recovering_decisions import recover_decisions
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import ZERO, Intent
from reelmill.ledger.recovering import Recovery
from reelmill.ledger.states import State
from reelmill.production.provenance import NAME, Provenance
from reelmill.production.provenance_reading import MAX_BYTES, read_provenance
from reelmill.storage.names import is_name
from reelmill.storage.port import Storage, StoredObject

__all__ = ["Problem", "Rebuilt", "UnrecordedVideos", "rebuild"]

_PREFIX_PARTS = 4  # clips / SKU / ratio / attempt
_AT_ONCE = 200  # prefixes of one transaction
_READERS = 16
_NAMES_OPERATION = frozenset({State.SENDING, State.UNKNOWN, State.LOST})


@dataclass(frozen=True, slots=True)
class Problem:
    """A record that was not believed, or that contradicts the ledger; the others went on."""

    name: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrecordedVideos:
    """Videos that neither a record nor the ledger accounts for. They were probably paid.

    ``estimated_usd`` is what they cost if each was billed at the price of the clip that their prefix names;
    None if that clip is not known either.
    """

    prefix: str
    videos: int
    bytes: int
    estimated_usd: Decimal | None


@dataclass(slots=True)
class Rebuilt:
    """What was found below one output, and what became of it. Amounts in USD."""

    output: str
    dry_run: bool
    records: int = 0
    counts: Counter[str] = field(default_factory=Counter)  # added, renumbered, settled, known, doubted, decisions
    added_usd: Decimal = ZERO
    settled_usd: Decimal = ZERO
    problems: list[Problem] = field(default_factory=list)
    unrecorded: list[UnrecordedVideos] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nobody needs to look at anything."""
        return not (self.problems or self.unrecorded or self.differences)


@dataclass(slots=True)
class _Place:
    """What lies at one output prefix."""

    prefix: str
    record: StoredObject | None = None
    videos: int = 0
    size: int = 0


def rebuild(ledger: Ledger, storage: Storage, *, dry_run: bool = False) -> Rebuilt:
    """Add to the ledger every paid clip that the records below an output know and it does not, and what was decided.

    What the ledger holds open, lost or expired is settled by its record; what it holds as paid or ended stays as it
    is, and a contradiction is a problem to look at. Running it again changes nothing. Never pays, never sends.
    """
    done = Rebuilt(storage.root, dry_run)
    with ThreadPoolExecutor(_READERS) as readers:
        for chunk in chunks(_places(storage, done), _AT_ONCE):
            read = readers.map(lambda place: _read(storage, place), chunk)
            believed = list(_believed(read, done))
            _account(ledger, believed, done)
            whole = {record.intent.output_prefix for record in believed}
            rest = [place for place in chunk if place.videos and place.prefix not in whole]
            _doubt_unsent(ledger, rest, done)
            _list_unrecorded(ledger, rest, done)
    for found in recover_decisions(ledger, storage, dry_run=dry_run):
        if found.added:
            done.counts["decisions"] += found.added
        if found.problem:
            done.problems.append(Problem(found.name, f"{found.name}: {found.problem}", "Look at it, or put it away."))
    if not (done.records or done.unrecorded or done.problems) and _is_missed(ledger, storage):
        remedy = "Check the output: it may be misspelt, or its disk not mounted."
        done.problems.append(Problem(storage.root, f"Nothing lies below {storage.root}.", remedy))
    done.differences = ledger.audit()
    return done


def _is_missed(ledger: Ledger, storage: Storage) -> bool:
    """Whether nothing at all lies there, although the ledger does not know that nothing was paid for it."""
    charged = any(total.charged_usd for total in ledger.totals(output=storage.root).values())
    return (charged or storage.root not in ledger.outputs()) and not any(True for _ in storage.list(""))


def _places(storage: Storage, done: Rebuilt) -> Iterable[_Place]:
    """Records and videos below ``clips/``, by output prefix."""
    places: dict[str, _Place] = {}
    for stored in storage.list("clips/"):
        if not is_name(stored.name):  # it could be neither read nor kept
            done.problems.append(Problem(repr(stored.name), "Nothing of ours has such a name.", "Put it away."))
            continue
        parts = stored.name.split("/")
        is_record = parts[-1] == NAME
        if is_record and len(parts) != _PREFIX_PARTS + 1:
            done.problems.append(Problem(stored.name, "This record lies where no clip does.", "Put it away."))
            continue
        if not is_record and not (parts[-1].startswith("sample_") and parts[-1].endswith(".mp4")):
            continue
        prefix = "/".join(parts[:_PREFIX_PARTS])
        place = places.setdefault(prefix, _Place(prefix))
        if is_record:
            place.record = stored
        else:
            place.videos += 1
            place.size += stored.size
    return places.values()


def _read(storage: Storage, place: _Place) -> Provenance | Problem | None:
    if place.record is None:
        return None
    name = place.record.name
    if place.record.size > MAX_BYTES:
        return Problem(name, f"{name} has {place.record.size} bytes: it is no record of ours.", "Put it away.")
    try:
        return read_provenance(storage.read(name), name, storage)
    except FileNotFoundError:
        return Problem(name, f"{name} vanished while it was read.", "Run the same command again.")
    except LookFirst as error:
        return Problem(name, error.problem, error.remedy)


def _believed(read: Iterable[Provenance | Problem | None], done: Rebuilt) -> Iterator[Provenance]:
    for record in read:
        done.records += record is not None
        if isinstance(record, Problem):
            done.problems.append(record)
        elif record is not None:
            yield record


def _account(ledger: Ledger, records: Sequence[Provenance], done: Rebuilt) -> None:
    missing = []
    for record in records:
        held = ledger.intent(record.intent.intent_id)
        if held is None:
            missing.append(record)
            continue
        try:
            _reconsider(ledger, held, record, done)
        except LookFirst as error:
            done.problems.append(_problem(record, error))
    try:
        _add(ledger, missing, done)
    except ReelmillError:  # one of them contradicts the ledger, or cannot be kept: the others need not suffer
        for record in missing:
            try:
                _add(ledger, [record], done)
            except (LookFirst, FixConfiguration) as error:
                done.problems.append(_problem(record, error))


def _add(ledger: Ledger, records: Sequence[Provenance], done: Rebuilt) -> None:
    outcomes = ledger.recover([record.paid for record in records], dry_run=done.dry_run)
    for record, what in zip(records, outcomes, strict=True):
        done.counts[what.value] += 1
        if what is not Recovery.KNOWN:
            done.added_usd += record.intent.charged_usd


def _reconsider(ledger: Ledger, held: Intent, record: Provenance, done: Rebuilt) -> None:
    """The ledger knows the intent: settle it if it is still unsettled, never change how it ended."""
    if held.state.delivered and held.charged_usd == record.intent.charged_usd:
        done.counts["known"] += 1
        return
    same = (held.clip_id, held.unit_price_usd, held.seconds) == (
        record.intent.clip_id,
        record.intent.unit_price_usd,
        record.intent.seconds,
    )
    if held.state.final or not same:
        raise LookFirst(
            f"The ledger has intent {held.intent_id} as {held.state.value} for {held.charged_usd} USD, "
            f"its record says {record.intent.state.value} for {record.intent.charged_usd} USD.",
            "Look at the videos and at the bill; the ledger is left as it is.",
        )
    if not done.dry_run:
        _settle(ledger, held, record)
    done.counts["settled"] += 1
    done.settled_usd += record.intent.charged_usd


def _settle(ledger: Ledger, held: Intent, record: Provenance) -> None:
    """Bring the intent to its end along the states that it must have gone through."""
    state, operation = held.state, record.intent.operation
    if state is State.AUTHORISED:  # an older ledger that was put back without a restore: it was sent after all
        ledger.mark_sending(held.intent_id, owner=held.owner, lease_s=0)
        state = State.SENDING
    if operation is not None and state in _NAMES_OPERATION:
        ledger.accepted(held.intent_id, operation)
    elif state is State.SENDING:
        ledger.unclear(held.intent_id, "Its record lies beside its videos.")
    ledger.recover_verdicts(held.intent_id, record.verdicts)
    ledger.settle(held.intent_id, record.settlement)


def _doubt_unsent(ledger: Ledger, places: Sequence[_Place], done: Rebuilt) -> None:
    """What has videos was sent, whatever an older ledger says: ``settle`` shall find them, no run release it."""
    for place in places:
        held = ledger.intent(place.prefix.rpartition("-")[2])
        if held is None or held.state is not State.AUTHORISED or held.output_prefix != place.prefix:
            continue
        done.counts["doubted"] += 1
        if not done.dry_run and ledger.mark_sending(held.intent_id, owner=held.owner, lease_s=0):
            ledger.unclear(held.intent_id, "Videos lie at its prefix although it was only authorised here.")


def _list_unrecorded(ledger: Ledger, places: Sequence[_Place], done: Rebuilt) -> None:
    accounted = ledger.prefixes_accounted([place.prefix for place in places]) if places else set()
    for place in places:
        if place.prefix in accounted:
            continue
        clip_id_start = place.prefix.rpartition("/")[2].partition("-")[0]
        price = ledger.price_of_video(clip_id_start) if len(clip_id_start) == 12 else None  # noqa: PLR2004 - see prefix_leaf
        done.unrecorded.append(
            UnrecordedVideos(
                prefix=place.prefix,
                videos=place.videos,
                bytes=place.size,
                estimated_usd=None if price is None else price * place.videos,
            )
        )


def _problem(record: Provenance, error: ReelmillError) -> Problem:
    return Problem(f"{record.intent.output_prefix}/{NAME}", error.problem, error.remedy)
