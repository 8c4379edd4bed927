from datetime import timedelta

from reelmill.ledger.records import Run, RunStatus
from reelmill.ledger.states import State
from tests.ledger.making import LEASE_S, OTHER, OUTPUT, OWNER, RUN, authorise, bring_to, make_clip


def silence(ledger):
    return {found.run.run_id: found.silent_s for found in ledger.unfinished_runs(output=OUTPUT)}


def test_a_run_is_as_silent_as_its_last_sign_of_life(ledger, clock):
    clock.advance(100)
    ledger.start_run(Run(run_id="run-2", output=OUTPUT))
    clock.advance(20)
    ledger.show_life(RUN)
    clock.advance(5)
    assert silence(ledger) == {RUN: 5, "run-2": 25}


def test_ended_runs_and_other_outputs_are_left_out_and_stay_ended(ledger, clock):
    ledger.start_run(Run(run_id="other", output="elsewhere"))
    ledger.finish_run(RUN, RunStatus.FAILED)
    ledger.show_life(RUN)
    assert silence(ledger) == {}
    assert ledger.run(RUN).status is RunStatus.FAILED


def test_starting_a_run_again_is_a_sign_of_life(ledger, clock):
    clock.advance(100)
    ledger.start_run(Run(run_id=RUN, output=OUTPUT))
    assert silence(ledger) == {RUN: 0}


def test_a_run_of_an_older_reelmill_counts_from_its_start(ledger, clock):
    with ledger._db.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET alive_at = NULL")
    clock.advance(7)
    assert silence(ledger) == {RUN: 7}


def test_the_leases_of_open_clips_are_told_by_owner(ledger, clock):
    ledger.start_run(Run(run_id="run-2", output=OUTPUT))
    authorise(ledger, make_clip("a"))
    bring_to(ledger, State.SUBMITTED, make_clip("b"), lease_s=2 * LEASE_S)
    bring_to(ledger, State.LOST, make_clip("c"), lease_s=9 * LEASE_S)
    authorise(ledger, make_clip("d"), owner=OTHER)
    clock.advance(1.5 * LEASE_S)
    leases = {found.run.run_id: found.leases for found in ledger.unfinished_runs(output=OUTPUT)}
    # The submitted one's lease was renewed when it was marked as being sent.
    assert leases == {RUN: {OWNER: 0.5 * LEASE_S, OTHER: 0.5 * LEASE_S}, "run-2": {}}


def test_outputs_are_listed_by_their_latest_run(ledger, clock):
    for number, output in enumerate(("a", "b", "a", OUTPUT)):
        clock.advance(1)
        ledger.start_run(Run(run_id=f"r{number}", output=output))
    assert ledger.outputs() == [OUTPUT, "a", "b"]
    assert timedelta(seconds=4) == clock() - ledger.run(RUN).started_at
