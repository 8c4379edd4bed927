"""What is asked for and cannot be meant, or would change nothing, is refused with what to do instead."""

import json
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reelmill.errors import ExitCode


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "--run", ""),
        ("manifest", "--run", " "),
        ("publish", "--to", "cms", "--run", ""),
        ("redrive", "--authorise-unclear", ""),
        ("finals", ""),
        ("inspect", ""),
        ("approve", "", "--reject"),
        ("review", "", "--list"),
        ("gallery", " "),
        ("status", "--output", ""),
        ("plan", "feed.csv", "--output", ""),
    ],
)
def test_a_variable_that_is_empty_does_not_mean_the_latest_or_nothing(reelmill, arguments):
    code, printed, problems = reelmill(*arguments)
    assert (code, printed) == (ExitCode.USAGE, "")
    assert "was given and is empty. Say which, or leave it out." in problems


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("report", "--sql", "duckdb", "--rebuild"), "Give --sql alone."),
        (("report", "--sql", "--run", "r1"), "Give --sql alone."),
        (("report", "--sql", "--by", "sku"), "Give --sql alone."),
        (("report", "--sql", "--top", "20"), "Give --sql alone."),
        (("manifest", "json", "--column", "title=name"), "Add --feed."),
        (("manifest", "json", "--dialect", "google"), "Add --feed."),
        (("approve", "--reject"), "Name one that reelmill approve lists."),
        (("approve", "--first-clips", "2"), "Name one that reelmill approve lists."),
        (("approve", "--yes"), "Name one that reelmill approve lists."),
        (("approve", "--reason", "Late"), "Name one that reelmill approve lists."),
        (("review", "--apply", "decisions.csv", "--list"), "Give --apply without them."),
        (("review", "--apply", "decisions.csv", "--port", "8080"), "Give --apply without them."),
        (("gallery", "--no-videos"), "Add --to FOLDER."),
        (("approve", "x", "--reject", "--up-to-usd", "1"), "Give one or the other."),
        (("approve", "x", "--reject", "--first-clips", "1"), "Give one or the other."),
        (("serve", "--quota-per-minute", "0"), ">= 1"),
        (("serve", "--quota-per-minute", "-5"), ">= 1"),
        (("serve", "--port", "99999"), "<= 65535"),
        (("serve", "--port", "-1"), ">= 0"),
    ],
)
def test_options_that_contradict_or_change_nothing_are_refused(reelmill, arguments, says):
    code, printed, problems = reelmill(*arguments)
    assert (code, printed) == (ExitCode.USAGE, "")
    assert says in " ".join(problems.split())


@pytest.fixture
def project(tmp_path, monkeypatch):
    """What ``serve`` takes for a clone of the project; nothing in it can be started."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "prefect.yaml").touch()
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("project")
def test_serve_takes_nobody_elses_server_for_its_own(reelmill):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, printed, problems = reelmill("serve", "--port", str(port))
    assert (code, printed) == (ExitCode.ERROR, "")
    assert f"Port {port} is in use. Stop what listens there, or choose another with --port." in problems


@pytest.mark.usefixtures("project")
def test_the_simulators_quota_is_not_googles(reelmill):
    code, _, problems = reelmill("serve", "--backend", "google", "--quota-per-minute", "5")
    assert code == ExitCode.USAGE
    assert "Set REELMILL_QUOTA_PER_MINUTE for Google." in problems


class Page(BaseHTTPRequestHandler):
    """Whatever is asked, a page for people."""

    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Prefect</html>")

    def log_message(self, *_arguments):
        pass


def test_an_address_that_is_no_prefect_api_is_told(reelmill, monkeypatch):
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = json.dumps({"settings": [{"name": "PREFECT_API_URL", "value": url}]})
        monkeypatch.setattr(
            "reelmill.cli.prefect_api.subprocess.run", lambda *_, **__: subprocess.CompletedProcess([], 0, settings)
        )
        code, _, problems = reelmill("approve")
        server.shutdown()
    assert code == ExitCode.USAGE
    assert f"{url} is no Prefect API. Set PREFECT_API_URL; does it end in /api?" in " ".join(problems.split())
