"""A deployment picks its profile of reelmill.toml by ``job_variables``, as docs/prefect.md shows it."""

import re
import shutil
import time
from functools import partial
from pathlib import Path

import httpx
import pytest

from reelmill.cli.environment import unknown_names
from reelmill.cli.prefect_server import PrefectServer
from reelmill.ledger.engine import parse_url
from reelmill.settings import load_settings
from tests.support.feeds import product_row, write_feed

PROJECT = Path(__file__).resolve().parents[2]
DEADLINE_S = 240.0

SETTINGS = """
variants = 4
[profile.staging]
variants = 2
[profile.production]
variants = 3
"""


def from_the_page(language: str) -> str:
    """The one block in this language below the heading of docs/prefect.md."""
    section = (
        (PROJECT / "docs" / "prefect.md").read_text().split("## From rehearsal to production")[1].split("\n## ")[0]
    )
    (block,) = re.findall(rf"```{language}\n(.*?)```", section, re.DOTALL)
    return block


@pytest.fixture
def project(tmp_path) -> Path:
    """The project with a settings file, and the deployments that the page adds to ours."""
    folder = tmp_path / "project"
    for name in ("flows", "tasks", "catalogs"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "reelmill.toml").write_text(SETTINGS)
    write_feed(folder / "feed.csv", [product_row("BOWL-1")])
    (folder / "prefect.yaml").write_text((PROJECT / "prefect.yaml").read_text() + "\n" + from_the_page("yaml"))
    return folder


@pytest.mark.parametrize(("profile", "cap"), [("", 0), ("simulator", None), ("staging", 10), ("production", 200)])
def test_the_file_on_the_page_is_right(tmp_path, monkeypatch, profile, cap):
    (tmp_path / "reelmill.toml").write_text(from_the_page("toml"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REELMILL_LEDGER_URL")
    monkeypatch.setenv("REELMILL_PROFILE", profile)
    settings = load_settings()
    assert unknown_names() == []
    assert (settings.cap_day_usd, settings.rehearsal) == (cap, profile == "simulator")
    assert settings.output.startswith("gs://") is bool(profile)
    parse_url(settings.ledger_url)


def test_deployments_of_one_project_run_with_the_profile_that_each_names(project, tmp_path, veo, monkeypatch):
    monkeypatch.delenv("REELMILL_LEDGER_URL")
    extra = {
        "PREFECT_LOGGING_LEVEL": "INFO",
        "PYTHONPATH": str(PROJECT),
        "GOOGLE_CLOUD_PROJECT": "rehearsal",
        "REELMILL_VERTEX_BASE_URL": veo.url,
    }
    server = PrefectServer.on(tmp_path / "prefect", extra=extra)
    with server.start():
        server.deploy(project)
        with (
            server.start_worker(project, 3),
            httpx.Client(base_url=f"{server.url}/api", trust_env=False, timeout=30) as api,
        ):
            runs = {name: started(api, name) for name in ("catalog-staging", "catalog-production", "catalog")}
            ended = {name: until(partial(ending, api, run_id)) for name, run_id in runs.items()}
            logs = {name: until(partial(settings_line, api, run_id)) for name, run_id in runs.items()}
    planned = {name: int(re.search(r"(\d+) clips", said)[1]) for name, said in ended.items()}
    assert planned == {"catalog-staging": 2, "catalog-production": 3, "catalog": 4}
    assert logs == {
        "catalog-staging": "Settings: profile staging of reelmill.toml; set by the form: nothing.",
        "catalog-production": "Settings: profile production of reelmill.toml; set by the form: nothing.",
        "catalog": "Settings: no profile; set by the form: nothing.",
    }


def started(api: httpx.Client, name: str) -> str:
    """The id of a dry run of this deployment."""
    (deployment,) = until(partial(posted, api, "/deployments/filter", {"deployments": {"name": {"any_": [name]}}}))
    form = {"catalog": {"feed": "feed.csv"}, "video": {"platforms": ["tiktok"]}, "spending": {"dry_run": True}}
    return until(partial(posted, api, f"/deployments/{deployment['id']}/create_flow_run", {"parameters": form}))["id"]


def ending(api: httpx.Client, run_id: str) -> str | None:
    """What the run said when it ended well."""
    answer = api.get(f"/flow_runs/{run_id}")
    state = answer.json()["state"] if answer.is_success else {"type": "UNKNOWN"}
    assert state["type"] not in {"FAILED", "CRASHED", "CANCELLED"}, state["message"]
    return state["message"] if state["type"] == "COMPLETED" else None


def settings_line(api: httpx.Client, run_id: str) -> str | None:
    lines = posted(api, "/logs/filter", {"logs": {"flow_run_id": {"any_": [run_id]}}}) or []
    return next((line["message"] for line in lines if line["message"].startswith("Settings:")), None)


def posted(api: httpx.Client, path: str, body: dict):
    """The answer, unless the busy server wants to be asked again."""
    answer = api.post(path, json=body)
    return answer.json() if answer.is_success else None


def until(condition):
    """The first truth of ``condition``, within the deadline."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.3)  # between two looks: the server shares this machine
    raise AssertionError(condition)
