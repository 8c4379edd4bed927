"""Filtered clips retried in softer words: what is sent, how often, and what is left alone."""

import asyncio
import shutil
from dataclasses import MISSING, fields, replace
from decimal import Decimal
from pathlib import Path

import orjson
import pytest

from reelmill.errors import LookFirst, RaiseCap, TryLater
from reelmill.jobs.resuming import adopt_abandoned
from reelmill.jobs.settling import settle
from reelmill.ledger.records import Caps
from reelmill.ledger.states import State
from reelmill.production.producer import Producer
from reelmill.production.retrying import with_retries
from reelmill.production.sending import authorise, send
from reelmill.production.studio import Studio
from reelmill.production.work import Work
from reelmill.report.rows import result_row
from tests.support.production import RUN, clip, open_engine, producer

CONTENT = Path(__file__).parents[2] / "catalogs"
RULES = """
[[default.step]]
drop = ["battle"]
say = ["A calm film."]
negative = ["weapons"]
[[default.step]]
say = ["All is at rest."]
"""
ONCE = "A linen shirt turns. It goes to battle [[fault:prompt_filter]]."  # softening leaves the second sentence out
ALWAYS = "A linen shirt turns [[fault:output_filter]]."


@pytest.fixture
def content(tmp_path):
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    (folder / "prompts" / "soften.toml").write_text(RULES)
    return folder


@pytest.fixture
def workshop(tmp_path, veo, gcs, content):
    def opened(retries=2, **changes):
        return open_engine(tmp_path, veo, gcs, filtered_retries=retries, catalogs_dir=content, **changes)

    return opened


def billed(veo, engine):
    return [entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(engine.storage.root)]


def attempts(engine):
    return [intent for _, intent in engine.ledger.intents()]


async def test_a_filtered_clip_is_retried_in_softer_words_and_delivered(workshop, veo, gcs):
    with workshop() as engine:
        result = await producer(engine).produce(Work(clip(prompt=ONCE, negative_prompt="captions")))
        first, second = attempts(engine)
        entries = billed(veo, engine)
        rows = [result_row(made, intent) for made, intent in engine.ledger.intents()]
        record = orjson.loads(gcs.read(second.provenance_uri))

        assert (result.state, result.charged_usd) == (State.SUCCEEDED, Decimal("0.20"))
        assert (first.state, first.softening) == (State.FILTERED, 0)
        assert (second.state, second.attempt, second.softening) == (State.SUCCEEDED, 2, 1)
        assert "Not retried" not in first.error_message
        softened = "A linen shirt turns.\nA calm film."
        assert [entry["prompt"] for entry in entries] == [ONCE, softened]
        assert [entry["labels"]["intent"] for entry in entries] == [first.intent_id, second.intent_id]
        assert sum(Decimal(entry["amount_usd"]) for entry in entries) == Decimal("0.20")
        assert [(row["prompt"], row["negative_prompt"], row["softening"]) for row in rows] == [
            (ONCE, "captions", 0),
            (softened, "captions, weapons", 1),
        ]
        assert record["intent"]["sent_prompt"] == softened
        assert engine.ledger.clip(first.clip_id).request.prompt == ONCE
        assert engine.ledger.audit() == []


async def test_the_bound_holds_and_the_same_command_does_not_start_the_count_again(workshop, veo):
    with workshop() as engine:
        asked = clip(prompt=ALWAYS)
        result = await producer(engine).produce(Work(asked))
        made = attempts(engine)
        assert [intent.softening for intent in made] == [0, 1, 2]
        assert [entry["prompt"].count("\n") for entry in billed(veo, engine)] == [0, 1, 2]
        assert result.state is State.FILTERED
        assert "Not retried: it was retried 2 times with softened prompts" in result.detail

        for work in (Work(asked), Work(asked, soften=True, after=made[-1].intent_id)):
            again = await producer(engine).produce(work)
            assert again.by_another_run
            assert "Run `reelmill" in again.detail  # why, and what to do
        assert len(attempts(engine)) == len(billed(veo, engine)) == 3

        redriven = await producer(engine).produce(Work(asked, again=True, after=made[-1].intent_id))
        assert redriven.state is State.FILTERED
        assert [intent.softening for intent in attempts(engine)] == [0, 1, 2, 0, 1, 2]
        assert engine.ledger.audit() == []


async def test_without_the_policy_nothing_is_retried(workshop, veo):
    with workshop(retries=0) as engine:
        result = await producer(engine).produce(Work(clip(prompt=ONCE)))
        assert result.state is State.FILTERED
        assert "Not retried" not in result.detail
        assert len(billed(veo, engine)) == 1


async def test_a_studio_that_was_given_no_softener_retries_nothing_either(workshop, veo):
    with workshop() as engine:
        given = engine.studio()
        needed = [field.name for field in fields(Studio) if field.default is MISSING is field.default_factory]
        bare = Studio(**{name: getattr(given, name) for name in needed})
        result = await Producer(bare, RUN).produce(Work(clip(prompt=ONCE)))
        assert result.state is State.FILTERED
        assert len(billed(veo, engine)) == 1


async def test_a_filtered_picture_is_not_retried_and_says_so(workshop, veo):
    with workshop() as engine:
        result = await producer(engine).produce(Work(clip(prompt="A shirt turns [[fault:image_filter]].")))
        assert result.state is State.FILTERED
        assert "Change the picture, not the prompt" in result.detail
        assert "Not retried: the filter struck the picture" in result.detail
        assert len(billed(veo, engine)) == 1


async def test_of_two_workers_with_the_same_plan_one_retries(workshop, veo):
    with workshop(retries=0) as first:
        asked = clip(prompt=ONCE)
        await producer(first).produce(Work(asked))
        (filtered,) = attempts(first)
        retry = Work(asked, soften=True, after=filtered.intent_id)
        root = first.storage.root
        with workshop(output=root) as one, workshop(output=root) as two:
            results = await asyncio.gather(producer(one).produce(retry), producer(two).produce(retry))
            assert sorted(result.by_another_run for result in results) == [False, True]
            assert len(billed(veo, one)) == len(attempts(one)) == 2
            assert one.ledger.audit() == []


async def test_a_cap_stops_the_retry_and_closes_the_run(workshop, veo):
    with workshop() as engine:
        asked = clip(prompt=ONCE)
        studio = engine.studio()
        off = Producer(replace(studio, softener=None), RUN)
        await off.produce(Work(asked))
        (filtered,) = attempts(engine)

        capped = Producer(replace(studio, caps=Caps(run_usd=Decimal("0.19"))), RUN)
        made = await with_retries(capped.studio, Work(asked), filtered, capped._attempt)
        assert made == [filtered]
        assert isinstance(engine.stop.error, RaiseCap)
        assert engine.stop.closed
        assert len(billed(veo, engine)) == len(attempts(engine)) == 1


async def test_an_error_of_the_retry_stops_the_run_and_what_was_paid_before_counts(workshop):
    async def refuse(_work):
        raise TryLater("Vertex AI kept answering 429.", "Run it later.")

    with workshop() as engine:
        asked = clip(prompt=ONCE)
        await Producer(replace(engine.studio(), softener=None), RUN).produce(Work(asked))
        (filtered,) = attempts(engine)
        assert await with_retries(engine.studio(), Work(asked), filtered, refuse) == [filtered]
        assert isinstance(engine.stop.error, TryLater)
        assert engine.stop.requested


async def test_a_stopped_run_retries_nothing(workshop, veo):
    with workshop(poll_interval_s=1) as engine:
        made = producer(engine)
        task = asyncio.create_task(made.produce(Work(clip(prompt=ALWAYS))))
        while not any(intent.state is State.SUBMITTED for intent in attempts(engine)):
            await asyncio.sleep(0.01)
        engine.stop.request()
        result = await task
        assert result.state is State.FILTERED
        assert len(billed(veo, engine)) == 1


async def test_a_retry_that_a_dead_worker_left_unsent_is_sent_as_it_was_recorded(workshop, veo, content):
    with workshop(retries=0) as engine:
        asked, root = clip(prompt=ONCE), engine.storage.root
        await producer(engine).produce(Work(asked))
        (filtered,) = attempts(engine)
    with workshop(output=root, lease_s=1) as dead:
        retry = Work(asked, soften=True, after=filtered.intent_id)
        left = authorise(dead.studio(), retry, RUN)
        assert left.sent_prompt == "A linen shirt turns.\nA calm film."
    (content / "prompts" / "soften.toml").write_text('[[default.step]]\nsay = ["Something else."]\n')
    with workshop(output=root) as engine:
        while not adopted(engine, left):
            await asyncio.sleep(0.05)
        result = await producer(engine).produce(Work(asked, after=left.intent_id))
        assert result.state is State.SUCCEEDED
        assert [entry["prompt"] for entry in billed(veo, engine)] == [ONCE, left.sent_prompt]
        assert [intent.softening for intent in attempts(engine)] == [0, 1, 1]
        assert engine.ledger.audit() == []


def adopted(engine, intent):
    assert adopt_abandoned(engine) == []
    return engine.ledger.intent(intent.intent_id).state is State.RELEASED


async def test_settling_never_pays_for_a_retry(workshop, veo):
    with workshop() as engine:
        asked, studio = clip(prompt=ONCE), engine.studio()
        intent = await send(studio, asked, authorise(studio, Work(asked), RUN))
        settled = await settle(engine, adopted=[Work(asked, intent)])
        assert dict(settled.tally.counts) == {State.FILTERED: 1}
        assert len(billed(veo, engine)) == len(attempts(engine)) == 1


async def test_a_retry_of_what_is_not_filtered_is_refused(workshop):
    with workshop() as engine:
        asked, studio = clip(), engine.studio()
        made = await producer(engine).produce(Work(asked))
        (intent,) = attempts(engine)
        assert made.state is State.SUCCEEDED
        with pytest.raises(LookFirst, match="not filtered"):
            authorise(studio, Work(asked, soften=True, after=intent.intent_id), RUN)
