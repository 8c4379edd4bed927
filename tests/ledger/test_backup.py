import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from reelmill.errors import FixAccess, FixConfiguration, LookFirst
from reelmill.ledger.backup import back_up, file_database
from reelmill.ledger.engine import parse_url
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.migrate import HEAD, MIGRATIONS
from reelmill.ledger.records import Decision, KnownProduct, ReviewedVia, Run, RunStatus
from reelmill.ledger.restoring import RESTORED, restore
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.schema import metadata
from reelmill.ledger.states import State
from reelmill.product import Reject, RowRef
from tests.ledger.making import OUTPUT, OWNER, RUN, authorise, bring_to, known, make_clip

SETTLED = [state for state in State if not state.open]


def contents(database) -> dict[str, list[tuple]]:
    """Every row of every table, in Python values."""
    with database.reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def fill(ledger, states=State) -> None:
    for state in states:
        bring_to(ledger, state, make_clip(f"shoe-{state.value}", samples=2, title="Größe ½ 👟 \x7f"))
    ledger.remember_products("catalog", [KnownProduct("a", "f" * 32, 2), KnownProduct("b", None, 0, retired=True)], RUN)
    ledger.add_rejects(
        RUN,
        [Reject(ref=RowRef("f.csv", 7), sku="x", field="price", reason="no price", remedy="add one", raw_value="=1+1")],
    )
    ledger.next_slot("project/region/model", 50)
    decided = [
        AskedReview(
            review_id=f"r-{intent.intent_id}",
            intent_id=intent.intent_id,
            decision=Decision.REJECT,
            reviewer="Ada ½\0",
            via=ReviewedVia.FILE,
            reason="wrong 👟",
        )
        for _, intent in ledger.intents()
        if intent.state.delivered
    ]
    assert all(outcome.new for outcome in ledger.review(decided))


def test_a_backup_holds_every_row_and_says_what_the_audit_says(ledger, ledger_url, tmp_path):
    fill(ledger)
    written = back_up(ledger_url, tmp_path / "ledger back-up ?#%.db")

    with closing(file_database(written.path)) as copy:
        assert contents(copy) == contents(ledger._db)
    assert written.rows["intents"] == len(State)
    assert (written.schema, written.differences) == (HEAD, ())
    assert [path.name for path in tmp_path.glob("*back-up*")] == ["ledger back-up ?#%.db"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_either_database_can_be_restored_into_the_other(ledger, ledger_url, tmp_path, request, kind):
    fill(ledger, SETTLED)
    before = contents(ledger._db)
    file = back_up(ledger_url, tmp_path / "backup.db").path
    target = f"sqlite:///{tmp_path}/moved.db" if kind == "sqlite" else request.getfixturevalue("postgres_elsewhere")

    restored = restore(target, file)

    assert (restored.doubtful, restored.safety, restored.outputs) == (0, None, (OUTPUT,))
    with Ledger.open(target) as moved:
        after = contents(moved._db)
        assert moved.audit() == list(restored.differences) == []
        assert moved.run(RUN).status is RunStatus.FAILED  # it was running, and nobody runs it here
    assert {name: rows for name, rows in after.items() if name != "runs"} == {
        name: rows for name, rows in before.items() if name != "runs"
    }


@pytest.fixture
def postgres_elsewhere(server):
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.mark.parametrize("state", [state for state in State if state.open])
def test_what_was_open_may_have_been_sent_since(ledger, ledger_url, tmp_path, state):
    intent = bring_to(ledger, state)
    file = back_up(ledger_url, tmp_path / "backup.db").path

    restored = restore(f"sqlite:///{tmp_path}/restored.db", file)

    with Ledger.open(f"sqlite:///{tmp_path}/restored.db") as again:
        found = known(again, intent)
        assert found.state is (State.SUBMITTED if state is State.SUBMITTED else State.UNKNOWN)
        assert found.owner == RESTORED
        assert found.reserved_usd == intent.reserved_usd
        assert (found.unclear_since is None) == (state is State.SUBMITTED)
        assert again.audit() == []
        adopted = again.adopt(owner=OWNER, lease_s=60, is_gone=lambda _: False)
        assert [one.intent_id for one in adopted] == [intent.intent_id]
        with pytest.raises(LookFirst):
            authorise(again)
    assert restored.doubtful == (state in (State.AUTHORISED, State.SENDING))


def test_a_backup_taken_while_others_write_is_of_one_moment(ledger, ledger_url, tmp_path):
    stop = threading.Event()
    made = []

    def write() -> None:
        while not stop.is_set():
            made.append(bring_to(ledger, State.SUCCEEDED, make_clip(f"shoe-{len(made)}")))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = []
        while len(copies) < 4 or len(made) < 8:
            copies.append(back_up(ledger_url, tmp_path / f"{len(copies)}.db"))
    finally:
        stop.set()
        writer.join()
    assert [copy.differences for copy in copies] == [()] * len(copies)
    sizes = [copy.rows["charges"] for copy in copies]
    assert sizes == sorted(sizes)


def test_a_backup_never_goes_over_another_file_unasked(ledger, ledger_url, tmp_path):
    target = tmp_path / "backup.db"
    target.write_text("mine")
    with pytest.raises(FixConfiguration, match=r"exists already.*--overwrite"):
        back_up(ledger_url, target)
    assert target.read_text() == "mine"
    assert back_up(ledger_url, target, overwrite=True).rows["runs"] == 1


@pytest.mark.parametrize("name", ["books.db", "books.db-wal", "books.db-shm", "hard.db", "soft.db", "x/../books.db"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_backup_never_takes_the_place_of_the_ledger_in_use(tmp_path, name, overwrite):
    url, books = f"sqlite:///{tmp_path}/books.db", tmp_path / "books.db"
    (tmp_path / "x").mkdir()
    with Ledger.open(url) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        (tmp_path / "hard.db").hardlink_to(books)
        (tmp_path / "soft.db").symlink_to(books)
        with pytest.raises(FixConfiguration, match="is the ledger in use") as refused:
            back_up(url, tmp_path / name, overwrite=overwrite)
        assert "--overwrite" not in str(refused.value)
    with Ledger.open(url) as ledger:
        assert [run.run_id for run in ledger.runs()] == [RUN]


def test_the_outputs_of_a_backup_come_the_latest_used_first(ledger, ledger_url, clock, tmp_path):
    for number, output in enumerate(("gs://shop/c", "gs://shop/a", "gs://shop/b", "gs://shop/c")):
        clock.now += timedelta(hours=1)
        ledger.start_run(Run(run_id=f"used-{number}", output=output))
    file = back_up(ledger_url, tmp_path / "backup.db").path
    restored = restore(f"sqlite:///{tmp_path}/new.db", file)
    assert restored.outputs == ("gs://shop/c", "gs://shop/b", "gs://shop/a", OUTPUT)


def test_a_backup_is_no_ledger_to_work_on(ledger, ledger_url, tmp_path):
    file = back_up(ledger_url, tmp_path / "backup.db").path
    with pytest.raises(FixConfiguration, match=r"is a back-up.*ledger restore"):
        Ledger.open(f"sqlite:///{file}")


def test_where_no_ledger_is_nothing_is_backed_up_or_made(tmp_path):
    with pytest.raises(FixConfiguration, match="does not exist"):
        back_up(f"sqlite:///{tmp_path}/none.db", tmp_path / "backup.db")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said(ledger, ledger_url, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(FixAccess, match="room for the whole ledger"):
        back_up(ledger_url, tmp_path / "file" / "backup.db")
    assert back_up(ledger_url, tmp_path / "new" / "folder" / "backup.db").path.exists()


def test_only_an_empty_ledger_is_restored_into_unless_told_otherwise(ledger, ledger_url, tmp_path):
    bring_to(ledger, State.SUCCEEDED, make_clip("old"))
    file = back_up(ledger_url, tmp_path / "backup.db").path
    bring_to(ledger, State.SUCCEEDED, make_clip("new"))
    now = contents(ledger._db)

    with pytest.raises(LookFirst, match=r"is not empty: it knows 2 intents of 1 runs.*--replace"):
        restore(ledger_url, file)
    assert contents(ledger._db) == now

    restored = restore(ledger_url, file, replace=True)
    assert [clip.sku for clip, _ in ledger.charges()] == ["old"]
    assert ledger.audit() == []
    with closing(file_database(restored.safety)) as copy:
        assert contents(copy) == now


def test_a_ledger_is_not_exchanged_under_a_living_worker(ledger, ledger_url, clock, tmp_path):
    bring_to(ledger, State.SUCCEEDED, make_clip("old"))
    file = back_up(ledger_url, tmp_path / "backup.db").path
    clock.now += timedelta(days=365 * 100)  # the lease holds by the restoring process's own clock
    intent = bring_to(ledger, State.SUBMITTED, make_clip("new"))

    with pytest.raises(LookFirst, match=rf"1 workers hold clips .* {OWNER}.*leases have lapsed"):
        restore(ledger_url, file, replace=True)
    assert known(ledger, intent).state is State.SUBMITTED
    assert list(tmp_path.glob("before-*")) == []

    restore(ledger_url, file, replace=True, is_gone=lambda owner: owner == OWNER)
    assert ledger.intent(intent.intent_id) is None


def test_an_older_backup_is_brought_to_the_present_schema(tmp_path):
    old = create_engine(parse_url(f"sqlite:///{tmp_path}/old.db"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(
            "INSERT INTO runs (run_id, output, status, parameters, counts, planned, started_at)"
            " VALUES ('r1', 'out', 'completed', '{}', '{}', 1500000, '2026-07-01 10:00:00.000000')"
        )
    old.dispose()

    restore(f"sqlite:///{tmp_path}/new.db", tmp_path / "old.db")

    with Ledger.open(f"sqlite:///{tmp_path}/new.db") as ledger:
        assert ledger.run("r1").planned_usd == Decimal("1.5")
    with closing(sqlite3.connect(tmp_path / "old.db")) as untouched:
        assert untouched.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]


def test_a_backup_of_a_newer_reelmill_is_refused(ledger, ledger_url, tmp_path):
    file = back_up(ledger_url, tmp_path / "backup.db").path
    with closing(sqlite3.connect(file)) as copy, copy:
        copy.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(FixConfiguration, match=r"schema 9999.*Upgrade Reelmill"):
        restore(f"sqlite:///{tmp_path}/new.db", file)


@pytest.mark.parametrize("damage", ["text", "empty", "other", "torn", "missing"])
def test_what_is_no_backup_changes_nothing(ledger, ledger_url, tmp_path, damage):
    fill(ledger)
    file = back_up(ledger_url, tmp_path / "backup.db").path
    before = contents(ledger._db)
    spoil(file, damage)
    with pytest.raises((FixConfiguration, FixAccess), match="Name a file that `reelmill ledger backup` wrote"):
        restore(ledger_url, file, replace=True, is_gone=lambda _: True)
    assert contents(ledger._db) == before


def spoil(file: Path, damage: str) -> None:
    if damage == "text":
        file.write_text("id,title\n")
    elif damage == "empty":
        file.write_bytes(b"")
    elif damage == "torn":
        file.write_bytes(file.read_bytes()[:40_000])
    else:
        file.unlink()
    if damage == "other":
        with closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE theirs (x)")


texts = st.text(min_size=1, max_size=30)
prices = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(100), places=6)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(texts, texts, prices, st.sampled_from(SETTLED)), max_size=4, unique_by=lambda row: row[0]))
def test_whatever_a_ledger_holds_survives_the_way_through_both_databases(tmp_path_factory, server, rows):
    folder = tmp_path_factory.mktemp("way")
    there, name = f"sqlite:///{folder}/a.db", server.create()
    with Ledger.open(there) as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        ledger.finish_run(RUN, RunStatus.COMPLETED)
        for sku, title, price, state in rows:
            bring_to(ledger, state, make_clip(sku, title=title, price=str(price)))
        before = contents(ledger._db)
    restore(server.url(name), back_up(there, folder / "1.db").path)
    restore(f"sqlite:///{folder}/b.db", back_up(server.url(name), folder / "2.db").path)
    server.drop(name)
    with Ledger.open(f"sqlite:///{folder}/b.db") as again:
        assert contents(again._db) == before
        assert again.audit() == []
