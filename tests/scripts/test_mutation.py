"""The mutation score counts what it says: changes of all but wording, run by every process that a test starts."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mutmut", reason="only in the dev extra")

from scripts.mutation.mutants import changes_of
from scripts.mutation.sampling import ROOMS, sample_room

ROOT = Path(__file__).resolve().parents[2]
SOURCE = '''"""Doc."""
import math
__all__ = ["cap"]
LIMIT = 3
QUERY = select(a).where(b <= LIMIT)

@property
def cap(value: int | None = None) -> str:
    """Doc."""
    assert value is not None
    log.info("waiting %s", value)
    for one, other in zip(value, value, strict=True):
        book(one)
    if value < LIMIT:
        raise RaiseCap(f"Over {value + 1}.", "Raise it.")
    return "done"
'''


@pytest.fixture
def changed(tmp_path):
    (tmp_path / "room.py").write_text(SOURCE)
    mutants = [change.mutant() for change in changes_of(tmp_path, "room.py")]
    return {(mutant.before, mutant.after): mutant for mutant in mutants if mutant}


def test_sql_properties_and_dropped_calls_are_changed(changed):
    assert ("QUERY = select(a).where(b <= LIMIT)", "QUERY = select(a).where(b < LIMIT)") in changed
    assert ("LIMIT = 3", "LIMIT = 4") in changed
    assert ("if value < LIMIT:", "if value <= LIMIT:") in changed
    assert ("book(one)", "pass") in changed
    assert ("book(one)", "book(None)") in changed
    assert ('return "done"', 'return "DONE"') in changed
    assert (
        'raise RaiseCap(f"Over {value + 1}.", "Raise it.")',
        'raise RaiseCap(f"Over {value - 1}.", "Raise it.")',
    ) in (changed)


def test_wording_annotations_and_guards_are_left_alone(changed):
    touched = {before for before, _ in changed}
    for line in ("@property", '__all__ = ["cap"]', "assert value is not None", 'log.info("waiting %s", value)'):
        assert line not in touched
    assert not any("strict=" in before and "strict=True" not in after for before, after in changed)
    assert not any("raise it." in after or "XXRaise" in after or "RaiseCap(None" in after for _, after in changed)
    assert not any("value: int &" in after for _, after in changed)


def test_what_stands_outside_functions_is_known_to_run_at_import(changed):
    assert changed["LIMIT = 3", "LIMIT = 4"].at_import
    assert not changed["book(one)", "pass"].at_import


def test_the_same_seed_draws_the_same_mutants_and_every_file_gives_its_share(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "one.py").write_text(SOURCE)
    (tmp_path / "room" / "two.py").write_text("def twice(value):\n    return 2 * value\n")
    drawn = [sample_room(tmp_path, "room", 10, seed).mutants for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert {mutant.path for mutant in drawn[0]} == {"room/one.py", "room/two.py"}


SURVEY = """
import sys
from pathlib import Path
from scripts.mutation.trying import import_libraries, try_tests
import_libraries()
copy = Path(sys.argv[1])
for source in sys.argv[2:]:
    (copy / "reelmill" / "double.py").write_text(source)
    print(try_tests(copy, ["tests/test_double.py"], copy / "log", limit_s=3 if "while" in source else 100).value)
"""
TEST = """
import subprocess, sys
from reelmill.double import double
def test_here(): assert double(2) == 4
def test_in_another_interpreter():
    asked = [sys.executable, "-c", "from reelmill.double import double; print(double(3))"]
    assert subprocess.run(asked, capture_output=True, text=True, check=True, cwd="/").stdout == "6\\n"
"""
TRIED = {
    "def double(value):\n    return value + value\n": "survived",
    "def double(value):\n    return 3 * value\n": "killed",
    "def double(value):\n    return 2 * value + (value == 3)  # seen by the other interpreter only\n": "killed",
    "def double(value):\n    while True:\n        pass\n": "timed out",
}


def test_the_changed_code_is_what_runs_in_other_processes_too(tmp_path):
    for folder in ("reelmill", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "reelmill" / "__init__.py").touch()
    (tmp_path / "tests" / "test_double.py").write_text(TEST)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    survey = [sys.executable, "-c", SURVEY, str(tmp_path), *TRIED]
    said = subprocess.run(survey, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == list(TRIED.values()), (tmp_path / "log").read_text()


def test_the_rooms_are_there():
    assert all((ROOT / room).is_dir() for room in ROOMS)
