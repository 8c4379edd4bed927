"""Log lines as JSON: one object a line, in Cloud Logging's fields, with what they are about."""

import asyncio
import json
import logging
import sys

from hypothesis import given
from hypothesis import strategies as st

from reelmill.production.threads import Threads
from reelmill.telemetry.log_context import about, labels
from reelmill.telemetry.log_lines import JsonLines, ScrubbedLines

LABELS = "logging.googleapis.com/labels"


def line(message: str = "hello", level: int = logging.INFO, **extra) -> dict:
    record = logging.LogRecord("reelmill.veo", level, "/a/b.py", 12, message, (), extra.pop("exc", None), "send")
    record.__dict__.update(extra)
    text = JsonLines().format(record)
    assert "\n" not in text
    return json.loads(text)


def test_the_fields_of_cloud_logging():
    with about(run="r1", clip="c1", sku="SKU-1"), about(operation="projects/p/operations/7"):
        found = line(level=logging.WARNING)
    assert found["severity"] == "WARNING"
    assert found["message"] == "hello"
    assert found["time"].endswith("Z")
    assert found[LABELS] == {"run": "r1", "clip": "c1", "sku": "SKU-1", "operation": "projects/p/operations/7"}
    assert found["logging.googleapis.com/sourceLocation"] == {"file": "/a/b.py", "line": "12", "function": "send"}
    assert LABELS not in line()


def test_a_level_in_between_is_the_lower_one_and_a_traceback_is_in_its_own_field():
    assert [line(level=level)["severity"] for level in (5, 10, 25, 45, 60)] == [
        "DEFAULT",
        "DEBUG",
        "INFO",
        "ERROR",
        "CRITICAL",
    ]
    try:
        int("broken")
    except ValueError:
        found = line(exc=sys.exc_info())
    assert found["message"] == "hello"
    assert "ValueError: invalid literal" in found["stack_trace"]


def test_secrets_of_other_libraries_are_in_no_line_of_either_format():
    said = "Location: https://cdn.example.com/a.png?X-Amz-Signature=S3CRET, Authorization: Bearer S3CRET"
    try:
        int(said)
    except ValueError:
        record = logging.LogRecord("other", logging.ERROR, "/a/b.py", 12, "got %s", (said,), sys.exc_info(), "send")
    for lines in (JsonLines(), ScrubbedLines(logging.Formatter("%(levelname)s %(message)s"))):
        text = lines.format(record)
        assert "https://cdn.example.com/a.png?…" in text
        assert "test_log_lines.py" in text  # of the traceback
        assert "S3CRET" not in text


def test_flow_and_task_runs_are_labels_too():
    found = line(flow_run_id="f-1", flow_run_name="catalog", task_run_name="<unknown>")
    assert found[LABELS] == {"flow_run": "f-1", "flow_run_name": "catalog"}


@given(st.text(st.characters()), st.text(st.characters()))
def test_whatever_a_feed_holds_is_one_valid_line(message, sku):
    with about(sku=sku):
        found = line(message.replace("%", "%%"))
    assert isinstance(found["message"], str)


async def test_clips_side_by_side_keep_their_own_labels_even_in_threads():
    with Threads() as threads:

        async def work(sku: str) -> list[str]:
            with about(sku=sku):
                await asyncio.sleep(0)
                return [labels()["sku"], (await threads.poll(labels))["sku"]]

        assert await asyncio.gather(*(work(f"s{n}") for n in range(20))) == [[f"s{n}"] * 2 for n in range(20)]
    assert labels() == {}
