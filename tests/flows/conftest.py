"""One Prefect server for the whole session, in a home of its own; a person's Prefect is never touched.

The environment is set before anything imports Prefect. The tests that use the server share one worker, and so one
server: the mark below groups them for ``pytest --dist loadgroup``.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reelmill.cli.prefect_server import PrefectServer
from tests.support.feeds import product_row, write_feed
from tests.support.xdist_groups import put_into_group

_HOME = Path(tempfile.mkdtemp(prefix="reelmill-prefect-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
_SERVER = PrefectServer.on(_HOME)
for _name in [name for name in os.environ if name.startswith("PREFECT_")]:
    del os.environ[_name]
os.environ.update(
    {
        "PREFECT_HOME": str(_HOME),
        "PREFECT_API_URL": f"{_SERVER.url}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_LEVEL": "WARNING",
    }
)


def pytest_itemcollected(item: pytest.Item) -> None:
    if Path(__file__).parent not in item.path.parents:
        return
    item.add_marker(pytest.mark.timeout(400))  # a Prefect server takes its time on a busy machine
    if "prefect_server" in getattr(item, "fixturenames", ()):
        put_into_group(item, "prefect")


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[PrefectServer]:
    """The running server; ``PREFECT_API_URL`` names it."""
    import prefect.main  # noqa: F401  # it sets log levels when it is imported: before a test sets its own

    with _SERVER.start():
        yield _SERVER
        from prefect.logging.handlers import APILogHandler

        APILogHandler().flush()  # at exit there would be nobody to take the last lines


@pytest.fixture
def rehearsal(monkeypatch, gcs, veo) -> None:
    """Settings for quick clips from the simulator."""
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "rehearsal")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    monkeypatch.setenv("REELMILL_VERTEX_BASE_URL", veo.url)
    monkeypatch.setenv("REELMILL_QUOTA_PER_MINUTE", "600")
    monkeypatch.setenv("REELMILL_POLL_INTERVAL_S", "0.2")
    monkeypatch.setenv("REELMILL_INSPECT", "header")


@pytest.fixture
def output(gcs) -> str:
    """A place of its own for what the run makes."""
    return f"gs://{gcs.bucket()}/reels"


@pytest.fixture
def feed(tmp_path) -> Path:
    """Two products, and a row that is none."""
    rows = [product_row("BOWL-1"), product_row("BOWL/2", "Maple bowl"), product_row("", "A bowl without a SKU")]
    return write_feed(tmp_path / "feed.csv", rows)
