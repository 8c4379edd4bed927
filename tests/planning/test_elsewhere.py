import dataclasses

import pytest

from reelmill.ledger.states import State
from reelmill.planning.actions import Action
from reelmill.planning.elsewhere import Elsewhere
from reelmill.planning.spool import Spool
from tests.support.making import planner_for, product, settle_all

PRODUCTS = [product(number) for number in range(1, 4)]


def plan_for(ledger, output, *, catalog="catalog", sink=None):
    planner = dataclasses.replace(planner_for(ledger), output=output, catalog=catalog)
    return planner.plan(PRODUCTS, sink)


def made_at_out(ledger, state=State.SUCCEEDED):
    """Make everything under the output ``out``."""
    with Spool() as spool:
        plan_for(ledger, "out", sink=spool)
        settle_all(ledger, spool, state)


def test_a_plan_says_how_many_kept_clips_lie_under_which_other_output(ledger):
    made_at_out(ledger)
    elsewhere = plan_for(ledger, "gs://new/reels", catalog="new")
    at_home = plan_for(ledger, "out")

    assert elsewhere.counts == at_home.counts == {Action.KEEP: 6}
    assert elsewhere.to_dict()["elsewhere"] == {"out": {"kept": 6}}
    assert elsewhere.warnings == [
        "6 kept clips lie under out, not under gs://new/reels: use --output out, or --force to pay for new ones here."
    ]
    assert (at_home.to_dict()["elsewhere"], at_home.warnings) == ({}, [])


def test_outputs_that_share_a_catalogs_name_are_told_apart_too(ledger):
    made_at_out(ledger)
    assert plan_for(ledger, "gs://new/reels").to_dict()["elsewhere"] == {"out": {"kept": 6}}


@pytest.mark.parametrize("state", [State.FAILED, State.FILTERED])
def test_what_is_stuck_elsewhere_is_said(ledger, state):
    made_at_out(ledger, state)
    summary = plan_for(ledger, "gs://new/reels", catalog="new")
    assert summary.counts == {Action.BLOCKED: 6}
    assert summary.warnings == ["6 blocked clips are stuck under out: see reelmill status --output out."]


def test_what_is_in_flight_elsewhere_is_said(ledger):
    made_at_out(ledger)
    with ledger._db.writing() as connection:
        connection.exec_driver_sql("UPDATE intents SET state = 'submitted' WHERE output = 'out'")
    summary = plan_for(ledger, "gs://new/reels", catalog="new")
    assert summary.warnings == [
        "6 kept clips are in flight under out: reelmill settle --output out looks.",
    ]


def test_one_is_never_many(ledger):
    made_at_out(ledger)
    standings = list(ledger.standings([clip.clip_id for clip, _ in ledger.intents()]).values())
    found = Elsewhere()
    for state in (State.SUCCEEDED, State.UNKNOWN, State.LOST, State.RELEASED):
        found.add(dataclasses.replace(standings[0], state=state))
    assert found.to_dict() == {"out": {"in_flight": 1, "kept": 1, "stuck": 1}}
    assert [warning[: warning.index(" under")] for warning in found.warnings("new")] == [
        "1 kept clip lies",
        "1 kept clip is in flight",
        "1 blocked clip is stuck",
    ]


def test_its_commands_survive_a_shell(ledger):
    made_at_out(ledger)
    standing = next(iter(ledger.standings([clip.clip_id for clip, _ in ledger.intents()]).values()))
    found = Elsewhere()
    for state in (State.SUCCEEDED, State.UNKNOWN, State.LOST):
        found.add(dataclasses.replace(standing, state=state, output="/my reels"))
    assert all("--output '/my reels'" in warning for warning in found.warnings("new"))
