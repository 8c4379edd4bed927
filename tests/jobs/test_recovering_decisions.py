"""The ledger is gone: what people decided comes back from the galleries of the output."""

from dataclasses import replace

import pytest

from reelmill.jobs.galleries import write_gallery
from reelmill.jobs.rebuilding import rebuild
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, ReviewedVia
from reelmill.ledger.reviews import AskedReview
from reelmill.storage.local import LocalStorage
from tests.support.production import RUN, clip
from tests.support.records import leave_record


@pytest.fixture
def storage(tmp_path) -> LocalStorage:
    """An output with two paid clips, one of them approved and then rejected."""
    storage = LocalStorage(tmp_path / "out")
    leave_record(clip("one"), storage)
    leave_record(clip("two"), storage)
    with Ledger.open(f"sqlite:///{tmp_path}/before.db") as ledger:
        rebuild(ledger, storage)
        intent = next(intent for one, intent in ledger.intents() if one.sku == "one")
        for number, decision in enumerate([Decision.APPROVE, Decision.REJECT]):
            asked = AskedReview(
                review_id=f"review-{number}",
                intent_id=intent.intent_id,
                decision=decision,
                reviewer="Ada ½",
                via=ReviewedVia.PAGE,
                reason="Off brand",
            )
            ledger.review([asked])
        write_gallery(ledger, storage, RUN)
    return storage


@pytest.fixture
def ledger(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/after.db") as opened:
        yield opened


def test_every_decision_comes_back_once(storage, ledger, tmp_path):
    assert rebuild(ledger, storage, dry_run=True).counts["decisions"] == 2
    assert ledger.reviews() == []
    done = rebuild(ledger, storage)
    assert (done.counts["decisions"], done.problems) == (2, [])
    with Ledger.open(f"sqlite:///{tmp_path}/before.db") as before:
        assert ledger.reviews() == [replace(review, via=ReviewedVia.FILE) for review in before.reviews()]
    assert rebuild(ledger, storage).counts["decisions"] == 0


def test_a_file_that_is_none_of_ours_is_told_and_the_charges_come_back(storage, ledger):
    name = f"gallery/{RUN}/decisions.json"
    storage.replace(name, storage.read(name).replace(b"approve", b"destroy"), "application/json")
    storage.replace("gallery/other/decisions.json", b"[", "application/json")
    done = rebuild(ledger, storage)
    assert (done.counts["added"], done.counts["decisions"]) == (2, 1)
    assert [problem.name for problem in done.problems] == [f"gallery/other/{name.rpartition('/')[2]}", name]
    assert not done.clean
