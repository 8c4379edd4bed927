import pytest

from reelmill.ledger import reading
from reelmill.ledger.listed import chunks
from reelmill.ledger.records import Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, authorise, bring_to, known, make_clip


@pytest.fixture
def made(ledger, clock, monkeypatch):
    """Nine intents in three runs and outputs, some at the same moment; read in chunks of two."""
    monkeypatch.setattr(reading, "_CHUNK", 2)
    intents = []
    for number in range(9):
        run, output = f"run-{number % 3}", f"out-{number % 3}"
        ledger.start_run(Run(run_id=run, output=OUTPUT if run == RUN else output))
        state = (State.SUCCEEDED, State.LOST, State.SUBMITTED)[number // 3]
        intents.append(bring_to(ledger, state, make_clip(f"c{number}"), run_id=run, output=output))
        clock.advance(0 if number % 4 else 1)
    return intents


def test_streams_are_complete_in_order_and_without_repeats(ledger, made):
    expected = sorted(made, key=lambda intent: (intent.created_at, intent.intent_id))
    assert [intent for _, intent in ledger.intents()] == expected
    assert all(clip.clip_id == intent.clip_id for clip, intent in ledger.intents())


@pytest.mark.parametrize("limit", [0, 1, 2, 3, 4, 9, 20])
def test_a_limit_is_kept_over_chunks(ledger, made, limit):
    assert len({intent.intent_id for _, intent in ledger.intents(limit=limit)}) == min(limit, 9)


def test_streams_filter_by_state_run_and_output(ledger, made):
    def ids(**filters):
        return {intent.intent_id for _, intent in ledger.intents(**filters)}

    assert ids(states=[State.LOST]) == {intent.intent_id for intent in made[3:6]}
    assert ids(states=[]) == set()
    assert ids(run_id="run-2") == {intent.intent_id for intent in made[2::3]}
    assert ids(output="out-0", states=[State.LOST, State.SUBMITTED]) == {made[3].intent_id, made[6].intent_id}


def test_charges_stream_across_chunks(ledger, made):
    charged = [charge.intent_id for _, charge in ledger.charges()]
    assert sorted(charged) == sorted(intent.intent_id for intent in made[:3])
    assert len(list(ledger.charges(run_id="run-1"))) == 1


def test_a_stream_may_be_read_while_the_ledger_is_written(ledger, made):
    seen = []
    for _, intent in ledger.intents(states=[State.SUBMITTED, State.LOST]):
        seen.append(intent.intent_id)
        if intent.state is State.SUBMITTED:
            ledger.expired(intent.intent_id, "late")
    assert sorted(seen) == sorted(intent.intent_id for intent in made[3:])


def test_standings_tell_the_latest_attempt(ledger, made, monkeypatch):
    monkeypatch.setattr(reading, "_STANDINGS_CHUNK", 4)
    again = bring_to(ledger, State.UNKNOWN, make_clip("c0"), again=True)
    standings = ledger.standings([*(intent.clip_id for intent in made), "never made"])
    assert set(standings) == {intent.clip_id for intent in made}
    latest = standings[made[0].clip_id]
    assert (latest.attempt, latest.state, latest.intent_id) == (2, State.UNKNOWN, again.intent_id)
    assert latest.error_code == known(ledger, again).error_code == "unclear"
    assert standings[made[4].clip_id].state is State.LOST
    assert ledger.standings([]) == {}


def test_totals_tell_attempts_from_clips(ledger):
    first = bring_to(ledger, State.FAILED)
    bring_to(ledger, State.SUCCEEDED, again=True, after=first.intent_id)
    bring_to(ledger, State.FAILED, make_clip("other"))
    totals = ledger.totals()
    assert {state: (t.clips, t.present) for state, t in totals.items()} == {
        State.FAILED: (2, 1),
        State.SUCCEEDED: (1, 1),
    }
    assert (ledger.count_clips(), ledger.count_clips(run_id=RUN), ledger.count_clips(output="elsewhere")) == (2, 2, 0)
    assert ledger.count_clips(run_id="other") == 0


def test_a_standing_names_its_output(ledger, made):
    standings = ledger.standings([intent.clip_id for intent in made])
    assert {standings[intent.clip_id].output for intent in made} == {"out-0", "out-1", "out-2"}


def test_chunks_are_full_but_for_the_last():
    assert list(chunks(iter(range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunks([], 2)) == []


def test_clips_are_read_by_their_ids(ledger):
    made = [make_clip(name) for name in "abc"]
    for clip in made:
        authorise(ledger, clip)
    first, _, last = made
    found = ledger.clips([first.clip_id, last.clip_id, "nobody's"])
    assert found == {first.clip_id: first, last.clip_id: last}
    assert ledger.clips([]) == {}
