from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from reelmill.errors import FixConfiguration
from reelmill.ledger.engine import parse_url
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.migrate import HEAD, MIGRATIONS
from reelmill.ledger.schema import metadata
from tests.ledger import workers
from tests.ledger.workers import run_together


@pytest.fixture
def engine(empty_url):
    engine = create_engine(parse_url(empty_url))
    yield engine
    engine.dispose()


def test_opening_makes_every_table_and_opening_again_changes_nothing(empty_url, engine):
    Ledger.open(empty_url).close()
    tables = set(inspect(engine).get_table_names())
    assert tables == {*metadata.tables, "alembic_version"}
    Ledger.open(empty_url).close()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]


def test_the_migrations_make_exactly_the_tables_of_the_code(empty_url, engine):
    Ledger.open(empty_url).close()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "target_metadata": metadata})
        assert compare_metadata(context, metadata) == []


def test_rules_are_the_same_in_code_and_migrations(empty_url, engine, tmp_path):
    """Alembic compares no checks and no names; so compare with tables made by the code itself."""
    Ledger.open(empty_url).close()
    plain = create_engine(f"sqlite:///{tmp_path}/plain.db")
    metadata.create_all(plain)
    ours, theirs = inspect(engine), inspect(plain)
    for name in metadata.tables:
        checks = {rule["name"] for rule in ours.get_check_constraints(name)}
        assert checks == {rule["name"] for rule in theirs.get_check_constraints(name)}
        for rules in ("get_foreign_keys", "get_unique_constraints"):
            assert _named(getattr(ours, rules)(name)) == _named(getattr(theirs, rules)(name))
    plain.dispose()


def _named(rules) -> dict[str, list[str]]:
    return {rule["name"]: rule.get("constrained_columns") or rule["column_names"] for rule in rules}


def test_head_is_the_newest_migration_and_numbers_only_grow():
    scripts = ScriptDirectory.from_config(_config())
    assert scripts.get_heads() == [HEAD]
    numbers = [script.revision for script in scripts.walk_revisions()]
    assert numbers == sorted(numbers, reverse=True)
    assert all(Path(script.path).name.startswith(f"m{script.revision}_") for script in scripts.walk_revisions())


def _config():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def test_a_newer_schema_is_left_alone(empty_url, engine):
    Ledger.open(empty_url).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(FixConfiguration, match=r"schema 9999.*Upgrade Reelmill"):
        Ledger.open(empty_url)


def test_a_database_without_our_tables_but_with_others_is_joined(empty_url, engine):
    url = parse_url(empty_url)
    if url.get_backend_name() == "sqlite":
        Path(url.database).parent.mkdir(parents=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (x integer)"))
    Ledger.open(empty_url).close()
    assert "theirs" in inspect(engine).get_table_names()


def test_a_dozen_processes_may_open_a_new_ledger_at_once(empty_url):
    results = run_together(12, workers.open_and_start_run, empty_url)
    assert set(results) == {f"run-{number}" for number in range(12)}
    with Ledger.open(empty_url) as ledger:
        assert len(ledger.runs()) == 12


def test_sqlite_is_durable_and_strict(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path}/ledger.db") as ledger, ledger._db.reading() as connection:
        pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}
    assert pragmas == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


@pytest.fixture
def careless_url(server):
    """A database whose own defaults would break our promises; the server has synchronous_commit off besides."""
    name = server.create()
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation TO 'serializable'")
        connection.execute(f"ALTER DATABASE {name} SET timezone TO 'Asia/Tokyo'")
    yield server.url(name)
    server.drop(name)


def test_postgresql_is_durable_and_never_waits_forever_whatever_its_defaults(careless_url):
    with Ledger.open(careless_url) as ledger, ledger._db.reading() as connection:
        told = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in SETTINGS}
    assert told == SETTINGS


SETTINGS = {
    "synchronous_commit": "on",
    "lock_timeout": "30s",
    "statement_timeout": "2min",
    "transaction_isolation": "read committed",
}


OLD_ROWS = (
    """INSERT INTO runs (run_id, output, status, parameters, counts, planned, started_at)
    VALUES ('r', 'o', 'running', '{}', '{}', 0, '2026-07-15 12:00:00')""",
    """INSERT INTO clips VALUES ('c',
    '{"aspect_ratio": "9:16", "model": "m", "prompt": "p", "reference_images": [], "resolution": "720p"}',
    1, 's', '', 't', '', '', '', '[]', '', '', '', '[]', 1, '', 1, 'i')""",
    """INSERT INTO intents (intent_id, clip_id, attempt, run_id, day_key, month_key, output, output_prefix, state,
    owner, lease_until, reserved, charged, model, unit_price, price_date, seconds, samples, refusals, created_at,
    error_code, error_message, video_uris, renditions)
    VALUES ('i', 'c', 1, 'r', '2026-07-15', '2026-07', 'o', 'p', 'filtered', 'w', '2026-07-15 12:00:00', 0, 0, 'm',
    1, '', 8, 1, 0, '2026-07-15 12:00:00', 'filtered', 'why', '[]', '{}')""",
)


def test_attempts_from_before_softening_were_sent_in_the_clips_own_words(empty_url, engine):
    Ledger.open(empty_url).close()
    with engine.begin() as connection:  # back to how the second migration left it
        films = ("film_scenes", "films")
        for table in ("deliveries", *films, "landings", "pauses", "publications", "removals", "reviews", "verdicts"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DROP INDEX ix_runs_planned_at"))
        for column in ("webhooks", "planned_at", "catalog"):
            connection.execute(text(f"ALTER TABLE runs DROP COLUMN {column}"))
        for column in ("picture", "scene", "price", "sale_price"):
            connection.execute(text(f"ALTER TABLE clips DROP COLUMN {column}"))
        for column in (
            "remake",
            "draft",
            "softening",
            "sent_prompt",
            "sent_negative_prompt",
            "sent_video",
            "filter_causes",
            "kept_at",
        ):
            connection.execute(text(f"ALTER TABLE intents DROP COLUMN {column}"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0002'"))
        for statement in OLD_ROWS:
            connection.execute(text(statement))
    with Ledger.open(empty_url) as ledger:
        ((_, intent),) = ledger.intents()
        assert (intent.softening, intent.sent_prompt, intent.filter_causes) == (0, None, ())
        assert intent.as_sent(ledger.clip("c").request).prompt == "p"
        old = ledger.clip("c")
        assert (old.picture, old.scene, old.price, old.sale_price) == ("", "", "", "")
