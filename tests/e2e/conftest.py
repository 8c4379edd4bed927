"""A whole installation on this machine, and a browser: what a person starts with ``reelmill serve``, and sees."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reelmill.gallery.serving import review_app
from reelmill.jobs.reviewing import ReviewDesk
from reelmill.local import free_port
from tests.support.review_shop import RUN, ReviewShop, review_shop
from tests.support.served import served
from tests.support.waiting import wait_for

PROJECT = Path(__file__).resolve().parents[2]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
)
PATIENCE_MS = 120_000  # two cores start server, worker, flow and browser
QUOTA = 120


def pytest_itemcollected(item: pytest.Item) -> None:
    if Path(__file__).parent in item.path.parents:
        item.add_marker(pytest.mark.timeout(600))
        item.add_marker(pytest.mark.e2e)


@dataclass(frozen=True)
class Installation:
    """What ``reelmill serve`` runs in ``folder``; ``env`` is what a shell beside it would have."""

    folder: Path
    url: str
    env: dict[str, str]
    process: subprocess.Popen[str]

    def api(self, method: str, path: str, **asked: Any) -> Any:
        """Ask the Prefect server, as its UI does; a busy one is asked again."""
        ask = lambda: _answer(method, f"{self.url}/api{path}", asked)  # noqa: E731
        return wait_for(ask, f"{method} {path}").json()

    def reelmill(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The command line beside the running installation, with its ledger and its output."""
        return subprocess.run(
            [sys.executable, "-m", "reelmill", *arguments],
            cwd=self.folder,
            env=self.env,
            check=False,
            capture_output=True,
            text=True,
            timeout=180,
        )

    def bank(self, event: str = "accepted") -> list[dict[str, Any]]:
        """The simulator's journal: submits it accepted, or jobs it finished and billed (``finished``)."""
        journal = self.folder / ".reelmill" / "simulator" / "journal.jsonl"
        entries = map(json.loads, journal.read_text().splitlines()) if journal.is_file() else ()
        return [entry for entry in entries if entry["event"] == event]


def _answer(method: str, url: str, asked: dict[str, Any]) -> httpx.Response | None:
    answer = httpx.request(method, url, json=asked if method == "POST" else None, trust_env=False, timeout=30)
    return answer if answer.is_success else None


@pytest.fixture(scope="module")
def installation(tmp_path_factory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("project")
    for name in ("flows", "tasks", "catalogs", "deployments"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "prefect.yaml", folder)
    port = free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "REELMILL_"))}
    env |= {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder / "home"),
        "REELMILL_RENDITIONS": "false",  # nobody looks at them here, and they would take half of the processor
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
    }
    command = [sys.executable, "-m", "reelmill", "serve", "--port", str(port), "--quota-per-minute", str(QUOTA)]
    log = (folder / "serve.log").open("w+")
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=subprocess.STDOUT, text=True)
    try:
        said = lambda: "Ctrl-C stops" in (folder / "serve.log").read_text()  # noqa: E731
        wait_for(said, "reelmill serve", process=process, explain=(folder / "serve.log").read_text)
        ledger = folder / ".reelmill" / "simulator" / "ledger.db"
        beside = {"REELMILL_LEDGER_URL": f"sqlite:///{ledger}", "REELMILL_OUTPUT": "gs://reelmill/reels"}
        yield Installation(folder, f"http://127.0.0.1:{port}", env | beside, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(180)
        finally:
            process.kill()
            log.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert found, "these tests need Chromium: apt-get install --no-install-recommends chromium (make e2e says so too)"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(browser) -> Iterator[Page]:
    """A window of its own, which reaches this machine only.

    Prefect's page asks its analytics service for a configuration even where analytics are switched off; it is not let.
    The gallery asks the shop for the product's picture when a clip is opened; a test may answer for the shop.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.route(re.compile(r"^https?://(?!127\.0\.0\.1:)"), lambda route: route.abort())
    yield page
    context.close()
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts <= {"127.0.0.1", "sr-client-cfg.amplitude.com", "images.example.com"}


@pytest.fixture
def show(page, request):
    """Keep a picture of the page, for whoever reads a failure, and for the README with E2E_PICTURES=FOLDER."""

    def keep(name: str) -> None:
        if folder := os.environ.get("E2E_PICTURES"):
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep


@pytest.fixture
def look(browser):
    """Open an address in a window of its own. The page may raise nothing, ask nobody, and violate no policy."""
    contexts, wrong, asked = [], [], []

    def opened(address, **options):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("request", lambda request: asked.append(request.url))
        page.route("https://**", lambda route: route.abort())
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
    elsewhere = {url for url in asked if not url.startswith(("file://", "http://127.0.0.1:", "blob:file:"))}
    assert elsewhere <= {"https://images.example.com/1.jpg"}, "the product's own picture, and only when it is opened"


@pytest.fixture
def shop(tmp_path) -> Iterator[ReviewShop]:
    """A run without clips, on this machine."""
    with review_shop(f"sqlite:///{tmp_path}/ledger.db", str(tmp_path / "reels")) as opened:
        yield opened


@pytest.fixture
def serve(shop, tmp_path) -> Iterator[Callable[[], str]]:
    """Serve the gallery of the shop as it is now, for Ada; its address."""
    with ExitStack() as stack:

        def opened() -> str:
            desk = ReviewDesk(shop.ledger, shop.storage, RUN, reviewer="Ada", folder=tmp_path / "desk")
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            host = f"127.0.0.1:{listener.getsockname()[1]}"
            stack.enter_context(served(review_app(desk, secret="secret", hosts=frozenset({host})), listener))
            return f"http://{host}/secret/index.html"

        yield opened
