"""Tables that could not be written when something changed: the error names the commands that write them."""

import errno
import logging
import re
import shlex

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reelmill.errors import ExitCode, FixAccess, TryLater
from reelmill.jobs.accounting import close_abandoned_runs, ended_if_broken_off
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork
from reelmill.jobs.galleries import gallery_index
from reelmill.jobs.projections import bring_up_to_date
from reelmill.jobs.settling import settle
from reelmill.ledger.records import Run, RunStatus
from reelmill.ledger.states import State
from reelmill.production.sending import authorise, send
from reelmill.production.work import Work
from reelmill.report.tables import table_name
from reelmill.settings import load_settings
from tests.ledger.making import bring_to
from tests.support.production import RUN, clip, open_engine

GONE = "machine-two/0a1b2c3d/4711/99/deadbeef"
UNWRITTEN = "Tables and gallery were not written: "


@pytest.fixture
def folder(tmp_path):
    """An output whose name a shell would take for two."""
    (tmp_path / "my reels").mkdir()
    return tmp_path / "my reels"


@pytest.fixture
def engine(tmp_path, folder, monkeypatch):
    """A run with one delivered clip, in the ledger that the command line finds."""
    monkeypatch.setenv("REELMILL_LEDGER_URL", f"sqlite:///{tmp_path / 'ledger.db'}")
    with Engine(load_settings(), str(folder)) as engine:
        begin(engine, RUN)
        bring_to(engine.ledger, State.SUCCEEDED, clip(), run_id=RUN, output=engine.storage.root, owner=GONE)
        yield engine


def begin(engine, run_id, owner=""):
    engine.ledger.start_run(Run(run_id=run_id, output=engine.storage.root, parameters={"owner": owner}))


def block(folder):
    """A file where the folder of tables should be; removing it mends the storage."""
    in_the_way = folder / "tables"
    in_the_way.write_text("in the way")
    return in_the_way


def rows(engine, table, run_id=RUN):
    data = engine.storage.read(table_name(table, engine.ledger.run(run_id)))
    return pq.read_table(pa.BufferReader(data)).to_pylist()


def test_what_the_remedy_names_writes_what_could_not_be_written(engine, folder, reelmill):
    in_the_way = block(folder)
    with pytest.raises(FixAccess, match=UNWRITTEN) as failed:
        bring_up_to_date(engine, [RUN])
    in_the_way.unlink()

    commands = re.findall(r"reelmill (report --rebuild --output '.*?'|gallery [\w-]+)", failed.value.remedy)
    assert [reelmill(*shlex.split(command))[0] for command in commands] == [ExitCode.OK, ExitCode.OK]
    assert len(rows(engine, "results")) == 1
    assert engine.storage.list(gallery_index(RUN))


def test_every_run_without_its_gallery_is_named_but_never_too_many(engine, folder):
    block(folder)
    for number in range(2, 6):
        begin(engine, f"run-{number}")
    with pytest.raises(FixAccess, match="for each of run-1, run-2, reelmill gallery RUN"):
        bring_up_to_date(engine, ["run-2", "run-1"])
    with pytest.raises(FixAccess, match="for each of run-1, run-2, run-3 and 2 more, reelmill gallery RUN"):
        bring_up_to_date(engine, [f"run-{number}" for number in range(1, 6)])


def test_no_gallery_is_asked_for_where_none_is_wanted(engine, folder):
    block(folder)
    engine.settings = engine.settings.model_copy(update={"gallery": False})
    with pytest.raises(FixAccess) as failed:
        bring_up_to_date(engine, [RUN])
    assert failed.value.remedy.endswith(f"run reelmill report --rebuild --output '{folder}'.")


def test_abandoned_runs_end_and_the_command_that_cannot_write_them_says_what_does(engine, folder, monkeypatch):
    monkeypatch.setattr("reelmill.jobs.accounting.is_gone", lambda owner: owner == GONE)
    begin(engine, "run-2", GONE)
    in_the_way = block(folder)
    with pytest.raises(FixAccess, match=UNWRITTEN) as failed:
        close_abandoned_runs(engine)
    told = "reelmill report --rebuild .* and reelmill gallery run-2. Then run the same command again.$"
    assert re.search(told, str(failed.value))
    assert engine.ledger.run("run-2").status is RunStatus.FAILED

    in_the_way.unlink()
    assert close_abandoned_runs(engine) == []  # so that the same command alone would never write them


def break_off(engine, error, ended=None):
    with ended_if_broken_off(engine, RUN):
        if ended is not None:
            engine.ledger.finish_run(RUN, ended)
        raise error


@pytest.mark.parametrize(
    ("error", "ended", "status"),
    [(RuntimeError, None, "failed"), (KeyboardInterrupt, None, "stopped"), (RuntimeError, RunStatus.CAPPED, "capped")],
)
def test_a_run_that_is_broken_off_has_its_tables(engine, error, ended, status):
    with pytest.raises(error):
        break_off(engine, error, ended)
    assert [row["status"] for row in rows(engine, "runs")] == [status]
    assert engine.storage.list(gallery_index(RUN))


def test_what_broke_a_run_off_is_raised_although_its_tables_cannot_be_written(engine, folder, caplog):
    block(folder)
    with caplog.at_level(logging.WARNING), pytest.raises(RuntimeError, match="the bug"):
        break_off(engine, RuntimeError("the bug"))
    assert "reelmill report --rebuild" in caplog.text
    assert engine.ledger.run(RUN).status is RunStatus.FAILED


@pytest.fixture
async def sent(folder, tmp_path, veo):
    """A clip on its way, and the engine that settles it."""
    with open_engine(tmp_path, veo, output=str(folder)) as engine:
        intent = authorise(engine.studio(), Work(clip()), RUN)
        intent = await send(engine.studio(), clip(), intent)
        yield engine, Work(clip(), intent)


async def test_what_settling_charged_is_told_with_how_to_have_its_tables(sent, folder):
    engine, work = sent
    block(folder)
    settled = await settle(engine, adopted=[work])

    assert (settled.tables, settled.tally.spent_usd) == ((), engine.ledger.run(RUN).spent_usd)
    assert settled.tally.spent_usd > 0
    assert re.search(f"{UNWRITTEN}.*reelmill report --rebuild .* and reelmill gallery {RUN}.$", str(settled.trouble))


async def test_what_settling_charged_is_written_although_no_film_could_be_stitched(sent, monkeypatch):
    async def away(engine):
        raise TryLater("The database does not answer.", "Run the same command again.")

    engine, work = sent
    monkeypatch.setattr("reelmill.jobs.settling.stitch_films", away)
    settled = await settle(engine, adopted=[work])

    assert str(settled.trouble) == "The database does not answer. Run the same command again."
    assert settled.films == FilmWork()
    assert [row["status"] for row in rows(engine, "results")] == ["succeeded"]


@pytest.mark.parametrize("broken", ["pyarrow.parquet.ParquetWriter", "tempfile.SpooledTemporaryFile"])
def test_a_full_disk_of_this_machine_is_told_like_a_storage_that_takes_no_tables(engine, monkeypatch, broken):
    def no_room(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(broken, no_room)
    with pytest.raises(TryLater, match="No space left on device") as caught:
        bring_up_to_date(engine, [RUN])
    assert caught.value.problem.startswith(UNWRITTEN)
    assert "report --rebuild" in caught.value.remedy


def test_a_machine_without_a_temporary_folder_is_told_like_one_whose_disk_is_full(engine, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "unmounted"))
    with pytest.raises(TryLater, match="no room for the tables") as caught:
        bring_up_to_date(engine, [RUN])
    assert "report --rebuild" in caught.value.remedy
