"""Decisions from a browser: whatever comes, a row is either a decision or a problem with its number."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.gallery.decisions_file import parse_export, parse_posted
from reelmill.ledger.records import Decision, ReviewedVia

GOOD = {
    "review_id": "0123456789abcdef",
    "intent_id": "intent-1",
    "decision": "reject",
    "reason": "Off  brand\x1b[31m",
    "reviewer": "Ada",
    "decided_at": "2026-07-15T12:00:00.123Z",
}


def export(*rows, **changes):
    file = {"format": "reelmill-decisions", "version": 1, "run_id": "run-1", "decisions": list(rows)} | changes
    return json.dumps(file).encode()


def parse(data, reviewer=""):
    return parse_export(data, reviewer=reviewer, default_reviewer="whoever")


def test_an_export_is_read_as_it_was_written():
    found = parse(export(GOOD))
    ((number, asked),) = found.asked
    assert (number, found.run_id, list(found.problems)) == (1, "run-1", [])
    assert (asked.decision, asked.reviewer, asked.via) == (Decision.REJECT, "Ada", ReviewedVia.FILE)
    assert asked.reason == "Off brand [31m"
    assert asked.decided_at.isoformat() == "2026-07-15T12:00:00.123000+00:00"


def test_a_file_of_ours_is_read_however_many_decisions_it_holds():
    found = parse(export(*[GOOD] * 200_001))
    assert (len(found.asked), found.problems) == (200_001, [])


def test_the_reviewer_is_the_one_who_is_named():
    nobody = GOOD | {"reviewer": ""}
    assert [asked.reviewer for _, asked in parse(export(GOOD, nobody)).asked] == ["Ada", "whoever"]
    assert [asked.reviewer for _, asked in parse(export(GOOD, nobody), "Grace").asked] == ["Grace", "Grace"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"decision": "delete"},
        {"decision": None},
        {"review_id": "short"},
        {"review_id": "../../../../etc/passwd"},
        {"intent_id": ""},
        {"intent_id": "a\0b"},
        {"intent_id": "a\ud800b"},
        {"review_id": "\ud800" * 9},
        {"reason": "\ud800"},
        {"decided_at": "yesterday"},
        {"decided_at": "2026-07-15T12:00:00"},
        {"decided_at": "0001-01-01T00:00:00+14:00"},
        {"decided_at": "2019-12-31T23:59:59Z"},
        {"decided_at": None},
        {"reason": "x" * 1001},
        {"reviewer": ["Ada"]},
    ],
)
def test_a_wrong_row_is_told_by_its_number_and_keeps_no_other_out(wrong):
    found = parse(export(GOOD, GOOD | wrong, GOOD))
    assert [number for number, _ in found.asked] == [1, 3]
    ((problem),) = found.problems
    assert problem.row == 2
    assert next(iter(wrong)) in problem.problem


@pytest.mark.parametrize("row", [None, 7, "approve", [], {}])
def test_what_is_no_row_is_told(row):
    assert [problem.row for problem in parse(export(row)).problems] == [1]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format":"other"}',
        export(version=2),
        export(decisions={"a": 1}),
        export(run_id=""),
        export(run_id="a\0b"),
        export(run_id="\ud800"),
    ],
)
def test_what_is_no_export_is_refused_in_words(data):
    with pytest.raises(FixConfiguration, match="Export the decisions"):
        parse(data)


def test_what_the_page_posts_is_made_now_by_whoever_reviews():
    found = parse_posted(json.dumps({"decisions": [GOOD]}).encode(), reviewer="Grace")
    ((_, asked),) = found.asked
    assert (asked.reviewer, asked.decided_at, asked.via) == ("Grace", None, ReviewedVia.PAGE)
    with pytest.raises(FixConfiguration, match="no decisions"):
        parse_posted(b"[]", reviewer="Grace")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
ROWS = st.fixed_dictionaries({}, optional={name: st.just(value) | JSON for name, value in GOOD.items()}) | JSON


@given(st.lists(ROWS, max_size=6))
def test_every_row_is_a_decision_or_a_problem(rows):
    found = parse(json.dumps({"format": "reelmill-decisions", "version": 1, "run_id": "r", "decisions": rows}).encode())
    numbers = [number for number, _ in found.asked] + [problem.row for problem in found.problems]
    assert sorted(numbers) == list(range(1, len(rows) + 1))
    for _, asked in found.asked:
        assert asked.reason.isprintable()
        assert asked.decided_at.tzinfo is not None


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data):
    with pytest.raises(FixConfiguration):
        parse(data)
