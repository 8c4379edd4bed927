import subprocess
import sys

import pytest


@pytest.mark.parametrize(("level", "told"), [("debug", False), ("", False), ("noisy", True)])
def test_a_level_that_is_none_is_told_and_ignored(tmp_path, monkeypatch, level, told):
    monkeypatch.setenv("REELMILL_LOG_LEVEL", level)
    ended = subprocess.run(
        [sys.executable, "-m", "reelmill", "--version"], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert ("no level" in ended.stderr) is told
    assert "Traceback" not in ended.stderr
