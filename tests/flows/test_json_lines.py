"""Log lines of a flow run's process as JSON, beside Prefect's own log."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = """
import logging
from prefect.logging.configuration import setup_logging
setup_logging()
from reelmill.telemetry.log_context import about
from reelmill.telemetry.log_lines import LogFormat
from tasks.json_lines import log_as
engine = logging.getLogger("reelmill.production")
for _ in range(2):
    log_as(LogFormat.JSON)
logging.getLogger("reelmill").handlers = [h for h in logging.getLogger("reelmill").handlers if h.formatter]
with about(sku="S-1"):
    engine.warning("from the engine :key:")
logging.getLogger("elsewhere").warning("from elsewhere")
"""


TEXT_SCRIPT = """
import logging
from prefect.logging.configuration import setup_logging
setup_logging()
from reelmill.telemetry.log_lines import LogFormat
from tasks.json_lines import log_as
for _ in range(2):
    log_as(LogFormat.TEXT)
logging.getLogger("elsewhere").warning("read https://cdn.example.com/a.png?X-Amz-Signature=S3CRET")
"""


def test_text_lines_of_the_console_have_no_secrets(tmp_path):
    environment = os.environ | {"PREFECT_HOME": str(tmp_path), "PYTHONPATH": str(PROJECT)}
    ended = subprocess.run(
        [sys.executable, "-c", TEXT_SCRIPT], cwd=tmp_path, env=environment, capture_output=True, check=True, text=True
    )
    assert "https://cdn.example.com/a.png?…" in ended.stderr
    assert "S3CRET" not in ended.stderr


def test_console_lines_become_json_once_and_the_engine_is_among_them(tmp_path):
    environment = os.environ | {
        "PREFECT_HOME": str(tmp_path),
        "PREFECT_LOGGING_EXTRA_LOGGERS": "reelmill",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PYTHONPATH": str(PROJECT),
    }
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=tmp_path, env=environment, capture_output=True, check=True, text=True
    )
    lines = [json.loads(line) for line in ended.stderr.splitlines()]
    assert [line["message"] for line in lines] == ["from the engine :key:", "from elsewhere"]
    assert lines[0]["logging.googleapis.com/labels"] == {"sku": "S-1"}
