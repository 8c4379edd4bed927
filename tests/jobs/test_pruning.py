"""Pruning real objects: only what is of no use goes, from its own prefix; what was broken off is finished."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.errors import TryLater
from reelmill.jobs.pruning import finish_begun, keep_of, prune
from reelmill.jobs.rebuilding import rebuild
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, RemovalKind, Run, Settlement
from reelmill.ledger.states import State
from reelmill.production.provenance import NAME, Provenance, clip_folder, prefix_leaf
from reelmill.report.frames import read_table
from reelmill.settings import Settings
from reelmill.storage.open import open_storage
from tests.ledger.making import RUN, make_clip

KEEP = {RemovalKind.ORPHAN: 0, RemovalKind.UNFIT: 0}
ENDS = ["pass", "fail", "filtered", "lost", "open"]
STARTED = datetime(2026, 7, 15, tzinfo=UTC)


class Shop:
    """A ledger and a folder, with real records and pretended videos."""

    def __init__(self, folder):
        self.storage = open_storage(str(folder / "out"), Settings())
        self.ledger = Ledger.open(f"sqlite:///{folder}/ledger.db")
        self.ledger.start_run(Run(run_id=RUN, output=self.storage.root, started_at=STARTED))

    def attempt(self, clip, end):
        """One more attempt at a clip; an open one stays the last."""
        after = self.ledger.standings([clip.clip_id]).get(clip.clip_id)
        if after and after.state.open:
            return None
        intent = self.ledger.authorise(
            clip,
            run_id=RUN,
            output=self.storage.root,
            output_prefix_for=lambda id_, number: f"{clip_folder(clip)}/{prefix_leaf(clip.clip_id, number, id_)}",
            owner="me",
            lease_s=60,
            caps=Caps(),
            again=after is not None and after.state is not State.LOST,
            again_unclear=after is not None and after.state is State.LOST,
            after=after.intent_id if after else None,
        )
        self.ledger.mark_sending(intent.intent_id, owner="me", lease_s=60)
        if end == "lost":
            self.ledger.unclear(intent.intent_id, "no answer")
            self.ledger.lost(intent.intent_id)
        elif end != "open":
            self.ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
            self.settle(clip, self.ledger.intent(intent.intent_id), end)
        return self.ledger.intent(intent.intent_id)

    def settle(self, clip, intent, end):
        if end == "filtered":
            self.ledger.settle(intent.intent_id, Settlement(state=State.FILTERED))
            return
        put = {"1/sample_0.mp4": b"video", "poster.jpg": b"jpg"}
        for name, data in put.items():
            self.storage.create(f"{intent.output_prefix}/{name}", data, "video/mp4")
        settlement = Settlement(
            state=State.SUCCEEDED,
            returned=1,
            video_uris=(self.storage.uri(f"{intent.output_prefix}/1/sample_0.mp4"),),
            poster_uri=self.storage.uri(f"{intent.output_prefix}/poster.jpg"),
            provenance_uri=self.storage.uri(f"{intent.output_prefix}/{NAME}"),
            inspection={"status": end, "findings": [], "videos": []},
        )
        record = Provenance.of(clip, intent, settlement, [None], run_started_at=STARTED)
        self.storage.create(f"{intent.output_prefix}/{NAME}", record.model_dump_json().encode(), "application/json")
        self.ledger.settle(intent.intent_id, settlement)

    def prune(self, *, begin=True, keep=KEEP):
        found = list(prune(self.ledger, self.storage, keep, begin=begin))
        if begin:
            finish_begun(self.ledger, self.storage, gallery=True)
        return found

    def names(self):
        return {found.name for found in self.storage.list("clips/")}


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    shop.ledger.close()


def test_a_dry_run_lists_and_leaves_everything(shop):
    clip = make_clip()
    first = shop.attempt(clip, "pass")
    shop.attempt(clip, "pass")
    before = shop.names()
    (one,) = shop.prune(begin=False)
    assert (one.leaving.intent, one.leaving.kind, one.bytes, one.kept) == (first, RemovalKind.ORPHAN, 8, "")
    assert {stored.name for stored in one.objects} == {
        f"{first.output_prefix}/1/sample_0.mp4",
        f"{first.output_prefix}/poster.jpg",
    }
    assert shop.names() == before
    assert list(shop.ledger.unended_removals(output=shop.storage.root)) == []


def test_what_left_is_told_by_tables_books_and_rebuild(shop, tmp_path):
    clip = make_clip()
    first, second = shop.attempt(clip, "fail"), shop.attempt(clip, "pass")
    shop.prune()
    rows = {row["attempt"]: row for row in read_table(shop.storage, "results").to_dict("records")}
    assert (list(rows[1]["video_uris"]), rows[1]["poster_uri"], rows[1]["cost_usd"]) == ([], None, first.charged_usd)
    assert rows[1]["removed_at"] is not None
    assert list(rows[2]["video_uris"]) == list(second.video_uris)
    assert f"{first.output_prefix}/{NAME}" in shop.names()
    assert (shop.ledger.audit(), shop.prune()) == ([], [])
    done = rebuild(shop.ledger, shop.storage)
    assert (done.clean, done.counts["known"]) == (True, 2)

    # A ledger that was lost learns of both, and of the removal by the next prune.
    with Ledger.open(f"sqlite:///{tmp_path}/new.db") as ledger:
        assert rebuild(ledger, shop.storage).clean
        (one,) = prune(ledger, shop.storage, KEEP, begin=True)
        assert one.objects == ()
        finish_begun(ledger, shop.storage, gallery=True)
        assert (list(ledger.orphans()), ledger.audit()) == ([], [])


def test_a_removal_that_was_broken_off_is_finished(shop):
    clip = make_clip()
    first, _ = shop.attempt(clip, "pass"), shop.attempt(clip, "pass")
    list(prune(shop.ledger, shop.storage, KEEP, begin=True))
    deleted = []

    def delete(name):
        if deleted:
            raise TryLater("no answer", "again")
        return deleted.append(name) or shop.storage.delete(name)

    flaky = SimpleNamespace(root=shop.storage.root, list=shop.storage.list, delete=delete)
    with pytest.raises(TryLater):
        finish_begun(shop.ledger, flaky, gallery=True)
    assert len(deleted) == 1
    assert [intent for _, intent in shop.ledger.unended_removals(output=shop.storage.root)] == [first]
    finish_begun(shop.ledger, shop.storage, gallery=True)
    assert {name for name in shop.names() if name.startswith(first.output_prefix)} == {f"{first.output_prefix}/{NAME}"}
    assert list(shop.ledger.unended_removals(output=shop.storage.root)) == []


def test_what_others_put_there_under_a_name_that_we_cannot_use_stays_and_keeps_nothing_up(shop):
    clip = make_clip()
    first = shop.attempt(clip, "pass")
    shop.attempt(clip, "pass")
    foreign = Path(shop.storage.root, first.output_prefix, "back\\slash.mp4")
    foreign.write_bytes(b"somebody's")

    (gone,) = prune(shop.ledger, shop.storage, KEEP, begin=True)
    finish_begun(shop.ledger, shop.storage, gallery=True)

    assert (gone.leaving.intent, len(gone.objects)) == (first, 2)
    assert list(shop.ledger.unended_removals(output=shop.storage.root)) == []
    assert foreign.read_bytes() == b"somebody's"


@pytest.mark.parametrize("prefix", ["clips", "clips/shoe/9x16", "", "tables/x/y/abc-1-{id}", "clips/a/b/abc-1-{id}/.."])
def test_what_does_not_lie_at_a_place_of_its_own_stays(shop, monkeypatch, prefix):
    clip = make_clip()
    shop.attempt(clip, "pass"), shop.attempt(clip, "pass")
    before = shop.names()
    real = shop.ledger.leaving

    def elsewhere(**among):
        for one in real(**among):
            yield replace(one, intent=replace(one.intent, output_prefix=prefix.format(id=one.intent.intent_id)))

    monkeypatch.setattr(shop.ledger, "leaving", elsewhere)
    (one,) = shop.prune()
    assert one.kept
    assert shop.names() == before


def test_nothing_leaves_unless_it_is_set():
    assert keep_of(Settings()) == dict.fromkeys(RemovalKind)
    set_ = keep_of(Settings(keep_orphans_days=30, keep_unfit_days=0, keep_rejected_days=7, keep_drafts_days=2))
    assert set_ == {RemovalKind.ORPHAN: 30, RemovalKind.UNFIT: 0, RemovalKind.REJECTED: 7, RemovalKind.DRAFT: 2}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    history=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from([*ENDS, "prune"])), max_size=9),
    late=st.lists(st.sampled_from(["pass", "fail"]), max_size=2),
)
def test_whatever_happened_only_what_is_of_no_use_goes(tmp_path_factory, history, late):
    shop = Shop(tmp_path_factory.mktemp("shop"))
    foreign = {"clips/a/9x16/notes.txt", "clips/a/9x16/0123456789ab-1-feed/sample_0.mp4"}
    for name in foreign:
        shop.storage.create(name, b"ours", "text/plain")
    for sku, end in history:
        if end == "prune":
            shop.prune()
        else:
            shop.attempt(make_clip(sku), end)
    lost = list(shop.ledger.intents(states=[State.LOST]))
    for (clip, intent), end in zip(lost, late, strict=False):
        shop.settle(clip, intent, end)
    shop.prune()

    there = shop.names()
    assert foreign <= there
    for sku in "ab":
        made = [one for clip, one in shop.ledger.intents() if clip.sku == sku and one.state.delivered]
        made.sort(key=lambda one: one.attempt)
        fit = [one for one in made if one.inspection["status"] != "fail"]
        stay = {one.intent_id for one in [*made[-1:], *fit[-1:]]}
        for one in made:
            assert f"{one.output_prefix}/{NAME}" in there
            assert (shop.storage.name(one.video_uris[0]) in there) == (one.intent_id in stay)
    assert shop.ledger.audit() == []
    shop.ledger.close()
