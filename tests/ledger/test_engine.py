"""What a ledger's URL may be, and what is said of one that it may not; the URL itself is never shown."""

import pytest

from reelmill.errors import FixAccess, FixConfiguration
from reelmill.ledger.engine import make_engine, parse_url

REMEDY = "Set REELMILL_LEDGER_URL like sqlite:///.reelmill/ledger.db or postgresql://user@host/database."


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("no url of a database", "The ledger's URL is no database URL."),
        ("mysql://ada:secret@host/books", "The ledger cannot live in mysql."),
        ("sqlite://", "A ledger in memory would forget what was paid."),
        ("sqlite:///:memory:", "A ledger in memory would forget what was paid."),
        ("sqlite:///file:books?mode=memory", "A ledger in memory would forget what was paid."),
        ("sqlite:///~nobody-of-this-name/books.db", "The ledger's URL names no file."),
    ],
)
def test_a_url_that_cannot_hold_a_ledger_is_refused_with_one_that_can(url, problem):
    with pytest.raises(FixConfiguration) as refused:
        parse_url(url)

    assert (refused.value.problem, refused.value.remedy) == (problem, REMEDY)


def test_a_relative_path_is_made_absolute_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    url = parse_url("sqlite:///books/ledger.db")

    assert url.database == str(tmp_path / "books" / "ledger.db")


@pytest.mark.parametrize("name", ["postgres://ada@host/books", "postgresql://ada@host/books"])
def test_both_names_of_postgresql_use_our_driver(name):
    assert parse_url(name).drivername == "postgresql+psycopg"


@pytest.mark.parametrize(("folder", "reason"), [("taken", "File exists"), ("no\0name", "the name is not valid")])
def test_a_folder_that_cannot_be_made_is_told(tmp_path, folder, reason):
    (tmp_path / "taken").write_text("a file, not a folder")
    url = parse_url("sqlite:///books.db").set(database=str(tmp_path / folder / "ledger.db"))

    with pytest.raises(FixAccess) as refused:
        make_engine(url)

    assert refused.value.problem.endswith(f"cannot be made: {reason}.")
    assert refused.value.remedy == "Make it writable, or change REELMILL_LEDGER_URL."
