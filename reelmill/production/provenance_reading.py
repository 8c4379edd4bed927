"""Reading a provenance record back, trusting nothing: a bucket is written by more than us."""

from __future__ import annotations

import re

import orjson
from pydantic import ValidationError

from reelmill.errors import LookFirst
from reelmill.ledger.records import ZERO, Intent
from reelmill.ledger.states import State, VerdictState
from reelmill.ledger.verdicts import PaidVerdict
from reelmill.money import ABSURD_USD_PER_SECOND, MICRO_USD
from reelmill.production.inspection_form import has_form
from reelmill.production.provenance import NAME, Provenance, clip_folder, prefix_leaf
from reelmill.storage.port import Storage

__all__ = ["MAX_BYTES", "read_provenance"]

MAX_BYTES = 1_000_000
"""No record of ours comes near this; a larger file is none."""

_REMEDY = "Look at the videos beside it; put the record back from a copy of the bucket, or book the cost by hand."
_ID = re.compile(r"[0-9a-f]{32}")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f]{1,1000}")
_MOST = {"attempt": 1000, "seconds": 3600, "samples": 64, "returned": 64}
_ABSURD_USD = 1_000_000
_MOST_TOKENS = 10_000_000
_YEARS = range(2020, 2200)


def read_provenance(data: bytes, name: str, storage: Storage) -> Provenance:
    """The record that lies at ``name``. Raises LookFirst if it is damaged, foreign, or contradicts itself."""
    if len(data) > MAX_BYTES:
        raise _refused(name, f"is larger than {MAX_BYTES} bytes")
    try:
        record = Provenance.model_validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _refused(name, f"is no provenance record of version 1 ({where}: {first['msg']})") from None
    doubt = _numbers(record) or _values(record) or _names(record) or _places(record, name, storage) or _money(record)
    if doubt:
        raise _refused(name, doubt)
    return record


def _refused(name: str, why: str) -> LookFirst:
    return LookFirst(f"{name[:300]} {why[:500]}.", _REMEDY)


def _numbers(record: Provenance) -> str:
    intent = record.intent
    counted = {"attempt": intent.attempt, "seconds": intent.seconds, "samples": intent.samples}
    for what, number in (counted | {"returned": record.returned}).items():
        if not 1 <= number <= _MOST[what]:
            return f"says {what} {number}"
    small = (record.clip.variant, intent.remake)
    if not all(0 <= number <= _MOST["attempt"] for number in small) or not 0 <= intent.refusals <= 2**31 - 1:
        return "has a number out of bounds"
    if not 0 <= intent.softening <= _MOST["attempt"] or (intent.softening == 0) != (intent.sent_prompt is None):
        return "contradicts itself about the words that were sent"
    moments = (record.recorded_at, record.run_started_at, intent.created_at, intent.lease_until, intent.finished_at)
    for moment in (*moments, intent.sending_at, intent.submitted_at, intent.unclear_since):
        if moment is not None and (moment.tzinfo is None or moment.year not in _YEARS):
            return f"says the time {moment}"
    return "says no time of its end" if intent.finished_at is None else ""


def _values(record: Provenance) -> str:
    """What is kept as JSON must be storable as such, and be of the form that is counted on later."""
    try:
        orjson.dumps((record.clip.request.to_dict(), record.intent.inspection, [one.answer for one in record.verdicts]))
    except TypeError:
        return "holds a value that the ledger cannot keep"
    return "" if has_form(record.intent.inspection) else "holds an inspection that is none of ours"


def _names(record: Provenance) -> str:
    clip, intent = record.clip, record.intent
    if not _ID.fullmatch(clip.clip_id) or not _ID.fullmatch(intent.intent_id) or intent.clip_id != clip.clip_id:
        return "does not say which clip and intent it is of"
    plain = {"run": intent.run_id, "model": intent.model, "price date": intent.price_date}
    plain |= {"operation": intent.operation or "-", "input hash": clip.input_hash or "-"}
    plain |= {"price date of the clip": clip.price_date, "scene": clip.scene or "-", "SKU": clip.sku}
    for what, text in plain.items():
        if not _PLAIN.fullmatch(text):
            return f"says no {what} that can be kept"
    if intent.owner:
        return "names a worker"
    if clip.request.continues is not None and not _ID.fullmatch(clip.request.continues):
        return "does not say which clip it continues"
    same = intent.model == clip.request.model and intent.seconds == clip.request.duration_s
    return "" if same and intent.samples == clip.request.samples else "says one request for the clip, another paid"


def _places(record: Provenance, name: str, storage: Storage) -> str:
    clip, intent = record.clip, record.intent
    if intent.output != storage.root:
        return f"is of the output {intent.output}"
    here = f"{clip_folder(clip)}/{prefix_leaf(clip.clip_id, intent.attempt, intent.intent_id)}"
    if not name == f"{intent.output_prefix}/{NAME}" == f"{here}/{NAME}":
        return f"belongs at {here}"
    named = [*intent.video_uris, *(video.uri for video in record.videos), intent.poster_uri, intent.provenance_uri]
    named += [file.uri for file in (record.poster, record.preview) if file is not None]
    named += [intent.sent_video, (intent.inspection or {}).get("preview_uri")]
    for uri in (*named, *intent.renditions.values()):
        if uri is not None and not _inside(uri, storage):
            return "names an object outside the output"
    if tuple(video.uri for video in record.videos) != intent.video_uris:
        return "names one set of videos twice, differently"
    if record.poster is not None and record.poster.uri != intent.poster_uri:
        return "names one poster twice, differently"
    renditions = {made.platform: made.uri for made in record.renditions}
    return "" if renditions in ({}, intent.renditions) else "names one set of renditions twice, differently"


def _money(record: Provenance) -> str:
    intent, price = record.intent, record.intent.unit_price_usd
    if not intent.state.delivered or (intent.state is State.SUCCEEDED) != (record.returned >= intent.samples):
        return f"says {intent.state.value} with {record.returned} of {intent.samples} videos"
    for kept in (price, record.clip.unit_price_usd):
        if not 0 < kept < ABSURD_USD_PER_SECOND or kept != kept.quantize(MICRO_USD):
            return "has no price that the ledger can keep"
    due = price * intent.seconds * record.returned
    for verdict in record.verdicts:
        if wrong := _verdict(verdict, intent):
            return wrong
    for named in ({each.verdict_id for each in record.verdicts}, {each.number for each in record.verdicts}):
        if len(named) < len(record.verdicts):
            return "holds one verdict twice"
    judged = sum((verdict.charged_usd for verdict in record.verdicts), ZERO)
    if not due == record.amount_usd == intent.charged_usd - judged or intent.reserved_usd:
        return f"says {record.amount_usd} USD, but {record.returned} x {intent.seconds} s x {price} are {due}"
    return ""


def _verdict(verdict: PaidVerdict, intent: Intent) -> str:
    """What is wrong with a verdict: it is another intent's, or its money is not what its tokens come to."""
    if (
        verdict.intent_id != intent.intent_id
        or verdict.run_id != intent.run_id
        or not _ID.fullmatch(verdict.verdict_id)
    ):
        return "holds a verdict of another intent"
    texts = (verdict.model, verdict.price_date, verdict.error or "-")
    moments = (verdict.asked_at, verdict.ended_at or verdict.asked_at)
    if not all(map(_PLAIN.fullmatch, texts)) or any(at.tzinfo is None or at.year not in _YEARS for at in moments):
        return "holds a verdict that the ledger cannot keep"
    amounts = (verdict.most_usd, verdict.input_price_usd, verdict.output_price_usd)
    if any(not 0 < amount < _ABSURD_USD or amount != amount.quantize(MICRO_USD) for amount in amounts):
        return "holds a verdict without a price that the ledger can keep"
    tokens = (verdict.input_tokens, verdict.output_tokens)
    if any(count is not None and not 0 <= count <= _MOST_TOKENS for count in tokens):
        return "holds a verdict with a number of tokens out of bounds"
    if verdict.state is VerdictState.ANSWERED:
        if None in tokens:
            return "holds a verdict without its tokens"
        due = verdict.price.amount(*(count or 0 for count in tokens))
    else:
        due = ZERO if verdict.state is VerdictState.REFUSED else verdict.most_usd
    in_order = 1 <= verdict.number <= _MOST["attempt"]
    return "" if in_order and verdict.charged_usd == due else f"says {verdict.charged_usd} USD for a verdict of {due}"


def _inside(uri: str, storage: Storage) -> bool:
    try:
        storage.name(uri)
    except ValueError:
        return False
    return True
