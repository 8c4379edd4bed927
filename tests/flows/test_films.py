"""A flow run with a storyboard: its scenes are clips, and one step stitches them."""

import shutil

import pytest

from flows.catalog_run import catalog_run
from flows.parameters import Catalog, Spending, Video
from reelmill.prompts.storyboard import FILE
from tests.support.feeds import product_row, write_feed
from tests.support.flow_runs import seen, table
from tests.support.making import CONTENT

STORYBOARD = """
[[scene]]
name = "first"
duration_s = 4
prompt = "{{ product.name }} on a table."
[[scene]]
name = "last"
continues = true
prompt = "{{ product.name }} at rest."
"""


@pytest.mark.usefixtures("prefect_server", "rehearsal")
async def test_a_flow_run_stitches_the_film_of_its_scenes_and_shows_the_step(gcs, tmp_path, output, monkeypatch):
    shutil.copytree(CONTENT, tmp_path / "content")
    (tmp_path / "content" / "prompts" / "home" / FILE).write_text(STORYBOARD)
    monkeypatch.setenv("REELMILL_CATALOGS_DIR", str(tmp_path / "content"))
    feed = write_feed(tmp_path / "feed.csv", [product_row("VASE", "Blue vase", "Home & Garden > Decor")])
    video = Video(platforms=["tiktok"], storyboards=True)
    state = await catalog_run(Catalog(feed=str(feed)), video, Spending(), output, return_state=True)
    report = await state.aresult()
    shown = await seen(state, tasks=8)
    (film,) = table(gcs, output, "films")
    results = table(gcs, output, "results")

    assert (report.made, report.films.stitched) == (2, [film["film_id"]]), state.message
    assert shown.tasks["stitch"].is_completed()
    assert "1 film of 11 s: first, last" in shown.artifacts["reelmill-plan"].data
    assert {(row["film_id"], row["scene"]) for row in results} == {
        (film["film_id"], "first"),
        (film["film_id"], "last"),
    }
    assert (film["status"], film["planned_s"]) == ("stitched", 11.0)
