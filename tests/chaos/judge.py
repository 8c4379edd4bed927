"""The judge: what must hold in every world that has become quiet, by the bank's records and nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from reelmill.clip import Clip
from reelmill.ledger.records import Intent
from tests.chaos.bank import Accepted
from tests.chaos.caps import over_cap
from tests.chaos.world import PRICE_USD, World

__all__ = ["Verdict", "judge"]


@dataclass(slots=True)
class Verdict:
    """What the judge found. ``broken`` has every broken promise as a sentence."""

    accepted: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    billed_usd: Decimal = Decimal(0)
    paid_twice_usd: Decimal = Decimal(0)
    lost: int = 0
    ledger_minus_journal_usd: Decimal = Decimal(0)
    caps_exceeded: int = 0
    broken: list[str] = field(default_factory=list)


def judge(world: World, *, authorised: Mapping[str, int] | None = None) -> Verdict:
    """Judge a quiet world. ``authorised`` is how many further attempts a person allowed, by clip id."""
    with world.ledger() as ledger:
        intents = list(ledger.intents())
        charged = sum((charge.amount_usd for _, charge in ledger.charges()), Decimal(0))
        audit = ledger.audit()
    accepted = world.bank.accepted(world.output)
    billed = sum((submit.amount_usd for submit in accepted), Decimal(0))
    verdict = Verdict(
        accepted=len(accepted),
        faults=Counter(submit.fault for submit in accepted if submit.fault),
        billed_usd=billed,
        ledger_minus_journal_usd=charged - billed,
        broken=list(audit),
    )
    if charged != billed:
        verdict.broken.append(f"the ledger says {charged} USD were spent, the bill says {billed}")
    _paid_twice(verdict, accepted, authorised or {})
    _paid_and_lost(verdict, accepted, {intent.intent_id: intent for _, intent in intents}, world.look())
    if world.cap_usd is not None:
        moments = over_cap(world.ledger_url) + _billed_over_cap(world.cap_usd, billed, intents)
        verdict.caps_exceeded = len(moments)
        verdict.broken += moments
    verdict.broken += _left_alone(world, intents)
    verdict.broken += _unlisted_orphans(world, intents)
    verdict.broken += [f"{uri} was overwritten" for uri in world.overwritten]
    verdict.broken += [f"a command crashed: {worker.said}" for worker in world.workers if worker.crashed]
    return verdict


def _paid_twice(verdict: Verdict, accepted: list[Accepted], authorised: Mapping[str, int]) -> None:
    intents = Counter(submit.intent_id for submit in accepted)
    clips = Counter(submit.clip_id for submit in accepted)
    too_many = {clip_id: times - 1 - authorised.get(clip_id, 0) for clip_id, times in clips.items()}
    verdict.paid_twice_usd = PRICE_USD * sum(max(0, more) for more in too_many.values())
    verdict.broken += [f"intent {intent} was accepted {times} times" for intent, times in intents.items() if times > 1]
    verdict.broken += [
        f"clip {clip_id} was accepted {more} times too often" for clip_id, more in too_many.items() if more > 0
    ]


def _paid_and_lost(
    verdict: Verdict, accepted: list[Accepted], known: Mapping[str, Intent], objects: Collection[str]
) -> None:
    """A billed submit must be an intent that is charged the same and whose videos are there."""
    for submit in accepted:
        wrong = _wrong_with(submit, known.get(submit.intent_id), objects)
        if wrong:
            verdict.broken.append(wrong)
            verdict.lost += bool(submit.amount_usd)


def _wrong_with(submit: Accepted, intent: Intent | None, objects: Collection[str]) -> str:
    if intent is None:
        return f"the ledger does not know intent {submit.intent_id}, billed {submit.amount_usd}"
    if submit.outcome == "running":
        return (
            f"the bank still works on intent {submit.intent_id}, which is {intent.state}" if intent.state.final else ""
        )
    if submit.amount_usd and (not intent.state.delivered or intent.charged_usd != submit.amount_usd):
        return (
            f"intent {submit.intent_id} was billed {submit.amount_usd} ({submit.fault or 'no fault'}) "
            f"and is {intent.state}, charged {intent.charged_usd}"
        )
    there = submit.fault == "missing_object" or set(submit.uris) <= set(objects)
    if set(intent.video_uris) != set(submit.uris) or not there:
        return f"intent {submit.intent_id} does not lead to its videos {submit.uris}"
    return ""


def _billed_over_cap(cap: Decimal, billed: Decimal, intents: list[tuple[Clip, Intent]]) -> list[str]:
    """The cap is a day's; a night may have two."""
    allowed = cap * max(1, len({intent.created_at.date() for _, intent in intents}))
    return [f"the bill of {billed} USD passes the cap of {allowed}"] if billed > allowed else []


def _left_alone(world: World, intents: list[tuple[Clip, Intent]]) -> list[str]:
    """Every product has a clip; every clip ended, or waits for a person and is listed for them."""
    wrong = [f"intent {intent.intent_id} is still {intent.state}" for _, intent in intents if intent.state.open]
    if world.affordable:
        known = {clip.sku for clip, _ in intents}
        skus = [f"C-{number}" for number in range(1, len(world.titles) + 1)]
        wrong += [f"nothing is known of {sku}" for sku in skus if sku not in known]
    latest = {intent.clip_id: intent for _, intent in intents}  # in the order of creation
    waiting = {clip_id for clip_id, intent in latest.items() if intent.state.needs_person}
    if waiting:
        listed = {entry["clip_id"] for entry in world.status()["attention"]}
        wrong += [f"status does not list clip {clip_id}" for clip_id in waiting - listed]
    return wrong


def _unlisted_orphans(world: World, intents: list[tuple[Clip, Intent]]) -> list[str]:
    """Of the paid attempts at a clip all but the last are orphans, listed with what they cost and where they lie."""
    delivered: dict[str, Intent] = {}
    orphans: list[Intent] = []
    for _, intent in intents:  # in the order of creation
        if intent.state.delivered:
            orphans += [delivered[intent.clip_id]] if intent.clip_id in delivered else []
            delivered[intent.clip_id] = intent
    if not orphans:
        return []
    listed = {entry["intent_id"]: entry for entry in world.status()["orphans"]}
    return [
        f"status does not list orphan {orphan.intent_id} as it is"
        for orphan in orphans
        if (entry := listed.get(orphan.intent_id)) is None
        or Decimal(str(entry["charged_usd"])) != orphan.charged_usd
        or entry["videos"] != list(orphan.video_uris)
    ]
