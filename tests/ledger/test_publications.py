"""Receipts: kept once, asked by target, and part of every back-up."""

from reelmill.ledger.publications import Publication
from reelmill.ledger.states import State
from tests.ledger.making import bring_to, make_clip


def publication(intent, **changes):
    values = {
        "target": "cms:https://cms.example.com#1",
        "intent_id": intent.intent_id,
        "platform": "tiktok",
        "uri": "gs://shop/a.mp4",
        "sha256": "0" * 64,
        "size": 5_000_000_000,
        "address": "https://cms.example.com/1",
    }
    return Publication(**values | changes)


def test_a_receipt_is_kept_for_its_target(ledger):
    one, other = (bring_to(ledger, State.SUCCEEDED, make_clip(name)) for name in ("shoe", "hat"))
    kept = publication(one)
    ledger.remember_publication(kept)
    ledger.remember_publication(publication(other))
    assert ledger.published(kept.target, [one.intent_id]) == [kept]
    assert ledger.published("cms:https://elsewhere.example.com#1", [one.intent_id]) == []
    assert ledger.published(kept.target, []) == []
    assert len(ledger.published(kept.target, [one.intent_id, other.intent_id, "unknown"])) == 2


def test_the_first_receipt_of_a_file_stays(ledger):
    intent = bring_to(ledger, State.SUCCEEDED)
    first = publication(intent)
    ledger.remember_publication(first)
    ledger.remember_publication(publication(intent, address="https://cms.example.com/2"))
    ledger.remember_publication(publication(intent, uri="gs://shop/b.mp4"))
    assert sorted(ledger.published(first.target, [intent.intent_id]), key=lambda one: one.uri) == [
        first,
        publication(intent, uri="gs://shop/b.mp4"),
    ]


def test_videos_are_those_of_the_latest_delivered_attempt(ledger):
    clip = make_clip()
    first = bring_to(ledger, State.SUCCEEDED, clip)
    assert [intent.intent_id for _, intent in ledger.videos()] == [first.intent_id]
    second = bring_to(ledger, State.FILTERED, clip, again=True, after=first.intent_id)
    assert [intent.intent_id for _, intent in ledger.videos()] == [first.intent_id]
    third = bring_to(ledger, State.PARTIAL, make_clip(samples=1), again=True, after=second.intent_id)
    assert [intent.intent_id for _, intent in ledger.videos(output=third.output, run_id=third.run_id)] == [
        third.intent_id
    ]
    assert list(ledger.videos(output="gs://elsewhere")) == []
