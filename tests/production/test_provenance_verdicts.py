"""Verdicts in a record: money that a rebuilt ledger takes over, so each must be the intent's and add up."""

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.errors import LookFirst
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Settlement
from reelmill.ledger.recovering import Recovery
from reelmill.ledger.states import State
from reelmill.ledger.verdicts import PaidVerdict, VerdictState
from reelmill.production.provenance import NAME, Provenance
from reelmill.production.provenance_reading import read_provenance
from reelmill.storage.local import LocalStorage
from tests.support.production import clip
from tests.support.records import NOON, paid_intent

OURS, NO_PRICE = "holds a verdict of another intent", "holds a verdict without a price that the ledger can keep"
NOT_KEPT, NO_TOKENS = "holds a verdict that the ledger cannot keep", "holds a verdict without its tokens"
OUT_OF_BOUNDS = "holds a verdict with a number of tokens out of bounds"
WRONG = [
    (0, "intent_id", "f" * 32, OURS),
    (0, "run_id", "another", OURS),
    (0, "verdict_id", "../../x", OURS),
    (0, "model", "a\0b", NOT_KEPT),
    (0, "price_date", "", NOT_KEPT),
    (1, "error", "x" * 1001, NOT_KEPT),
    (0, "asked_at", "2026-07-15T12:00:00", NOT_KEPT),
    (0, "asked_at", "2019-12-31T23:59:59Z", NOT_KEPT),
    (0, "ended_at", "2200-01-01T00:00:00Z", NOT_KEPT),
    (0, "most_usd", "0", NO_PRICE),
    (0, "most_usd", "1000000", NO_PRICE),
    (0, "input_price_usd", "0.0000001", NO_PRICE),
    (0, "output_price_usd", "-1", NO_PRICE),
    (0, "input_tokens", None, NO_TOKENS),
    (0, "output_tokens", None, NO_TOKENS),
    (0, "input_tokens", -1, OUT_OF_BOUNDS),
    (0, "output_tokens", 10_000_001, OUT_OF_BOUNDS),
    (1, "input_tokens", 10**30, OUT_OF_BOUNDS),
    (2, "output_tokens", -5, OUT_OF_BOUNDS),
    (0, "output_tokens", 1001, "says 0.0028 USD for a verdict of 0.002803"),
    (0, "charged_usd", "0.002799", "says 0.002799 USD for a verdict of 0.0028"),
    (0, "number", 0, "says 0.0028 USD for a verdict of 0.0028"),
    (0, "number", 1001, "says 0.0028 USD for a verdict of 0.0028"),
    (1, "charged_usd", "0.01", "says 0.01 USD for a verdict of 0"),
    (2, "charged_usd", "0", "says 0 USD for a verdict of 0.0200"),
    (2, "verdict_id", f"{1:032x}", "holds one verdict twice"),
    (2, "number", 1, "holds one verdict twice"),
    (0, "answer", {"overall": 2**70}, "holds a value that the ledger cannot keep"),
    (2, "state", "refused", "says 0.0200 USD for a verdict of 0"),
]


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> LocalStorage:
    return LocalStorage(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def record(storage) -> Provenance:
    """Of a clip that was asked about three times: answered, refused, and nobody knows."""
    asked = clip()
    intent = paid_intent(asked, storage)
    common = {
        "intent_id": intent.intent_id,
        "run_id": intent.run_id,
        "model": "gemini-2.5-flash",
        "input_price_usd": Decimal("0.30"),
        "output_price_usd": Decimal("2.50"),
        "price_date": "2026-07-01",
        "most_usd": Decimal("0.0200"),
        "asked_at": NOON + timedelta(seconds=60),
        "ended_at": NOON + timedelta(seconds=61),
    }
    answer = {"overall": 0.9}
    used = {"input_tokens": 1000, "output_tokens": 1000, "charged_usd": Decimal("0.0028"), "answer": answer}
    unclear = {"charged_usd": common["most_usd"], "error": "no answer"}
    verdicts = tuple(
        PaidVerdict(verdict_id=f"{number:032x}", number=number, state=state, **common, **facts)
        for number, (state, facts) in enumerate(
            (
                (VerdictState.ANSWERED, used),
                (VerdictState.REFUSED, {"charged_usd": Decimal(0)}),
                (VerdictState.UNCLEAR, unclear),
            ),
            1,
        )
    )
    settlement = Settlement(
        state=State.SUCCEEDED,
        returned=1,
        video_uris=(storage.uri(f"{intent.output_prefix}/1/sample_0.mp4"),),
        provenance_uri=storage.uri(f"{intent.output_prefix}/{NAME}"),
    )
    return Provenance.of(asked, intent, settlement, ("0" * 64,), NOON, verdicts=verdicts)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory) -> Iterator[Ledger]:
    with Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db") as opened:
        yield opened


def place(record: Provenance) -> str:
    return f"{record.intent.output_prefix}/{NAME}"


def read(record: Provenance, storage: LocalStorage, *changes: tuple[int, str, object]) -> Provenance:
    """The record as it is read back when these fields of its verdicts say something else."""
    said = json.loads(record.model_dump_json())
    for number, name, value in changes:
        said["verdicts"][number][name] = value
    return read_provenance(json.dumps(said).encode(), place(record), storage)


def test_verdicts_are_read_back_and_are_part_of_the_charge(record, storage):
    assert read(record, storage) == record
    assert record.intent.charged_usd == record.amount_usd + Decimal("0.0228")


@pytest.mark.parametrize(("number", "name", "value", "why"), WRONG)
def test_a_verdict_that_is_wrong_is_refused_with_the_reason(record, storage, number, name, value, why):
    with pytest.raises(LookFirst) as refused:
        read(record, storage, (number, name, value))
    assert refused.value.problem.startswith(f"{place(record)} {why}")


def test_a_charge_without_its_verdicts_is_refused(record, storage):
    without = record.model_copy(update={"verdicts": record.verdicts[:2]})
    with pytest.raises(LookFirst, match=r"says .* USD, but 1 x"):
        read(without, storage)


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("1E+9999") | st.just([])
numbers = st.integers(-(2**70), 2**70)
answers = st.dictionaries(st.text(max_size=4), values | numbers | st.lists(values, max_size=2), max_size=3)
NAMES = sorted(PaidVerdict.__dataclass_fields__)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(NAMES), values | numbers | answers), max_size=3))
def test_whatever_stands_in_a_verdict_it_is_refused_or_a_ledger_can_keep_it(record, storage, ledger, changes):
    try:
        believed = read(record, storage, *changes)
    except LookFirst:
        return
    assert ledger.recover([believed.paid], dry_run=True) == [Recovery.ADDED]
