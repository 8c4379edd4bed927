from decimal import Decimal

import orjson
import pytest

from reelmill.ledger.states import State
from reelmill.production.work import Work
from tests.support.production import clip, open_engine, producer


def journal_of(veo, engine):
    return [entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(engine.storage.root)]


def content_type(gcs, uri):
    bucket, _, name = uri.removeprefix("gs://").partition("/")
    return gcs.client().bucket(bucket).get_blob(name).content_type


async def test_a_clip_goes_all_the_way_and_costs_what_the_bank_says(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        result = await producer(engine).produce(Work(clip()))
        (billed,) = journal_of(veo, engine)

        assert result.state is State.SUCCEEDED
        assert result.charged_usd == Decimal("0.20") == Decimal(str(billed["amount_usd"]))
        assert result.inspection == "pass"
        (video,) = result.video_uris
        assert gcs.read(video)[4:8] == b"ftyp"
        assert engine.ledger.audit() == []
        (charge,) = engine.ledger.charges()
        assert charge[1].amount_usd == Decimal("0.20")


async def test_the_provenance_record_lies_beside_the_video(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        await producer(engine).produce(Work(clip()))
        ((_, intent),) = engine.ledger.intents()
        record = orjson.loads(gcs.read(intent.provenance_uri))

    assert record["ai_generated"] is True
    assert record["intent"]["operation"] == intent.operation
    assert Decimal(record["amount_usd"]) == Decimal("0.20")
    assert record["videos"][0]["uri"] == intent.video_uris[0]
    assert intent.poster_uri.endswith("/poster.jpg")
    kinds = {uri: content_type(gcs, uri) for uri in (intent.poster_uri, intent.provenance_uri)}
    assert kinds == {intent.poster_uri: "image/jpeg", intent.provenance_uri: "application/json"}


async def test_a_local_folder_gets_the_video_inline(tmp_path, veo):
    with open_engine(tmp_path, veo) as engine:
        result = await producer(engine).produce(Work(clip("local-1")))

    assert result.state is State.SUCCEEDED
    (video,) = result.video_uris
    assert (tmp_path / "reels").resolve().as_posix() in video


@pytest.mark.parametrize(
    ("fault", "samples", "state", "paid"),
    [
        ("output_filter", 1, State.FILTERED, "0"),
        ("prompt_filter", 1, State.FILTERED, "0"),
        ("partial", 2, State.PARTIAL, "0.20"),
        ("error_13", 1, State.FAILED, "0"),
        ("poll_gone", 1, State.SUCCEEDED, "0.20"),
        ("poll_503", 1, State.SUCCEEDED, "0.20"),
        ("late_done", 1, State.SUCCEEDED, "0.20"),
    ],
)
async def test_outcomes_are_told_apart_and_paid_as_billed(tmp_path, veo, gcs, fault, samples, state, paid):
    with open_engine(tmp_path, veo, gcs) as engine:
        result = await producer(engine).produce(Work(clip(prompt=f"A shirt [[fault:{fault}]]", samples=samples)))
        billed = sum(Decimal(str(entry["amount_usd"])) for entry in journal_of(veo, engine))

    assert result.state is state, result.detail
    assert result.charged_usd == Decimal(paid) == billed


@pytest.mark.parametrize("fault", ["drop_after_accept", "reset_after_accept", "half_body", "503_after", "empty_body"])
async def test_an_unclear_submit_is_sent_once_and_found_by_looking(tmp_path, veo, gcs, fault):
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=20) as engine:
        result = await producer(engine).produce(Work(clip(prompt=f"A shirt [[fault:{fault}]]")))
        billed = journal_of(veo, engine)

    assert len(billed) == 1
    assert result.state is State.SUCCEEDED
    assert result.charged_usd == Decimal(str(billed[0]["amount_usd"])) == Decimal("0.20")


async def test_an_unclear_submit_that_never_arrived_is_lost_and_stays_reserved(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=0.5) as engine:
        result = await producer(engine).produce(Work(clip(prompt="A shirt [[fault:503_before]]")))
        totals = engine.ledger.totals()

    assert result.state is State.LOST
    assert journal_of(veo, engine) == []
    assert totals[State.LOST].reserved_usd == Decimal("0.20")


async def test_an_operation_that_never_ends_expires_and_stays_reserved(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, operation_deadline_s=1) as engine:
        result = await producer(engine).produce(Work(clip(prompt="A shirt [[fault:never_done]]")))
        totals = engine.ledger.totals()

    assert result.state is State.EXPIRED
    assert "settle" in result.detail
    assert totals[State.EXPIRED].reserved_usd == Decimal("0.20")


async def test_a_bad_request_fails_for_good_and_frees_its_money(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        result = await producer(engine).produce(Work(clip(duration_s=5)))
        totals = engine.ledger.totals()

    assert result.state is State.FAILED
    assert "duration" in result.detail.lower()
    assert totals[State.FAILED].reserved_usd == 0
