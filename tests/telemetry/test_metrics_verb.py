"""``reelmill metrics``: a process that shows the ledger, and only that, to this machine."""

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reelmill.errors import ExitCode
from reelmill.telemetry.metrics import LEDGER, MetricKind
from tests.support.listening import listening
from tests.telemetry.conftest import metrics_verb, scrape, value


def test_a_scrape_tells_what_the_ledger_holds(tmp_path, busy_ledger):
    with metrics_verb(tmp_path) as (process, url):
        seen = scrape(url)
        assert listening(process.pid) == {("127.0.0.1", urlsplit(url).port)}
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == ExitCode.OK
    for metric in LEDGER:
        name = f"{metric.shown}_count" if metric.kind is MetricKind.HISTOGRAM else metric.shown
        labels = [set(dict(has)) for shown, has in seen if shown == name]
        assert labels, name
        assert all(found == set(metric.labels) for found in labels), name
    known = {metric.shown for metric in LEDGER}
    assert {name.removesuffix("_bucket").removesuffix("_sum").removesuffix("_count") for name, _ in seen} == known

    kind = {"model": "veo-3.1-generate-001", "category": "Apparel & Accessories", "template_version": "ab12"}
    assert value(seen, "reelmill_ledger_ended_total", state="succeeded", **kind) == 1
    assert value(seen, "reelmill_ledger_charged_usd_total", **kind) == 9.6  # two videos, and one of two
    assert value(seen, "reelmill_ledger_submits_accepted_total", **kind) == 6
    assert value(seen, "reelmill_ledger_generation_seconds_count") == 4
    assert value(seen, "reelmill_ledger_clips", state="authorised") == 1
    assert value(seen, "reelmill_ledger_cap_usd", scope="month") == 1000
    spent, reserved = (value(seen, f"reelmill_ledger_{what}_usd", scope="month") for what in ("spent", "reserved"))
    assert value(seen, "reelmill_ledger_cap_headroom_usd", scope="month") == 1000 - spent - reserved
    assert 0 < value(seen, "reelmill_ledger_throttle_left_seconds", project="my-project", model="veo") <= 200
    assert value(seen, "reelmill_ledger_up") == 1


def refused(folder, **environment):
    command = [sys.executable, "-m", "reelmill", "metrics", "--port", "0"]
    ended = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, check=False, text=True, timeout=300
    )
    assert ended.returncode == ExitCode.USAGE
    return ended.stderr


def test_a_ledger_that_is_not_there_is_not_made(tmp_path):
    assert "does not exist" in refused(tmp_path, REELMILL_LEDGER_URL=f"sqlite:///{tmp_path}/mistyped/ledger.db")
    assert list(tmp_path.glob("mistyped*")) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "schema 0001"),
        ("DROP TABLE alembic_version", "no ledger yet"),
    ],
)
def test_a_ledger_of_another_schema_is_left_alone(tmp_path, busy_ledger, statement, said):
    busy_ledger.close()
    path = tmp_path / "ledger.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    before = path.read_bytes()
    assert said in refused(tmp_path, REELMILL_LEDGER_URL=f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_an_address_of_six_is_printed_as_one(tmp_path, busy_ledger):
    if not socket.has_ipv6 or not Path("/proc/net/if_inet6").exists():
        pytest.skip("this machine has no IPv6")
    with metrics_verb(tmp_path, "--host", "::1") as (_, url):
        assert urlsplit(url).hostname == "::1"
        assert value(scrape(url), "reelmill_ledger_up") == 1


def test_a_taken_port_is_told_with_the_remedy(tmp_path, busy_ledger):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "reelmill", "metrics", "--port", str(taken.getsockname()[1])]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert ended.returncode == ExitCode.USAGE
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr
