import json
import subprocess
import sys

import pytest

from reelmill.errors import ExitCode
from tests.support.postcount import answer, post_counter


@pytest.mark.parametrize(("level", "told"), [("debug", False), ("", False), ("noisy", True)])
def test_a_level_that_is_none_is_told_and_ignored(tmp_path, monkeypatch, level, told):
    monkeypatch.setenv("REELMILL_LOG_LEVEL", level)
    ended = subprocess.run(
        [sys.executable, "-m", "reelmill", "--version"], cwd=tmp_path, capture_output=True, check=True, text=True
    )
    assert ("no level" in ended.stderr) is told
    assert "Traceback" not in ended.stderr


SCRIPT = """
import logging, sys
from reelmill.cli.logs import set_up_logs
set_up_logs()
import httpcore, httpx
httpcore.request("GET", sys.argv[1])
logging.getLogger("other").debug("read https://cdn.example.com/a.png?X-Amz-Signature=S3CRET")
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_at_debug_no_line_shows_the_headers_of_an_answer(tmp_path, monkeypatch, log_format):
    monkeypatch.setenv("REELMILL_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("REELMILL_LOG_FORMAT", log_format)
    headers = {"Set-Cookie": "visit=C00KIE", "Location": "https://cdn.example.com/a.png?X-Amz-Signature=S3CRET"}
    with post_counter(answer(302, raw=b"", headers=headers)) as server:
        command = [sys.executable, "-c", SCRIPT, server.url]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True)
    assert "https://cdn.example.com/a.png?…" in ended.stderr
    assert "S3CRET" not in ended.stderr
    assert "C00KIE" not in ended.stderr


BROKEN = """
import reelmill.cli.app as app
app.build_app = lambda: 1 / 0
app.main(["status", "--json"])
"""


@pytest.mark.parametrize(("log_format", "told"), [("text", False), ("json", True)])
def test_an_error_that_nobody_expected_is_one_line_where_lines_are_json(tmp_path, monkeypatch, log_format, told):
    monkeypatch.setenv("REELMILL_LOG_FORMAT", log_format)
    ended = subprocess.run([sys.executable, "-c", BROKEN], cwd=tmp_path, capture_output=True, check=False, text=True)
    assert ended.returncode == ExitCode.ERROR
    assert "ZeroDivisionError" in ended.stderr
    if told:
        line = json.loads(ended.stderr)
        assert line["severity"] == "CRITICAL"
        assert "ZeroDivisionError" in line["stack_trace"]
        assert json.loads(ended.stdout)["exit_code"] == ExitCode.ERROR
