import gzip
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FixFeed
from reelmill.report.billing import line_of
from reelmill.report.billing_files import read_billing
from tests.support.billing import row, write_export

AT = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
ROWS = [
    row({"run": "r1", "sku": "lamp", "intent": "i1"}, Decimal("0.1") + Decimal("0.2"), AT),
    row({}, Decimal("1.6"), AT, credits=[{"name": "Promotion", "amount": Decimal("-0.25")}], currency="eur"),
    row({"run": "r1"}, Decimal("-0.01"), AT, cost_type="rounding_error", sku={"id": "1", "description": "Storage"}),
]
FORMATS = ["parquet", "json", "csv"]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_says_the_same_exactly(tmp_path, suffix):
    first, second, third = read_billing(write_export(ROWS, tmp_path / f"export.{suffix}"))
    assert (first.cost, first.currency, first.credits) == (Decimal("0.3"), "USD", 0)
    assert first.labels == {"run": "r1", "sku": "lamp", "intent": "i1"}
    assert (first.start, first.end, first.project, first.service) == (AT, AT, "rehearsal", "Vertex AI")
    assert (first.is_veo, first.is_usage) == (True, True)
    assert (second.credits, second.currency, second.labels) == (Decimal("-0.25"), "EUR", {})
    assert (third.is_veo, third.is_usage, third.cost) == (False, False, Decimal("-0.01"))


def test_a_folder_of_pieces_and_gzip_are_read_too(tmp_path):
    whole = write_export(ROWS, tmp_path / "whole.json")
    pieces = tmp_path / "pieces"
    pieces.mkdir()
    write_export(ROWS[:1], pieces / "export-000000000000.parquet")
    (pieces / "export-000000000001.json.gz").write_bytes(gzip.compress(b"\n".join(whole.read_bytes().split(b"\n")[1:])))
    assert list(read_billing(pieces)) == list(read_billing(whole))


def test_an_amount_is_what_is_printed_never_the_binary_fraction_behind_it():
    assert line_of(row({}, 0.1, AT)).cost == Decimal("0.1")
    assert line_of(row({}, "0.123456789", AT)).cost == Decimal("0.123456789")
    assert line_of(row({}, Decimal("1E-9"), AT)).cost == Decimal("0.000000001")


def test_what_our_labels_say_is_veo_whatever_google_calls_it():
    renamed = {"id": "1", "description": "Agent Platform Video"}
    assert line_of(row({"run": "r", "intent": "i"}, 1, AT, sku=renamed)).is_veo
    assert not line_of(row({"run": "r"}, 1, AT, sku=renamed)).is_veo
    assert not line_of(row({}, 1, AT, sku={"id": "1", "description": "Duveon"})).is_veo


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("cost", None, "cost is no amount"),
        ("cost", True, "cost is no amount"),
        ("cost", "free", "cost is no amount: 'free'"),
        ("cost", float("nan"), "no amount of money"),
        ("cost", "1E+30", "no amount of money"),
        ("cost", "1E-500", "no amount of money"),
        ("cost", "9" * 40, "no amount of money"),
        ("usage_start_time", None, "usage_start_time is no time"),
        ("usage_start_time", "yesterday", "usage_start_time is no time: 'yesterday'"),
        ("usage_start_time", "0001-01-01T00:00:00+14:00", "no time of a bill"),
        ("labels", "{", "labels is no JSON"),
        ("labels", "[" * 100_000, "labels is no JSON"),
        ("labels", [{"value": "x"}], "labels is no list"),
        ("labels", [{"key": 1, "value": "x"}], "where a text belongs"),
        ("credits", [{"name": "x"}], "credits is no list"),
        ("credits", [{"amount": "x"}], "credits is no amount"),
        ("currency", 3, "where a text belongs"),
    ],
)
def test_a_line_that_is_wrong_says_what(column, value, why):
    with pytest.raises(ValueError, match=why):
        line_of(row({}, 1, AT) | {column: value})


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.json", b'{"cost": 1}\n', r"a\.json, line 1: usage_start_time is no time"),
        ("a.json", b"\n{nonsense\n", r"a\.json, line 2: is no JSON object"),
        ("a.json", b'{"cost": NaN}\n', r"a\.json, line 1: is no JSON object"),
        ("a.json", b"[{}]", "one JSON array"),
        ("a.json", b'{"a": "' + b"x" * 5_000_000 + b'"}', "is too long"),
        ("a.csv", b"", "no column cost"),
        ("a.csv", b"id,title\n1,x\n", "no column cost, currency, usage_start_time, labels"),
        ("a.csv", b"cost,currency,usage_start_time,labels\n1,USD\n", "line 2: has 2 fields instead of 4"),
        ("a.csv", b"cost,currency,usage_start_time,labels\n1,\xff,x,y\n", "is no billing export"),
        ("a.csv", b'cost,currency,usage_start_time,labels\n"1,USD\n', "is no billing export"),
        ("a.parquet", b"PAR1 but no more", "no Parquet file"),
        ("a.gz", b"\x1f\x8b\x08 torn", "is no billing export"),
    ],
)
def test_what_is_no_export_is_refused_with_its_line(tmp_path, name, data, why):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FixFeed, match=why):
        list(read_billing(path))


def test_nothing_there_is_said(tmp_path):
    with pytest.raises(FixFeed, match="cannot be read"):
        list(read_billing(tmp_path / "none.json"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FixFeed, match="is empty"):
        list(read_billing(tmp_path / "empty"))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["key", "amount"]), inner, max_size=2),
    max_leaves=3,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from([*row({}, 1, AT)]), json_values, max_size=3))
def test_whatever_a_line_holds_it_is_read_or_refused(changes):
    try:
        line = line_of(json.loads(json.dumps(row({}, "1", AT.isoformat()) | changes)))
    except ValueError:
        return
    assert line.cost.is_finite()
    assert line.start.tzinfo is UTC


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"{", b"PAR1", b"\x1f\x8b", b"cost,currency,usage_start_time,labels\n"]),
)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory, data, start):
    path = tmp_path_factory.mktemp("fuzz") / "export"
    path.write_bytes(start + data)
    try:
        lines = list(read_billing(path))
    except FixFeed:
        return
    assert lines == []  # at most a header was left of it


def test_what_a_file_manager_or_a_tool_left_in_the_folder_is_no_part_of_the_export(tmp_path):
    write_export(ROWS, tmp_path / "part-0.parquet")
    for name in (".DS_Store", "_SUCCESS"):
        (tmp_path / name).write_bytes(bytes(9))
    assert len(list(read_billing(tmp_path))) == len(ROWS)
    (tmp_path / "part-0.parquet").unlink()
    with pytest.raises(FixFeed, match="is empty"):
        list(read_billing(tmp_path))
