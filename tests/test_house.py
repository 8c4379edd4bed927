"""The rooms know each other only along the arrows, and every file stays readable."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path for room in ("reelmill", "flows", "tasks") for path in sorted((ROOT / room).rglob("*.py"))]


def test_imports_follow_the_arrows():
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout[-3000:]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_one_concept(path):
    assert len(path.read_text("utf-8").splitlines()) <= 350


def test_the_engine_works_without_prefect_and_its_pure_rooms_without_google():
    code = (
        "import sys\n"
        "sys.modules['prefect'] = None\n"
        "import reelmill.jobs.catalog, reelmill.cli.app, reelmill.jobs.settling\n"
        "heavy = ('google.genai', 'google.cloud.storage', 'google.cloud.aiplatform', 'pandas')\n"
        "assert not [name for name in heavy if name in sys.modules]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
