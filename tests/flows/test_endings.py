"""A flow run that leaves something undone says so by its state, whenever the command line's exit code does."""

from dataclasses import replace

import pytest

from flows.endings import finished, inspected, planned, settled
from reelmill.errors import ExitCode, FixAccess, RaiseCap, TryLater
from reelmill.jobs.films import FilmWork
from reelmill.jobs.inspecting import LookedAt
from reelmill.jobs.settling import Settled
from reelmill.ledger.records import RunStatus
from reelmill.planning.asked import Unmet
from reelmill.planning.summary import PlanSummary
from reelmill.production.results import Tally
from tests.support.feeds import product_row, write_feed
from tests.support.flow_runs import MADE, catalog_run_of

UNWRITTEN = TryLater(
    "Tables and gallery were not written: the bucket does not answer.", "Run reelmill report --rebuild."
)
ONE_FAILED = FilmWork(waiting_count=1, failed=1)
UNMET = Unmet(missing=("A-1", "B-2"), rejected=("C-3",))
LOOKED = Settled(tally=Tally(), looked_at=1, left=0, held_by_others=0, tables=())


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        ({}, "Completed", "1 succeeded"),
        ({"counts": {}}, "Unchanged", "nothing to make"),
        ({"counts": {}, "films": FilmWork(stitched=["film-1"])}, "Completed", "nothing to make"),
        ({"not_begun": 1}, "Completed", "1 planned clip not begun: the next run goes on"),
        ({"counts": {}, "not_begun": 3}, "Completed", "nothing made, 3 not begun; 0 kept"),
        ({"attention": 2, "not_begun": 3}, "NeedsAttention", "3 planned clips not begun"),
        ({"counts": {}, "unmet": UNMET}, "NeedsAttention", "Not in the feed: A-1, B-2. Check the SKUs"),
        ({"unmet": UNMET}, "NeedsAttention", "Rejected: C-3. Correct their rows"),
        ({"attention": 2}, "NeedsAttention", "2 clips need a look"),
        ({"stopped_by": UNWRITTEN}, "NeedsAttention", str(UNWRITTEN)),
        ({"counts": {}, "stopped_by": UNWRITTEN}, "NeedsAttention", str(UNWRITTEN)),
        ({"films": ONE_FAILED}, "NeedsAttention", "1 film could not be stitched"),
        ({"counts": {}, "films": ONE_FAILED}, "NeedsAttention", "1 film could not be stitched"),
        ({"blocked": 1, "films": ONE_FAILED, "stopped_by": UNWRITTEN}, "NeedsAttention", "1 are blocked"),
        ({"status": RunStatus.STOPPED}, "Cancelled", "Stopped. 1 succeeded"),
        ({"status": RunStatus.STOPPED, "stopped_by": UNWRITTEN}, "Cancelled", str(UNWRITTEN)),
        ({"status": RunStatus.CAPPED, "stopped_by": RaiseCap("Full.", "Raise it.")}, "StoppedAtCap", "Full. Raise it."),
        ({"status": RunStatus.FAILED, "stopped_by": FixAccess("No.", "Log in.")}, "Failed", "No. Log in."),
    ],
)
def test_a_run_ends_well_only_if_the_command_line_would_return_0(changed, name, said):
    report = replace(MADE, **changed)

    state = finished(report)

    assert state.name == name
    assert said in state.message
    assert (state.name in ("Completed", "Unchanged")) == (report.exit_code is ExitCode.OK)


@pytest.mark.parametrize(
    ("changed", "name", "said"),
    [
        ({}, "Completed", "Looked at 1 clip;"),
        ({"looked_at": 0}, "Unchanged", "Looked at 0 clips"),
        ({"looked_at": 0, "films": FilmWork(stitched=["film-1"])}, "Completed", "Looked at 0 clips"),
        ({"looked_at": 0, "left": 3}, "NeedsAttention", "3 clips not looked at"),
        ({"looked_at": 0, "films": ONE_FAILED}, "NeedsAttention", "1 film could not be stitched"),
        ({"tally": Tally(attention=1)}, "NeedsAttention", "1 clip needs a person"),
        ({"tally": Tally(attention=1), "known": 1}, "Unchanged", "waiting for a person (see reelmill status): 1 clip."),
        ({"tally": Tally(attention=2), "known": 1, "looked_at": 2}, "NeedsAttention", "1 clip needs a person"),
    ],
)
def test_what_settling_left_is_told(changed, name, said):
    state = settled(replace(LOOKED, **changed))

    assert state.name == name
    assert said in state.message


def test_a_dry_run_names_what_was_asked_for_and_cannot_be_made():
    state = planned(PlanSummary("veo-3.1-fast-generate-001", 60, unmet=UNMET))

    assert (state.name, state.is_completed()) == ("Planned", True)
    assert "Not in the feed: A-1, B-2." in state.message


def test_a_film_that_inspecting_could_not_stitch_is_told():
    state = inspected(LookedAt(Tally(), ONE_FAILED))

    assert (state.name, inspected(LookedAt(Tally(), FilmWork())).name) == ("NeedsAttention", "Unchanged")
    assert "1 film could not be stitched" in state.message


def test_what_an_inspecting_that_was_stopped_left_is_told():
    state = inspected(LookedAt(Tally(), FilmWork(), left=2))

    assert (state.name, state.message) == (
        "NeedsAttention",
        "2 clips not looked at: the next inspect does. Looked at 0 clips.",
    )


@pytest.mark.usefixtures("prefect_server", "rehearsal")
async def test_a_run_whose_tables_cannot_be_written_needs_attention(veo, feed, tmp_path):
    output = tmp_path / "reels"
    output.mkdir()
    (output / "tables").write_text("a file where the folder of tables should be")

    state = await catalog_run_of(feed, str(output))

    assert (state.name, state.is_completed()) == ("NeedsAttention", True), state.message
    assert "Tables and gallery were not written" in state.message
    assert "4 succeeded" in state.message


@pytest.mark.usefixtures("prefect_server", "rehearsal", "veo")
async def test_where_nothing_is_left_to_look_at_nothing_changes(output):
    from flows.inspect_clips import inspect_clips
    from flows.settle_output import settle_output

    states = [await flow(output, return_state=True) for flow in (inspect_clips, settle_output)]

    assert [state.name for state in states] == ["Unchanged", "Unchanged"], states


@pytest.mark.usefixtures("prefect_server", "rehearsal", "veo")
async def test_a_lost_clip_is_told_once_and_not_again_by_every_settle(monkeypatch, tmp_path, output):
    """The schedule settles every quarter of an hour, and an automation calls people when something needs them."""
    from flows.settle_output import settle_output

    monkeypatch.setenv("REELMILL_UNCLEAR_WAIT_S", "1")
    feed = write_feed(tmp_path / "feed.csv", [product_row("BOWL", "Bowl [[fault:503_before]]")])

    run = await catalog_run_of(feed, output)
    settling = await settle_output(output, return_state=True)

    assert (run.name, settling.name) == ("NeedsAttention", "Unchanged"), (run.message, settling.message)
    assert "Still waiting for a person (see reelmill status): 2 clips." in settling.message
