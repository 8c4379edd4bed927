"""The ledger against the bill: equal where they are, and every difference named."""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.clip import Clip
from reelmill.jobs.reconciling import Kind, Period, reconcile
from reelmill.ledger.copying import clear_tables
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.recovering import PaidClip
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from reelmill.report.billing import line_of
from reelmill.report.billing_files import read_billing
from reelmill.storage.local import LocalStorage
from reelmill.veo.labels import request_labels
from tests.support.billing import export_of, row, write_export
from tests.support.production import RUN, clip, open_engine, producer
from tests.support.records import NOON, paid_intent, record_of


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('books')}/ledger.db") as ledger:
        yield ledger


@pytest.fixture
def ledger(opened):
    empty(opened)
    return opened


def empty(ledger) -> None:
    with ledger._db.writing() as connection:
        clear_tables(connection)


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    return LocalStorage(tmp_path_factory.mktemp("out"))


def paid(
    storage, sku: str, *, run: str = RUN, price: str = "0.05", sent=NOON, samples: int = 1, asked: Clip | None = None
) -> PaidClip:
    """A paid clip as a record has it; each is a clip of its own unless it is given."""
    asked = asked or replace(clip(sku, samples=samples), unit_price_usd=Decimal(price), clip_id=secrets.token_hex(16))
    return record_of(asked, paid_intent(asked, storage, run_id=run, submitted_at=sent), storage).paid


def labels_of(one: PaidClip) -> dict[str, str]:
    intent = one.intent
    return request_labels(
        run=intent.run_id, clip=one.clip.clip_id, sku=one.clip.sku, campaign="", intent=intent.intent_id
    )


def billed(one: PaidClip, **changes) -> dict:
    return row(labels_of(one), one.intent.charged_usd, one.intent.submitted_at) | changes


def lines(*rows):
    return [line_of(each) for each in rows]


def kinds(found) -> list[tuple]:
    return [(each.kind, each.run, each.sku) for each in found.differences]


@pytest.mark.parametrize("suffix", ["parquet", "json", "csv"])
async def test_what_the_simulator_billed_is_what_the_ledger_charged(tmp_path, veo, gcs, suffix):
    with open_engine(tmp_path, veo, gcs) as engine:
        made = [clip("Größe 42/A", samples=2), clip("lamp", prompt="A lamp [[fault:output_filter]]"), clip("bowl")]
        await asyncio.gather(*[producer(engine).produce(Work(one)) for one in made])
        mine = [entry for entry in veo.journal() if (entry["storage_uri"] or "").startswith(engine.storage.root)]
        export = write_export(export_of(mine), tmp_path / f"export.{suffix}")

        found = reconcile(engine.ledger, read_billing(export), rehearsal=True)
        assert (found.differences, found.billed_usd, found.lines) == ([], found.charged_usd, 2)
        assert found.charged_usd == sum(Decimal(entry["amount_usd"]) for entry in mine) > 0

        export = write_export(export_of(mine)[1:], tmp_path / f"short.{suffix}")
        (missing,) = reconcile(engine.ledger, read_billing(export), rehearsal=True).differences
        assert (missing.kind, missing.run) == (Kind.NOT_BILLED, RUN)


def test_each_kind_of_difference_is_named(ledger, storage):
    same, gone, more = (paid(storage, name) for name in ("same", "gone", "more"))
    ledger.recover([same, gone, more])
    foreign = billed(paid(storage, "other"), labels=[{"key": "run", "value": "unknown"}, {"key": "sku", "value": "x"}])
    bill = lines(
        billed(same),
        billed(more),
        billed(more),
        foreign,
        billed(same, labels=[]),
        billed(same, labels=[], project={"id": "theirs"}),
        billed(same, cost=Decimal("0.02"), cost_type="tax"),
        billed(same, cost=0, credits=[{"amount": Decimal("-0.1")}]),
        billed(same, labels=[], sku={"description": "Gemini tokens"}),
    )

    found = reconcile(ledger, bill, project="rehearsal")

    assert kinds(found) == [
        (Kind.NOT_BILLED, RUN, "gone"),
        (Kind.AMOUNT, RUN, "more"),
        (Kind.NOT_IN_LEDGER, "unknown", "x"),
        (Kind.UNLABELLED, "", None),
    ]
    assert [(d.billed, d.charged_usd) for d in found.differences] == [
        (Decimal(0), Decimal("0.2")),
        (Decimal("0.4"), Decimal("0.2")),
        (Decimal("0.2"), Decimal(0)),
        (Decimal("0.2"), Decimal(0)),
    ]
    assert "may still come" in found.differences[0].note
    assert "Veo 3.1 Lite" in found.differences[3].note
    assert found.apart == {("tax", "USD"): Decimal("0.02"), ("credits", "USD"): Decimal("-0.1")}
    assert (found.other_projects, found.charges, found.lines) == (1, 3, 6)


def test_another_currency_is_never_compared(ledger, storage):
    one, two = paid(storage, "one"), paid(storage, "two")
    ledger.recover([one, two])
    found = reconcile(ledger, lines(billed(one, currency="EUR"), billed(two)))
    (only,) = found.differences
    assert (only.kind, only.sku, only.currency, only.billed) == (Kind.CURRENCY, "one", "EUR", Decimal("0.2"))
    assert "not compared" in only.note
    assert found.billed_usd == Decimal("0.2")


def test_a_run_whose_lines_lost_their_sku_labels_is_compared_as_a_whole(ledger, storage):
    """Google drops a label key that has had more than a thousand values."""
    clips = [paid(storage, f"sku-{number}") for number in range(3)]
    ledger.recover(clips)
    bare = [{"key": "run", "value": RUN}]
    rows = [billed(clips[0]), billed(clips[1], labels=bare), billed(clips[2], labels=bare)]
    assert reconcile(ledger, lines(*rows)).differences == []
    found = reconcile(ledger, lines(*rows[:2]))
    assert (kinds(found), found.whole_runs) == ([(Kind.AMOUNT, RUN, None)], 1)
    assert found.differences[0].charged_usd == Decimal("0.6")


def test_skus_that_look_alike_on_the_bill_are_compared_together(ledger, storage):
    both = [paid(storage, "Lamp/1"), paid(storage, "lamp 1"), paid(storage, "L" * 100)]
    ledger.recover(both)
    assert reconcile(ledger, lines(*map(billed, both))).differences == []
    (short,) = reconcile(ledger, lines(*map(billed, both[1:]))).differences
    assert (short.kind, short.sku, sorted(short.skus)) == (Kind.AMOUNT, "lamp_1", ["Lamp/1", "lamp 1"])


def test_what_is_billed_but_unsettled_names_the_command(tmp_path, veo, gcs):
    with open_engine(tmp_path, veo, gcs) as engine:
        asked = clip("lamp")
        intent = authorise(engine.studio(), Work(asked), RUN)
        engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
        engine.ledger.unclear(intent.intent_id, "dropped")
        engine.ledger.lost(intent.intent_id)
        labels = request_labels(run=RUN, clip=asked.clip_id, sku="lamp", campaign="", intent=intent.intent_id)
        assert reconcile(engine.ledger, [], rehearsal=True).differences == []
        (one,) = reconcile(engine.ledger, lines(row(labels, "0.2", NOON)), rehearsal=True).differences
    assert (one.kind, one.charged_usd) == (Kind.NOT_IN_LEDGER, 0)
    assert "1 clips of it are unsettled and hold 0.20 USD: run reelmill settle." in one.note


def test_a_period_cuts_both_sides_and_says_what_lies_at_its_edge(ledger, storage):
    days = [paid(storage, f"day-{day}", sent=datetime(2026, 7, day, 23, 30, tzinfo=UTC)) for day in (14, 15, 16)]
    ledger.recover(days)
    whole = [billed(one) for one in days]
    period = Period(date(2026, 7, 15), date(2026, 7, 15))
    assert reconcile(ledger, lines(*whole), period=period).differences == []
    late = billed(days[1], usage_start_time=datetime(2026, 7, 16, 0, 10, tzinfo=UTC))
    (edge,) = reconcile(ledger, lines(whole[0], late, whole[2]), period=period).differences
    assert (edge.kind, "edge of the period" in edge.note) == (Kind.NOT_BILLED, True)
    assert reconcile(ledger, lines(*whole[:2]), period=Period(None, date(2026, 7, 15))).differences == []


def test_what_is_older_than_the_export_is_told_apart_from_what_is_late(ledger, storage):
    old, new = paid(storage, "old", sent=NOON - timedelta(days=40)), paid(storage, "new", sent=NOON)
    middle = paid(storage, "middle", sent=NOON - timedelta(days=20))
    ledger.recover([old, new, middle])
    notes = {each.sku: each.note for each in reconcile(ledger, lines(billed(middle), billed(new))).differences}
    assert "--from" in notes["old"]
    notes = {each.sku: each.note for each in reconcile(ledger, lines(billed(old), billed(new))).differences}
    assert notes == {"middle": ""}


def test_a_rehearsal_is_nobodys_bill(ledger, storage):
    asked = clip("lamp")
    rehearsed = Clip.identify(asked.request, asked.sku, 7, rehearsal=True)
    ledger.recover([paid(storage, "lamp", asked=replace(asked, variant=7, clip_id=rehearsed))])
    found = reconcile(ledger, [])
    assert (found.differences, found.rehearsed, found.charged_usd) == ([], 1, 0)
    assert len(reconcile(ledger, [], rehearsal=True).differences) == 1


PERTURBATIONS = ["none", "none", "drop", "amount", "run", "unlabel", "currency"]
charges = st.tuples(
    st.sampled_from(["run-a", "Run-B", "r" * 70]),
    st.sampled_from(["lamp", "Lamp", "Größe 42", "x" * 90, "x" * 89 + "y", "0"]),
    st.decimals(min_value=Decimal("0.01"), max_value=Decimal(2), places=2).map(str),
    st.integers(1, 3),  # samples
    st.integers(1, 3),  # lines that the bill splits it into
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(charges, max_size=8),
    st.lists(st.sampled_from(PERTURBATIONS), min_size=18, max_size=18),
    st.sampled_from(["parquet", "json", "csv"]),
    st.randoms(use_true_random=False),
)
def test_every_change_of_a_bill_is_found_and_nothing_else(
    tmp_path_factory, opened, storage, made, fates, suffix, random
):
    empty(opened)
    clips = [paid(storage, sku, run=run, price=price, samples=samples) for run, sku, price, samples, _ in made]
    opened.recover(clips)
    groups: dict[tuple[str, str], list[dict]] = {}
    for one, (*_, pieces) in zip(clips, made, strict=True):
        labels = labels_of(one)
        cents = int(one.intent.charged_usd * 100)
        cuts = [0, *sorted(random.randint(0, cents) for _ in range(pieces - 1)), cents]
        for low, high in pairwise(cuts):
            group = groups.setdefault((labels["run"], labels["sku"]), [])
            group.append(billed(one, cost=Decimal(high - low) / 100))

    expected: dict[tuple, Decimal] = {}
    for (key, rows), fate in zip(sorted(groups.items()), fates, strict=False):
        perturb(key, rows, fate, expected, random)
    bill = [each for rows in groups.values() for each in rows]
    random.shuffle(bill)
    found = reconcile(
        opened, read_billing(write_export(bill, tmp_path_factory.mktemp("bill") / f"b.{suffix}")) if bill else []
    )

    assert {(d.kind, d.run, d.sku): d.billed for d in found.differences} == expected
    assert len(found.differences) == len(expected)


def perturb(key, rows, fate, expected, random) -> None:
    """Change the bill of one group, and say what must be found."""
    total = sum(each["cost"] for each in rows)
    if fate == "drop":
        rows.clear()
        expected[Kind.NOT_BILLED, *key] = Decimal(0)
    elif fate == "amount":
        change = random.choice([Decimal("0.01"), Decimal("-0.005"), Decimal("0.000001"), total])
        random.choice(rows)["cost"] += change
        expected[Kind.AMOUNT, *key] = total + change
    elif fate == "run":
        for each in rows:
            each["labels"] = [pair for pair in each["labels"] if pair["key"] != "run"]
            each["labels"].append({"key": "run", "value": f"0-{key[0]}"})
        expected[Kind.NOT_BILLED, *key] = Decimal(0)
        expected[Kind.NOT_IN_LEDGER, f"0-{key[0]}", key[1]] = total
    elif fate == "unlabel":
        for each in rows:
            each["labels"] = []
        expected[Kind.NOT_BILLED, *key] = Decimal(0)
        unlabelled = (Kind.UNLABELLED, "", None)
        expected[unlabelled] = expected.get(unlabelled, Decimal(0)) + total
    elif fate == "currency":
        for each in rows:
            each["currency"] = "JPY"
        expected[Kind.CURRENCY, *key] = total
