"""What people read when the database will not: what to do, and never the password."""

import socket
import sqlite3
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from reelmill.errors import FixAccess, FixConfiguration, LookFirst, TryLater
from reelmill.ledger.database import Database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.faults import place, translated
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, authorise, bring_to, known, settlement

SECRET = "hunter2-o-so-secret"


@pytest.mark.parametrize(
    "url",
    ["", "ledger.db", "mysql://root@host/db", "sqlite://", "sqlite:///:memory:", f"oracle://me:{SECRET}@h/x", SECRET],
)
def test_a_url_that_cannot_be_a_ledger_is_refused_without_being_shown(url):
    with pytest.raises(FixConfiguration, match="REELMILL_LEDGER_URL") as refusal:
        Ledger.open(url)
    assert SECRET not in str(refusal.value)


def test_the_end_of_a_password_is_not_taken_for_a_host():
    with pytest.raises(FixConfiguration, match="%40 in REELMILL_LEDGER_URL") as refusal:
        Ledger.open(f"postgresql://ada:p@{SECRET}@localhost/books")
    assert SECRET not in str(refusal.value)
    assert parse_url(f"postgresql://ada:p%40{SECRET}@localhost/books").password == f"p@{SECRET}"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_uses_our_driver(scheme):
    assert parse_url(f"{scheme}://me:pw@db.example.com:5433/reels").drivername == "postgresql+psycopg"


def test_a_relative_path_stays_where_it_was_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Ledger.open("sqlite:///deep/folder/ledger.db") as ledger:
        monkeypatch.chdir("/")
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
    assert (tmp_path / "deep/folder/ledger.db").stat().st_size > 0


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FixAccess, match="REELMILL_LEDGER_URL"):
        Ledger.open(f"sqlite:///{tmp_path}/file/ledger.db")


def test_a_path_that_is_a_folder(tmp_path):
    with pytest.raises(FixAccess, match="writable"):
        Ledger.open(f"sqlite:///{tmp_path}")


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "ledger.db").write_text("sku,title\n" * 500)
    with pytest.raises(FixConfiguration, match="restore a back-up"):
        Ledger.open(f"sqlite:///{tmp_path}/ledger.db")


def test_a_database_locked_for_too_long(tmp_path):
    url = make_url(f"sqlite:///{tmp_path}/ledger.db")
    holder = sqlite3.connect(url.database, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    engine = create_engine(url, connect_args={"timeout": 0})
    with pytest.raises(TryLater, match=r"database is locked\. Run the same command again"), translated(url):
        engine.connect().exec_driver_sql("CREATE TABLE x (y)")
    holder.close()
    engine.dispose()


def test_a_server_that_is_not_there(free_port):
    with pytest.raises(TryLater) as refusal:
        Ledger.open(f"postgresql://me:{SECRET}@127.0.0.1:{free_port}/reels")
    assert "reels on 127.0.0.1" in str(refusal.value)
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


@pytest.fixture
def free_port():
    with socket.socket() as probe:  # bound but not listening: it refuses
        probe.bind(("127.0.0.1", 0))
        yield probe.getsockname()[1]


def test_a_wrong_password_and_a_missing_database(server):
    good = make_url(server.url("postgres"))
    for wrong in (good.set(password=SECRET), good.set(username="nobody"), good.set(database="nowhere")):
        with pytest.raises(FixAccess, match="REELMILL_LEDGER_URL") as refusal:
            Ledger.open(wrong.render_as_string(hide_password=False))
        assert SECRET not in str(refusal.value)
        assert server.password not in str(refusal.value)


def test_the_place_is_shown_without_user_password_and_options():
    url = make_url(f"postgresql://me:{SECRET}@db.example.com/reels?password={SECRET}&sslmode=require")
    assert place(url) == "Ledger reels on db.example.com"


def test_a_driver_that_babbles_is_not_repeated():
    url = make_url(f"postgresql+psycopg://me:{SECRET}@host/reels?sslpassword={SECRET}2")
    babble = psycopg.OperationalError(f"cannot log in with {SECRET}2 or {SECRET}")
    with pytest.raises(TryLater, match=r"cannot log in with \*\*\*") as refusal, translated(url):
        raise OperationalError("SELECT 1", None, babble)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("damage", "repair"),
    [
        ("ALTER TABLE quota RENAME TO quota_gone", "ALTER TABLE quota_gone RENAME TO quota"),
        ("ALTER TABLE quota RENAME COLUMN streak TO gone", "ALTER TABLE quota RENAME COLUMN gone TO streak"),
    ],
)
def test_a_dropped_table_or_column_is_told(ledger, ledger_url, damage, repair):
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        connection.execute(text(damage))
    try:
        with pytest.raises(FixConfiguration, match="restore a back-up"):
            ledger.throttle("k", first_s=1, max_s=2)
    finally:
        with engine.begin() as connection:
            connection.execute(text(repair))
        engine.dispose()


def test_a_schema_that_is_not_there_is_told(postgres_url):
    with pytest.raises(FixConfiguration, match="restore a back-up"):
        Ledger.open(f"{postgres_url}?options=-csearch_path%3Dnowhere")


def test_a_broken_rule_of_the_tables_sends_a_person_to_look(ledger, ledger_url):
    intent = bring_to(ledger, State.SUBMITTED)
    engine = create_engine(parse_url(ledger_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE budgets SET reserved = 0"))
    engine.dispose()
    with pytest.raises(LookFirst, match="reelmill settle"):
        ledger.settle(intent.intent_id, settlement(State.FAILED, intent))
    assert known(ledger, intent) == intent, "a transaction is whole or nothing"


def test_all_connections_being_busy_is_said_with_the_remedy(tmp_path):
    url = make_url(f"sqlite:///{tmp_path}/ledger.db")
    engine = create_engine(url, poolclass=QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with engine.connect(), pytest.raises(TryLater, match="Use fewer workers") as told, translated(url):
        engine.connect()
    assert told.value.problem == f"Ledger {tmp_path}/ledger.db: all connections are busy."
    engine.dispose()


def test_a_snapshot_cannot_write(postgres_url):
    database = Database(parse_url(postgres_url))
    with pytest.raises(TryLater, match="read-only"), database.snapshot() as connection:
        connection.execute(text("DELETE FROM charges"))
    database.close()


def test_connections_lost_while_idle_are_replaced(postgres_url, server, clock):
    with Ledger.open(postgres_url, clock=clock) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        assert server.disconnect(Path(postgres_url).name) >= 1
        assert authorise(ledger).state is State.AUTHORISED


def test_a_connection_lost_within_a_transaction_changes_nothing(postgres_url, server, clock):
    def prefix_while_the_server_goes(_intent_id, _attempt):
        server.disconnect(Path(postgres_url).name)
        return "prefix"

    with Ledger.open(postgres_url, clock=clock) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        with pytest.raises(TryLater, match="nothing was lost"):
            authorise(ledger, output_prefix_for=prefix_while_the_server_goes)
        assert list(ledger.intents()) == []
        assert authorise(ledger).attempt == 1
        assert ledger.audit() == []
