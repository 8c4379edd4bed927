"""Looking at delivered clips after their run: each is one worker's for a while, and what was found is kept once."""

import pytest
from sqlalchemy import insert

from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.inspecting import Inspected
from reelmill.ledger.records import RemovalKind, Run
from reelmill.ledger.schema import removals
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, NOON, OTHER, OUTPUT, OWNER, RUN, bring_to, known, make_clip

FOUND = Inspected(inspection={"status": "pass"}, poster_uri="gs://shop/p.jpg", renditions={"tiktok": "gs://shop/t.mp4"})


@pytest.fixture
def unseen(ledger, clock):
    """Two delivered clips that nobody looked at and whose leases have lapsed, oldest first; others that are no use."""
    made = []
    for name in ("first", "second"):
        made.append(bring_to(ledger, State.SUCCEEDED, make_clip(name)))
        clock.advance(1)
    bring_to(ledger, State.FAILED, make_clip("failed"))
    seen = bring_to(ledger, State.SUCCEEDED, make_clip("seen"))
    assert ledger.record_inspection(seen.intent_id, FOUND)
    ledger.start_run(Run(run_id="elsewhere", output="gs://shop/others"))
    bring_to(ledger, State.SUCCEEDED, make_clip("foreign"), run_id="elsewhere", output="gs://shop/others")
    clock.advance(LEASE_S + 1)
    return made


def take(ledger, owner=OWNER, limit=10, **which):
    return [
        clip.sku for clip, _ in ledger.take_unseen(owner=owner, lease_s=LEASE_S, output=OUTPUT, limit=limit, **which)
    ]


def test_each_unseen_clip_is_taken_by_one_worker_oldest_first(ledger, unseen):
    assert take(ledger, limit=1) == ["first"]
    assert take(ledger, OTHER) == ["second"]
    assert take(ledger) == []
    assert [known(ledger, intent).owner for intent in unseen] == [OWNER, OTHER]


def test_who_takes_many_goes_on_after_the_last_one(ledger, unseen, clock):
    twin = bring_to(ledger, State.SUCCEEDED, make_clip("twin"))  # authorised at the very moment of another one
    other = bring_to(ledger, State.SUCCEEDED, make_clip("other"))
    clock.advance(LEASE_S + 1)
    first, second = sorted((twin, other), key=lambda intent: intent.intent_id)
    assert take(ledger, after=second) == []
    assert take(ledger, after=first) == [ledger.clip(second.clip_id).sku]
    assert take(ledger, limit=1, after=unseen[0]) == ["second"]
    assert take(ledger, limit=1) == ["first"]


def test_one_whose_worker_is_gone_is_taken_by_another(ledger, unseen, clock):
    assert take(ledger) == ["first", "second"]
    clock.advance(LEASE_S - 1)
    ledger.keep_looking([unseen[0].intent_id], owner=OWNER, lease_s=LEASE_S)  # a sign of life for one of them
    ledger.keep_looking([unseen[1].intent_id], owner=OTHER, lease_s=LEASE_S)  # it is not the other one's
    clock.advance(2)
    assert take(ledger, OTHER) == ["second"]
    clock.advance(LEASE_S)
    assert take(ledger, OTHER) == ["first", "second"]


def test_only_those_of_a_run_if_it_is_named(ledger, unseen):
    assert take(ledger, run_id="elsewhere") == []
    assert take(ledger, run_id=RUN) == ["first", "second"]


def test_what_was_removed_is_not_looked_at(ledger, ledger_url, unseen):
    database = Database(parse_url(ledger_url))
    with database.writing() as connection:
        facts = {"kind": RemovalKind.ORPHAN, "begun_at": NOON}
        connection.execute(insert(removals).values(intent_id=unseen[0].intent_id, **facts))
    database.close()
    assert take(ledger) == ["second"]


def test_what_was_found_is_kept_once_and_lets_the_clip_go(ledger, unseen, clock):
    first = unseen[0].intent_id
    take(ledger, limit=1)
    assert ledger.record_inspection(first, FOUND)
    kept = known(ledger, unseen[0])
    assert (kept.inspection, kept.poster_uri, kept.renditions) == (FOUND.inspection, FOUND.poster_uri, FOUND.renditions)
    assert kept.lease_until == clock()

    assert not ledger.record_inspection(first, Inspected(inspection={"status": "fail"}))
    assert known(ledger, unseen[0]) == kept
    failed = bring_to(ledger, State.FAILED, make_clip("other"))
    assert not ledger.record_inspection(failed.intent_id, FOUND)
    assert known(ledger, failed).inspection is None
