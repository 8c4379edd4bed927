"""``reelmill metrics``: a process that shows the ledger, and only that, to this machine."""

import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

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


def test_a_taken_port_is_told_with_the_remedy(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "reelmill", "metrics", "--port", str(taken.getsockname()[1])]
        ended = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert ended.returncode == ExitCode.USAGE
    assert "--port" in ended.stderr
    assert "Traceback" not in ended.stderr
