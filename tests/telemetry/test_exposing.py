"""What the collector does with a ledger that is away, and with a feed that has a category for every product."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from reelmill.jobs.exposing import LedgerCollector
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Run
from reelmill.ledger.states import State
from reelmill.telemetry.bounded import OTHER, Bounded
from tests.ledger.making import OUTPUT, RUN, bring_to, make_clip


def samples(ledger):
    registry = CollectorRegistry()
    registry.register(LedgerCollector(ledger, Caps()))
    text = generate_latest(registry).decode()
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def test_a_ledger_that_cannot_be_read_is_down_and_nothing_else(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.close()
        for left in tmp_path.glob("ledger.db*"):
            left.unlink()
        (tmp_path / "ledger.db").mkdir()
        assert [(sample.name, sample.value) for sample in samples(ledger)] == [("reelmill_ledger_up", 0)]


def is_released(sample):
    return sample.name == "reelmill_ledger_ended_total" and sample.labels["state"] == "released"


def test_ends_begin_with_none_of_each_kind(tmp_path):
    """A series that began with its first end would show no increase."""
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        bring_to(ledger, State.AUTHORISED)
        ended = {s.labels["state"]: s.value for s in samples(ledger) if s.name == "reelmill_ledger_ended_total"}
    assert ended == {state.value: 0 for state in State if state.final}


def test_a_category_for_every_product_does_not_make_a_series_for_every_product(tmp_path):
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT))
        for number in range(120):
            bring_to(ledger, State.RELEASED, make_clip(f"shoe-{number}", category=f"Category {number} > Shoes"))
        ended = {s.labels["category"]: s.value for s in samples(ledger) if is_released(s)}
    assert len(ended) == 101
    assert ended[OTHER] == 20
    assert sum(ended.values()) == 120


def test_a_name_keeps_what_it_was_given():
    bounded = Bounded(2)
    assert [bounded(name) for name in ("a", "b", "c", "a", "c", "b")] == ["a", "b", OTHER, "a", OTHER, "b"]
