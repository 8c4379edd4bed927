"""The database is gone, or older than the bucket: what was paid comes back, and nothing is paid again."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from reelmill.errors import LookFirst
from reelmill.jobs.engine import Engine
from reelmill.jobs.rebuilding import rebuild
from reelmill.jobs.settling import settle
from reelmill.ledger.backup import back_up
from reelmill.ledger.records import BudgetScope, Caps
from reelmill.ledger.restoring import restore
from reelmill.ledger.schema import clips, intents
from reelmill.ledger.states import State
from reelmill.production.sending import authorise, send
from reelmill.production.work import Work
from reelmill.report.rows import result_row, spend_row
from reelmill.report.tables import table_name
from reelmill.settings import load_settings
from tests.support.production import RUN, clip, open_engine, producer, rehearsal

ALL_ENDS = [
    replace(clip("plain ½/../x", samples=2), brand="Marrow & Pine", campaign="Spring 27", category="Größe > ½"),
    clip("partial", prompt="A shirt [[fault:partial]]", samples=2),
    clip("silent", prompt="A shirt [[fault:drop_after_accept]]"),
    clip("filtered", prompt="A shirt [[fault:output_filter]]"),
    clip("failed", prompt="A shirt [[fault:error_13]]"),
]
PAID = 3


def billed(veo, engine) -> Decimal:
    mine = [entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(engine.storage.root)]
    return sum((Decimal(entry["amount_usd"]) for entry in mine), Decimal(0))


def charged(engine) -> Decimal:
    return sum((charge.amount_usd for _, charge in engine.ledger.charges()), Decimal(0))


def spends(engine) -> list[dict]:
    """The rows of the spend table; the moment of a rebuilt charge is that of its record."""
    rows = [spend_row(clip, charge) for clip, charge in engine.ledger.charges()]
    return sorted(({**row, "charged_at": None} for row in rows), key=lambda row: row["clip_id"])


def results(engine) -> list[dict]:
    rows = [result_row(clip, intent) for clip, intent in engine.ledger.intents(states=[State.SUCCEEDED, State.PARTIAL])]
    return sorted(({**row, "finished_at": None} for row in rows), key=lambda row: row["clip_id"])


async def make(engine, *clips) -> None:
    await asyncio.gather(*[producer(engine).produce(Work(one)) for one in clips])


def lose_ledger(folder: Path) -> None:
    for path in folder.glob("ledger.db*"):
        path.unlink()


def reopened(folder, veo, gcs, output, **changes) -> Engine:
    """An engine that starts no run."""
    return Engine(load_settings(**rehearsal(folder, veo, gcs, **changes)), output)


async def test_a_lost_ledger_is_rebuilt_to_the_cent_from_the_bucket(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=60) as engine:
        await make(engine, *ALL_ENDS)
        output, due = engine.storage.root, billed(veo, engine)
        spent, made, run = spends(engine), results(engine), engine.ledger.run(RUN)
        day = next(charge for _, charge in engine.ledger.charges()).charged_at.strftime("%Y-%m-%d")
    assert due > 0

    lose_ledger(tmp_path)
    with reopened(tmp_path, veo, gcs, output) as engine:
        tried = rebuild(engine.ledger, engine.storage, dry_run=True)
        assert (tried.counts["added"], tried.added_usd, charged(engine)) == (PAID, due, 0)
        assert engine.ledger.runs() == []

        first = rebuild(engine.ledger, engine.storage)
        assert (first.clean, first.counts["added"], first.added_usd) == (True, PAID, due)
        assert charged(engine) == due
        assert (spends(engine), results(engine)) == (spent, made)
        assert engine.ledger.budget(BudgetScope.DAY, day).spent_usd == due
        assert table_name("spend", engine.ledger.run(RUN)) == table_name("spend", run)

        again = rebuild(engine.ledger, engine.storage)
        assert (again.clean, dict(again.counts), again.added_usd) == (True, {"known": PAID}, 0)
        assert charged(engine) == due


async def test_a_local_folder_is_rebuilt_too(tmp_path, veo):
    with open_engine(tmp_path, veo) as engine:
        await make(engine, clip("here"))
        output, spent = engine.storage.root, spends(engine)
    lose_ledger(tmp_path)
    with reopened(tmp_path, veo, None, output) as engine:
        assert rebuild(engine.ledger, engine.storage).clean
        assert spends(engine) == spent


@pytest.mark.parametrize("marked", [False, True], ids=["authorised", "sending"])
async def test_what_an_old_backup_calls_unsent_is_found_and_paid_once(tmp_path, veo, gcs, marked):
    """The back-up knows only the promise; the clip is sent, made and billed afterwards."""
    backup = tmp_path / "backup.db"
    with open_engine(tmp_path, veo, gcs, unclear_wait_s=60) as engine:
        url, output, studio = engine.settings.ledger_url, engine.storage.root, engine.studio()
        intent = authorise(studio, Work(clip()), RUN)
        if not marked:
            back_up(url, backup)
            await send(studio, clip(), intent)
        else:
            engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
            back_up(url, backup)
            engine.ledger.refused(intent.intent_id, code="http_429", message="later", final=False)
            await send(studio, clip(), intent)
        await producer(engine).follow(clip(), engine.ledger.intent(intent.intent_id))
        due = billed(veo, engine)
        (video,) = engine.ledger.intent(intent.intent_id).video_uris

    lose_ledger(tmp_path)
    assert restore(url, backup).doubtful == 1
    with reopened(tmp_path, veo, gcs, output, unclear_wait_s=60) as engine:
        settled = await settle(engine)
        found = engine.ledger.intent(intent.intent_id)
        assert (settled.looked_at, found.state, found.video_uris) == (1, State.SUCCEEDED, (video,))
        with pytest.raises(LookFirst):
            authorise(engine.studio(), Work(clip()), RUN)
        assert charged(engine) == billed(veo, engine) == due > 0
        assert engine.ledger.audit() == []
        assert rebuild(engine.ledger, engine.storage).counts == {"known": 1}


async def test_the_records_settle_what_the_ledger_holds_unsettled(tmp_path, veo, gcs):
    """Also in a database copied back without a restore, whose AUTHORISED were in fact sent."""
    states = [State.AUTHORISED, State.SENDING, State.SUBMITTED, State.UNKNOWN, State.LOST, State.EXPIRED]
    with open_engine(tmp_path, veo, gcs) as engine:
        await make(engine, *[clip(f"was-{state}") for state in states])
        made = {clip.sku: (clip, intent) for clip, intent in engine.ledger.intents()}
        output, due, spent = engine.storage.root, billed(veo, engine), spends(engine)
    lose_ledger(tmp_path)
    with open_engine(tmp_path, veo, gcs, output=output) as engine:
        for state in states:
            bring_back(engine.ledger, state, *made[f"was-{state}"])
        done = rebuild(engine.ledger, engine.storage)
        assert (done.clean, dict(done.counts), done.settled_usd) == (True, {"settled": len(states)}, due)
        assert (charged(engine), spends(engine)) == (due, spent)
        assert rebuild(engine.ledger, engine.storage).counts == {"known": len(states)}


def bring_back(ledger, state, asked, intent) -> None:
    """The same intent as an older ledger would have held it."""
    made = ledger.authorise(
        asked,
        run_id=RUN,
        output=intent.output,
        output_prefix_for=lambda *_: intent.output_prefix,
        owner="gone",
        lease_s=0,
        caps=Caps(),
    )
    with ledger._db.writing() as connection:
        connection.execute(
            update(intents).where(intents.c.intent_id == made.intent_id).values(intent_id=intent.intent_id)
        )
        connection.execute(
            update(clips).where(clips.c.clip_id == asked.clip_id).values(latest_intent_id=intent.intent_id)
        )
    if state is State.AUTHORISED:
        return
    ledger.mark_sending(intent.intent_id, owner="gone", lease_s=0)
    if state in (State.SUBMITTED, State.EXPIRED):
        ledger.accepted(intent.intent_id, intent.operation)
    elif state is not State.SENDING:
        ledger.unclear(intent.intent_id, "dropped")
    if state is State.LOST:
        ledger.lost(intent.intent_id)
    if state is State.EXPIRED:
        ledger.expired(intent.intent_id, "late")
