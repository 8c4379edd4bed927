"""What a rebuild makes of the records below an output: good, missing, contradicting and false ones."""

import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest

from reelmill.jobs.rebuilding import rebuild
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Run
from reelmill.ledger.states import UNRECORDED, State
from reelmill.production.collecting import write_provenance
from reelmill.production.provenance import NAME, clip_folder, prefix_leaf
from reelmill.storage.local import LocalStorage
from tests.support.production import RUN, clip
from tests.support.records import leave_record, paid_intent, record_of

PRICE = Decimal("0.20")


@pytest.fixture
def storage(tmp_path) -> LocalStorage:
    return LocalStorage(tmp_path / "out")


@pytest.fixture
def ledger(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as opened:
        yield opened


def spent(ledger) -> Decimal:
    return sum((charge.amount_usd for _, charge in ledger.charges()), Decimal(0))


def attempts(ledger) -> list[tuple[int, str, str]]:
    return [(i.attempt, i.state.value, i.error_code) for _, i in sorted(ledger.intents(), key=lambda p: p[1].attempt)]


def test_names_that_are_none_of_ours_do_not_keep_out_the_others(ledger, storage):
    leave_record(clip("good"), storage)
    for folder, name in ((b"a\\b/9x16/p", NAME), (b"a/9x16/c-1-\xff", "sample_0.mp4"), (b"a/9x16/\x1b[2J", NAME)):
        place = Path(storage.root, "clips", os.fsdecode(folder))
        place.mkdir(parents=True)
        (place / name).write_bytes(b"{}")

    done = rebuild(ledger, storage)

    assert (done.counts["added"], done.differences) == (1, [])
    assert [problem.problem for problem in done.problems] == ["Nothing of ours has such a name."] * 3
    assert all(problem.name.isprintable() for problem in done.problems)


def test_one_false_record_does_not_keep_out_the_others(ledger, storage):
    for number in range(3):
        leave_record(clip(f"good-{number}"), storage)
    false = leave_record(clip("false"), storage)
    name = f"{false.intent.output_prefix}/{NAME}"
    storage.replace(name, b'{"version": 1}', "application/json")
    storage.create(f"clips/{NAME}", b"{}", "application/json")
    storage.create("clips/notes.txt", b"hello", "text/plain")
    storage.create(f"clips/a/9x16/huge/{NAME}", b" " * 1_000_001, "application/json")

    done = rebuild(ledger, storage)

    assert (done.counts["added"], spent(ledger)) == (3, 3 * PRICE)
    assert sorted(problem.name for problem in done.problems) == sorted(
        [name, f"clips/{NAME}", f"clips/a/9x16/huge/{NAME}"]
    )
    assert all(problem.remedy for problem in done.problems)
    # What the false record was about was probably paid, and its clip is unknown: neither is hidden.
    assert [(u.prefix, u.videos, u.bytes, u.estimated_usd) for u in done.unrecorded] == [
        (false.intent.output_prefix, 1, 5, None)
    ]
    assert not done.clean


def test_videos_without_a_record_are_listed_with_what_they_probably_cost(ledger, storage):
    known = clip("known", samples=2)
    leave_record(known, storage)
    folder = f"{clip_folder(known)}/{prefix_leaf(known.clip_id, 2, 'e' * 32)}"
    for number in range(2):
        storage.create(f"{folder}/1/sample_{number}.mp4", b"12345", "video/mp4")
    storage.create("clips/x/9x16/foreign/sample_0.mp4", b"123", "video/mp4")

    done = rebuild(ledger, storage)

    assert {(u.prefix, u.videos, u.bytes, u.estimated_usd) for u in done.unrecorded} == {
        (folder, 2, 10, 2 * PRICE),
        ("clips/x/9x16/foreign", 1, 3, None),
    }
    assert spent(ledger) == 2 * PRICE


@pytest.mark.parametrize("state", [State.LOST, State.SUBMITTED, State.RELEASED, State.FAILED])
def test_videos_of_an_intent_are_left_to_settle_unless_it_has_ended(ledger, storage, state):
    ledger.start_run(Run(run_id=RUN, output=storage.root))
    intent = authorise(ledger, storage, clip())
    if state is State.RELEASED:
        ledger.release(intent.intent_id, owner="me")
    else:
        ledger.mark_sending(intent.intent_id, owner="me", lease_s=60)
        if state is State.FAILED:
            ledger.refused(intent.intent_id, code="http_400", message="no", final=True)
        elif state is State.SUBMITTED:
            ledger.accepted(intent.intent_id, "operations/1")
        else:
            ledger.unclear(intent.intent_id, "dropped")
            ledger.lost(intent.intent_id)
    storage.create(f"{intent.output_prefix}/1/sample_0.mp4", b"1", "video/mp4")

    listed = [u.prefix for u in rebuild(ledger, storage).unrecorded]

    assert listed == ([] if state.holds_reservation else [intent.output_prefix])


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_has_videos_was_sent_even_if_an_old_ledger_calls_it_unsent(ledger, storage, dry_run):
    """A copy of the database that was put back without a restore: the next run would release it and pay again."""
    ledger.start_run(Run(run_id=RUN, output=storage.root))
    seen, unseen = authorise(ledger, storage, clip("seen")), authorise(ledger, storage, clip("unseen"))
    storage.create(f"{seen.output_prefix}/1/sample_0.mp4", b"1", "video/mp4")

    done = rebuild(ledger, storage, dry_run=dry_run)

    assert (done.counts, done.unrecorded) == ({"doubted": 1}, [])
    assert ledger.intent(seen.intent_id).state is (State.AUTHORISED if dry_run else State.UNKNOWN)
    assert ledger.intent(unseen.intent_id).state is State.AUTHORISED


def authorise(ledger, storage, asked, **changes):
    def prefix(intent_id, attempt):
        return f"{clip_folder(asked)}/{prefix_leaf(asked.clip_id, attempt, intent_id)}"

    options = {"run_id": RUN, "output": storage.root, "owner": "me", "lease_s": 60, "caps": Caps()}
    return ledger.authorise(asked, output_prefix_for=prefix, **(options | changes))


def test_attempts_that_left_no_record_keep_their_number_and_say_so(ledger, storage):
    asked = clip()
    leave_record(asked, storage, attempt=3)
    assert rebuild(ledger, storage).clean
    assert attempts(ledger) == [(1, "failed", UNRECORDED), (2, "failed", UNRECORDED), (3, "succeeded", "")]
    assert ledger.standings([asked.clip_id])[asked.clip_id].attempt == 3

    leave_record(asked, storage, attempt=1)  # found later: it takes the place that was kept for it
    assert rebuild(ledger, storage).clean
    assert attempts(ledger) == [(1, "succeeded", ""), (2, "failed", UNRECORDED), (3, "succeeded", "")]
    assert spent(ledger) == 2 * PRICE
    assert ledger.standings([asked.clip_id])[asked.clip_id].attempt == 3


def test_a_number_taken_since_is_not_fought_over_and_both_are_paid(ledger, storage):
    asked = clip()
    ledger.start_run(Run(run_id=RUN, output=storage.root))
    mine = authorise(ledger, storage, asked)
    record = leave_record(asked, storage)

    done = rebuild(ledger, storage)

    assert (done.clean, done.counts["renumbered"]) == (True, 1)
    assert attempts(ledger) == [(1, "authorised", ""), (2, "succeeded", "")]
    assert ledger.intent(record.intent.intent_id).charged_usd == PRICE
    assert ledger.intent(mine.intent_id).state is State.AUTHORISED
    assert rebuild(ledger, storage).counts == {"known": 1}


@pytest.mark.parametrize("end", ["released", "failed", "cheaper"])
def test_what_the_ledger_knows_otherwise_is_said_and_stays(ledger, storage, end):
    asked = clip()
    ledger.start_run(Run(run_id=RUN, output=storage.root))
    held = authorise(ledger, storage, replace(asked, unit_price_usd=Decimal("0.04")) if end == "cheaper" else asked)
    if end == "released":
        ledger.release(held.intent_id, owner="me")
    elif end == "failed":
        ledger.mark_sending(held.intent_id, owner="me", lease_s=60)
        ledger.refused(held.intent_id, code="http_400", message="no", final=True)
    leave_record(asked, storage, intent_id=held.intent_id)
    before = ledger.intent(held.intent_id)

    done = rebuild(ledger, storage)

    (problem,) = done.problems
    assert held.intent_id in problem.problem
    assert "0.20 USD" in problem.problem
    assert ledger.intent(held.intent_id) == before
    assert spent(ledger) == 0


def test_one_operation_is_never_charged_for_two_intents(ledger, storage):
    first = leave_record(clip("first"), storage)
    rebuild(ledger, storage)
    leave_record(clip("second"), storage, operation=first.intent.operation)
    leave_record(clip("third"), storage)

    done = rebuild(ledger, storage)

    assert (done.counts["known"], done.counts["added"], spent(ledger)) == (1, 1, 2 * PRICE)
    (problem,) = done.problems
    assert "names the operation of intent" in problem.problem


def test_a_fuller_record_replaces_the_one_of_a_try_that_saw_fewer_videos(ledger, storage):
    """The record of a try that found one of two videos and died before it could settle."""
    asked = clip(samples=2)
    whole = record_of(asked, paid_intent(asked, storage), storage)
    ledger.start_run(Run(run_id=RUN, output=storage.root))

    studio = SimpleNamespace(ledger=ledger, storage=storage, judge=None)
    part = replace(whole.settlement, state=State.PARTIAL, returned=1, video_uris=whole.intent.video_uris[:1])
    for settlement in (part, whole.settlement, part):
        write_provenance(studio, asked, paid_intent(asked, storage, intent_id=whole.intent.intent_id), settlement)

    assert rebuild(ledger, storage).added_usd == 2 * PRICE
