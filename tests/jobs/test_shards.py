"""A plan on many machines, without Prefect: engines that share a ledger and an output."""

from dataclasses import replace

import orjson
import pytest

from reelmill.errors import FixConfiguration
from reelmill.jobs.engine import Engine
from reelmill.jobs.making import make_clips
from reelmill.jobs.resuming import take_over_of_run
from reelmill.jobs.run_tally import tally_of_run, tally_so_far
from reelmill.jobs.shards import (
    check_shards,
    cut_plan,
    due,
    open_shard,
    planned_in,
    settings_of_child,
    works_of_the_run_itself,
)
from reelmill.ledger.records import RunStatus
from reelmill.ledger.states import State
from reelmill.planning.actions import PlannedClip
from reelmill.planning.spool import Spool
from reelmill.production.owner import current_owner
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from reelmill.settings import load_settings
from tests.support.production import RUN, clip, open_engine, producer, rehearsal


def spool_of(*clips, sources=None):
    spool = Spool()
    for each in clips:
        spool.make(PlannedClip(each, sources=sources or {}))
    return spool


def bowls(count, word=""):
    return [clip(f"BOWL-{number}", f"Bowl {number} turns. {word}") for number in range(count)]


@pytest.fixture
def engine(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, shard_clips=2) as opened:
        yield opened


def test_a_plan_is_cut_once_and_every_clip_is_in_one_shard(engine):
    with spool_of(*bowls(5)) as spool:
        shards = cut_plan(engine, RUN, spool)
        again = cut_plan(engine, RUN, spool)

    assert again == shards
    assert [shard.clips for shard in shards] == [2, 2, 1]
    assert [found.name for found in engine.storage.list("plans/")] == [shard.name for shard in shards]
    read = [planned.clip.sku for shard in shards for planned in planned_in(engine, shard)]
    assert read == [f"BOWL-{number}" for number in range(5)]


def test_another_plan_under_the_same_name_is_refused(engine):
    with spool_of(*bowls(2)) as spool, spool_of(*bowls(2, "Slowly.")) as other:
        cut_plan(engine, RUN, spool)
        with pytest.raises(FixConfiguration, match="shard-00001"):
            cut_plan(engine, RUN, other)


def test_a_shard_that_somebody_changed_or_removed_is_refused_by_name(engine):
    with spool_of(*bowls(2)) as spool:
        (shard,) = cut_plan(engine, RUN, spool)
    engine.storage.replace(shard.name, b"cheaper clips", "application/gzip")

    with pytest.raises(FixConfiguration, match=r"shard-00001.*not the file that the run wrote"):
        open_shard(engine, shard)
    with pytest.raises(FixConfiguration, match=r"gs://.*shard-00009.*is not there"):
        open_shard(engine, replace(shard, name=shard.name.replace("00001", "00009")))


def test_clips_with_signed_pictures_stay_with_the_run(engine):
    signed = {"https://shop.example.com/1.jpg#signed": "https://shop.example.com/1.jpg?X-Goog-Signature=SECRET"}
    with spool_of(*bowls(3)) as spool:
        spool.make(PlannedClip(clip("SIGNED"), sources=signed))
        shards = cut_plan(engine, RUN, spool)
        resumed = Work(clip("RESUMED"))
        own = list(works_of_the_run_itself([resumed], spool))

    assert sum(shard.clips for shard in shards) == 3
    assert [work.clip.sku for work in own] == ["RESUMED", "SIGNED"]
    assert own[1].sources == signed
    assert all(b"SECRET" not in engine.storage.read(shard.name) for shard in shards)


@pytest.mark.parametrize("status", [RunStatus.STOPPED, RunStatus.FAILED, RunStatus.COMPLETED])
def test_a_shard_is_void_once_its_run_has_ended(engine, status):
    with spool_of(*bowls(1)) as spool:
        (shard,) = cut_plan(engine, RUN, spool)
    engine.ledger.finish_run(RUN, status)

    with pytest.raises(FixConfiguration, match=status.value):
        open_shard(engine, shard)


def test_a_worker_with_another_ledger_or_output_is_told_so(tmp_path, veo, gcs, engine):
    with spool_of(*bowls(1)) as spool:
        (shard,) = cut_plan(engine, RUN, spool)
    elsewhere = load_settings(**rehearsal(tmp_path, veo, gcs, ledger_url=f"sqlite:///{tmp_path / 'other.db'}"))
    with Engine(elsewhere, engine.output) as other, pytest.raises(FixConfiguration, match="REELMILL_LEDGER_URL"):
        open_shard(other, shard)
    with (
        Engine(engine.settings, f"gs://{gcs.bucket()}/other") as other,
        pytest.raises(FixConfiguration, match="is void"),
    ):
        open_shard(other, shard)


def test_shards_are_refused_where_others_cannot_reach_ledger_or_output(tmp_path, veo, gcs, engine):
    with pytest.raises(FixConfiguration, match=r"SQLite.*shard_clips to 0"):
        check_shards(engine)
    engine.settings = engine.settings.model_copy(update={"ledger_url": "postgresql://db/ledger"})
    check_shards(engine)
    with open_engine(tmp_path / "folder", veo) as local:
        local.settings = engine.settings
        with pytest.raises(FixConfiguration, match=r"folder of this machine.*gs://"):
            check_shards(local)


async def test_two_machines_make_a_plan_and_the_ledger_tells_what_one_would_have_counted(tmp_path, veo, gcs, engine):
    faulty = clip("BAD", "Bowl [[fault:output_filter]]")
    with spool_of(*bowls(3, tmp_path.name), faulty) as spool:
        shards = cut_plan(engine, RUN, spool)
        counted = []
        for shard in shards:
            with Engine(engine.settings, engine.output) as machine:
                works = open_shard(machine, shard)
                counted.append(await make_clips(machine, works, producer(machine).produce))
                assert due(machine, planned_in(machine, shard)) == []
                assert open_shard(machine, shard) == []
        whole = tally_of_run(engine, RUN, spool)

    assert whole.counts == {State.SUCCEEDED: 3, State.FILTERED: 1}
    assert whole.counts == counted[0].counts + counted[1].counts
    assert whole.spent_usd == sum(tally.spent_usd for tally in counted)
    assert whole.attention == sum(tally.attention for tally in counted) == 1
    assert whole.filtered == counted[0].filtered + counted[1].filtered
    assert (whole.by_others, whole.runs) == (0, {RUN})
    shown = tally_so_far(engine, RUN)
    assert (shown.counts, shown.spent_usd) == (whole.counts, whole.spent_usd)


async def test_what_a_dead_machine_left_is_taken_over_or_due_again(tmp_path, veo, gcs, engine):
    sent, waiting = bowls(2, tmp_path.name)
    with spool_of(sent, waiting) as spool:
        (shard,) = cut_plan(engine, RUN, spool)
        with Engine(engine.settings, engine.output, owner=a_process_that_is_gone()) as machine:
            first, second = open_shard(machine, shard)

            async def leave_when_sent(work):
                return await producer(machine).produce(work, on_sent=machine.stop.leave)

            await make_clips(machine, [first], leave_when_sent)
            authorise(machine.studio(), second, RUN)

        taken = take_over_of_run(engine, RUN)

        assert ([work.clip for work in taken.works], taken.released) == ([sent], 1)
        assert taken.clip_ids == {sent.clip_id, waiting.clip_id}
        assert [work.clip for work in open_shard(engine, shard)] == [waiting]
        assert engine.ledger.run(RUN).status is RunStatus.RUNNING


def a_process_that_is_gone() -> str:
    host, boot, pid, start, _ = current_owner().split("/")
    return f"{host}/{boot}/{pid}/{int(start) - 1}/gone"


def test_a_child_has_the_settings_of_its_run_and_its_own_secrets(monkeypatch, tmp_path, veo, gcs):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "of-the-worker")
    monkeypatch.setenv("REELMILL_MODEL", "veo-3.1-generate-001")
    monkeypatch.setenv("REELMILL_CAP_DAY_USD", "1000")
    monkeypatch.setenv("REELMILL_WEBHOOK_SECRET", "whsec_b3duLXNlY3JldC1vZi10aGUtd29ya2Vy")
    chosen = {
        "model": "veo-3.1-lite-generate-001",
        "cap_run_usd": "7.25",
        "cap_day_usd": "20",
        "platforms": "tiktok,youtube",
        "vertex_token": "SECRET-token",
        "cms_token": "SECRET-token",
        "webhook_secret": "whsec_U0VDUkVULW9mLXRoZS1wYXJlbnQ=",
        "webhook_url": "https://hooks.example.com/SECRET-path",
        "cms_url": "https://cms.example.com/SECRET-path",
        "ledger_url": "postgresql://me:SECRET-password@db/ledger",
    }
    parent = load_settings(**rehearsal(tmp_path, veo, gcs, **chosen))
    sent = orjson.loads(orjson.dumps(settings_of_child(parent)))  # through Prefect's API and back
    child = load_settings(**sent)

    assert "SECRET" not in repr(sent)
    assert child.webhook_secret.get_secret_value() == "whsec_b3duLXNlY3JldC1vZi10aGUtd29ya2Vy"
    own = {
        "vertex_token",
        "cms_token",
        "webhook_secret",
        "webhook_url",
        "cms_url",
        "ledger_url",
        "output",
        "catalogs_dir",
        "credentials_file",
        "storage_emulator_host",
    }
    for name in type(parent).model_fields:
        if name not in own:
            assert getattr(child, name) == getattr(parent, name), name
    assert child.rehearsal
