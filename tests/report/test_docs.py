from __future__ import annotations

from pathlib import Path

from reelmill.ledger.states import State
from reelmill.report.docs import main, render_docs
from reelmill.report.schema import TABLES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"


def test_the_page_is_current():
    assert PAGE.read_text("utf-8") == render_docs(), "run `make docs`"


def test_every_column_is_described():
    page = render_docs()
    for table in TABLES.values():
        for name, kind, description in table.columns:
            assert f"| `{name}` | {kind} | {description} |" in page
            assert description.endswith(".")


def test_every_status_is_explained():
    assert all(f"| `{state.value}` |" in render_docs() for state in State)


def test_the_command_writes_and_checks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["--check"]) == 1
    assert main([]) == 0
    assert main(["--check"]) == 0
