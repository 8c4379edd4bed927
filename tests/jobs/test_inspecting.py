"""Clips settled as soon as their videos lie in storage, and looked at afterwards, by whoever has time."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reelmill.errors import FixConfiguration, TryLater
from reelmill.jobs.inspecting import inspect_unseen
from reelmill.jobs.rebuilding import rebuild
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.states import State
from reelmill.production.provenance_reading import read_provenance
from reelmill.production.work import Work
from reelmill.report.tables import table_name
from tests.support.pictures import png
from tests.support.production import RUN, clip, open_engine, producer
from tests.support.small_platforms import write_small_platforms


@pytest.fixture
def settled_unseen(tmp_path, veo, gcs):
    """Makes an output with clips that were paid and that nobody has looked at."""

    async def make(*skus):
        with open_engine(tmp_path, veo, gcs, inspect_later=True) as engine:
            maker = producer(engine)
            results = [await maker.produce(Work(replace(clip(sku), platforms=("small",)))) for sku in skus]
        assert {(one.state, one.inspection) for one in results} == {(State.SUCCEEDED, "")}
        return engine.output

    return make


async def test_a_clip_is_looked_at_once_and_record_and_ledger_say_what_was_found(tmp_path, veo, gcs, settled_unseen):
    output = await settled_unseen("later-1")
    catalogs = write_small_platforms(tmp_path / "catalogs")
    with open_engine(tmp_path, veo, gcs, output=output, inspect="full", catalogs_dir=catalogs) as engine:
        before = {intent.intent_id: intent for _, intent in engine.ledger.intents()}
        records = {id_: record_of(engine, intent) for id_, intent in before.items()}
        first = (await inspect_unseen(engine)).tally
        again = (await inspect_unseen(engine)).tally
        after = {intent.intent_id: intent for _, intent in engine.ledger.intents()}
        renewed = {id_: record_of(engine, intent) for id_, intent in after.items()}

    assert (first.counts, again.counts) == ({State.SUCCEEDED: 1}, {})
    for id_, intent in after.items():
        assert intent.inspection["status"] == "pass"
        assert set(intent.renditions) == {"small"}
        assert intent.poster_uri.endswith("/poster.jpg")
        paid = ("state", "charged_usd", "video_uris", "finished_at", "operation", "attempt")
        assert [getattr(intent, name) for name in paid] == [getattr(before[id_], name) for name in paid]
        assert renewed[id_].intent.inspection == intent.inspection
        assert [made.platform for made in renewed[id_].renditions] == ["small"]
        assert renewed[id_].intent.finished_at == records[id_].intent.finished_at
        assert renewed[id_].amount_usd == records[id_].amount_usd


async def test_what_was_paid_for_a_verdict_stays_in_the_record(tmp_path, veo, gcs, monkeypatch):
    def die(*_arguments, **_options):
        raise RuntimeError("the machine is gone")

    with open_engine(tmp_path, veo, gcs, judge_model="gemini-3.5-flash-lite", inspect="full") as engine:
        engine.storage.create("inputs/shirt.png", png(64, 64, 200), "image/png")
        asked = replace(clip(), picture=engine.storage.uri("inputs/shirt.png"), platforms=())
        monkeypatch.setattr(engine.ledger, "settle", die)
        with pytest.raises(RuntimeError, match="is gone"):  # it was looked at and judged, and nobody wrote that down
            await producer(engine).produce(Work(asked))
        ((_, intent),) = engine.ledger.intents()
        output = engine.output
    with open_engine(tmp_path, veo, gcs, output=output, inspect_later=True) as engine:
        await producer(engine).follow(asked, intent)
        settled = engine.ledger.intent(intent.intent_id)
        assert (settled.state, settled.inspection) == (State.SUCCEEDED, None)
    with open_engine(tmp_path, veo, gcs, output=output, inspect="full") as engine:
        await inspect_unseen(engine)
        looked_at, record = engine.ledger.intent(intent.intent_id), record_of(engine, settled)
        assert looked_at.inspection is not None
        assert record.intent.inspection == looked_at.inspection
        assert record.verdicts == engine.ledger.verdicts_of(intent.intent_id)
        assert len(record.verdicts) == 1
        assert record.intent.charged_usd == looked_at.charged_usd > record.amount_usd
        with Ledger.open(f"sqlite:///{tmp_path / 'rebuilt.db'}") as rebuilt:
            assert rebuild(rebuilt, engine.storage).clean
            assert rebuilt.run(RUN).spent_usd == engine.ledger.run(RUN).spent_usd == looked_at.charged_usd


@pytest.mark.parametrize("damaged", [b"{}", None])
async def test_a_record_that_is_damaged_or_gone_stays_so_and_keeps_no_clip_from_being_looked_at(
    tmp_path, veo, gcs, settled_unseen, damaged
):
    output = await settled_unseen("later-1", "later-2")
    with open_engine(tmp_path, veo, gcs, output=output, media_workers=1) as engine:
        first = next(intent for _, intent in engine.ledger.intents())
        name = engine.storage.name(first.provenance_uri)
        engine.storage.delete(name)
        if damaged is not None:
            engine.storage.create(name, damaged, "application/json")
        tally = (await inspect_unseen(engine)).tally
        assert tally.counts == {State.SUCCEEDED: 2}
        assert engine.ledger.count_unseen(output=output) == 0
        assert [engine.storage.read(stored.name) for stored in engine.storage.list(name)] == [damaged] * bool(damaged)


async def test_two_workers_never_look_at_the_same_and_one_that_falls_silent_is_followed(
    tmp_path, veo, gcs, settled_unseen
):
    output = await settled_unseen("later-1", "later-2")
    with open_engine(tmp_path, veo, gcs, output=output) as engine:
        ledger, root = engine.ledger, engine.storage.root
        taken = [
            ledger.take_unseen(owner=owner, lease_s=lease_s, output=root, limit=1)
            for owner, lease_s in (("a", 0), ("b", 3600), ("c", 3600), ("d", 3600))
        ]
    ids = [[intent.intent_id for _, intent in found] for found in taken]
    assert ids[0] == ids[1]  # the first worker's lease ended at once
    assert ids[1] != ids[2]
    assert [len(found) for found in ids] == [1, 1, 1, 0]


async def test_what_is_left_when_it_is_stopped_is_counted(tmp_path, veo, gcs, settled_unseen):
    output = await settled_unseen("later-1", "later-2", "later-3")
    with open_engine(tmp_path, veo, gcs, output=output, inspect="header", media_workers=1) as engine:
        found = await inspect_unseen(engine, on_result=lambda _: engine.stop.request())
        seen = sum(found.tally.counts.values())
        assert found.left == 3 - seen > 0


async def test_looking_that_is_switched_off_is_refused_with_the_remedy(tmp_path, veo, gcs, settled_unseen):
    output = await settled_unseen("later-1")
    with (
        open_engine(tmp_path, veo, gcs, output=output, inspect="off") as engine,
        pytest.raises(FixConfiguration, match=r"inspect is off.*full"),
    ):
        await inspect_unseen(engine)


async def test_what_was_looked_at_before_the_database_went_away_is_in_the_tables(
    tmp_path, veo, gcs, settled_unseen, monkeypatch
):
    output = await settled_unseen("later-1", "later-2")
    with open_engine(tmp_path, veo, gcs, output=output, inspect="header", media_workers=1) as engine:
        take, asked = engine.ledger.take_unseen, count()

        def once(**wanted):
            if next(asked):
                raise TryLater("The database does not answer.", "Run the same command again.")
            return take(**wanted)

        monkeypatch.setattr(engine.ledger, "take_unseen", once)
        with pytest.raises(TryLater, match="database"):
            await inspect_unseen(engine)
        written = engine.storage.read(table_name("results", engine.ledger.run(RUN)))
    looked_at = [row["inspection"] is not None for row in pq.read_table(pa.BufferReader(written)).to_pylist()]
    assert sorted(looked_at) == [False, True]


async def test_tables_that_inspecting_cannot_write_are_told_with_the_command_that_does(
    tmp_path, veo, gcs, settled_unseen, monkeypatch
):
    def away(*_arguments):
        raise TryLater("Cloud Storage does not answer.", "Run the same command again.")

    output = await settled_unseen("later-1")
    with open_engine(tmp_path, veo, gcs, output=output, inspect="header") as engine:
        monkeypatch.setattr(type(engine.storage), "upload", away)
        with pytest.raises(TryLater, match=f"reelmill report --rebuild --output {output} and reelmill gallery {RUN}.$"):
            await inspect_unseen(engine)
        assert engine.ledger.count_unseen(output=output, run_id=None) == 0


def record_of(engine, intent):
    name = engine.storage.name(intent.provenance_uri)
    return read_provenance(engine.storage.read(name), name, engine.storage)
