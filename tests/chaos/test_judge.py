"""The judge, judged: worlds on paper, right but for one thing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reelmill.clip import Clip
from reelmill.ledger.records import Intent, Run, Settlement
from reelmill.ledger.states import State
from tests.chaos.bank import Accepted
from tests.chaos.judge import Verdict, judge
from tests.chaos.ledgers import SqliteLedgers
from tests.chaos.tally import Tally
from tests.chaos.world import PRICE_USD, World
from tests.ledger.making import LEASE_S, OWNER, RUN, authorise, make_clip


@dataclass
class PaperBank:
    """A bank that has on record whatever it is told."""

    ledgers: SqliteLedgers
    bill: list[Accepted] = field(default_factory=list)
    there: dict[str, str] = field(default_factory=dict)
    gcs: Any = field(default_factory=lambda: SimpleNamespace(bucket=lambda: "paper"))

    def accepted(self, output: str) -> list[Accepted]:
        return self.bill

    def objects(self, output: str) -> dict[str, str]:
        return dict(self.there)


class PaperWorld(World):
    """Whose status lists exactly what it is told to."""

    listed: tuple[str, ...] = ()
    orphans: tuple[Intent, ...] = ()

    def status(self) -> dict[str, Any]:
        told = ("intent_id", "charged_usd", "video_uris")
        orphans = [{name: getattr(intent, name) for name in told} for intent in self.orphans]
        return {
            "attention": [{"clip_id": clip_id} for clip_id in self.listed],
            "orphans": [{**one, "videos": list(one.pop("video_uris"))} for one in orphans],
        }


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> SqliteLedgers:
    return SqliteLedgers(tmp_path_factory.mktemp("paper"))


@pytest.fixture
def world(ledgers: SqliteLedgers, tmp_path: Path) -> World:
    world = PaperWorld(tmp_path / "world", PaperBank(ledgers))  # type: ignore[arg-type]  # all that is asked
    with world.ledger() as ledger:
        ledger.start_run(Run(run_id=RUN, output=world.output))
    return world


def _clip(number: int = 1) -> Clip:
    return make_clip(f"C-{number}", price="0.05")


def _paid(world: World, clip: Clip, **changes: Any) -> Intent:
    """A clip that was sent, made and billed once."""
    with world.ledger() as ledger:
        intent = authorise(ledger, clip, output=world.output, **changes)
        uri = f"{world.output}/{intent.intent_id}/1/sample_0.mp4"
        ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S)
        ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
        ledger.settle(intent.intent_id, Settlement(state=State.SUCCEEDED, returned=1, video_uris=(uri,)))
    _bill(world, intent)
    return intent


def _bill(world: World, intent: Intent, **changes: Any) -> Accepted:
    uri = f"{world.output}/{intent.intent_id}/1/sample_0.mp4"
    submit = Accepted(
        operation=f"operations/{intent.intent_id}",
        intent_id=intent.intent_id,
        clip_id=intent.clip_id,
        prefix=intent.output_prefix,
        outcome="succeeded",
        amount_usd=PRICE_USD,
        uris=(uri,),
        fault=None,
    )
    world.bank.bill.append(replace(submit, **changes))  # type: ignore[attr-defined]  # it is of paper
    world.bank.there[uri] = "content"  # type: ignore[attr-defined]  # same
    return submit


def _lost(world: World, clip: Clip) -> Intent:
    with world.ledger() as ledger:
        intent = authorise(ledger, clip, output=world.output)
        ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S)
        ledger.unclear(intent.intent_id, "the connection broke")
        ledger.lost(intent.intent_id)
    return intent


def _says(verdict: Verdict, sentence: str) -> None:
    assert any(sentence in broken for broken in verdict.broken), verdict.broken


def test_a_right_world_is_found_right(world: World) -> None:
    _paid(world, _clip())
    verdict = judge(world)
    assert verdict == Verdict(accepted=1, billed_usd=PRICE_USD)


def test_a_bill_that_the_ledger_does_not_know(world: World) -> None:
    intent = _paid(world, _clip())
    _bill(world, replace(intent, intent_id="other", clip_id="another"))
    verdict = judge(world)
    _says(verdict, "the ledger does not know intent other")
    _says(verdict, "the bill says 0.80")
    assert (verdict.lost, verdict.ledger_minus_journal_usd) == (1, -PRICE_USD)


def test_a_charge_that_was_never_billed(world: World) -> None:
    _paid(world, _clip())
    world.bank.bill.clear()  # type: ignore[attr-defined]  # it is of paper
    _says(judge(world), "the ledger says 0.400000 USD were spent, the bill says 0")


def test_one_intent_sent_twice(world: World) -> None:
    intent = _paid(world, _clip())
    _bill(world, intent, operation="operations/second")
    verdict = judge(world)
    _says(verdict, "was accepted 2 times")
    assert verdict.paid_twice_usd == PRICE_USD


def test_one_clip_paid_by_two_intents_unless_a_person_allowed_it(world: World) -> None:
    first = _made_again(world)
    verdict = judge(world)
    _says(verdict, "was accepted 1 times too often")
    assert verdict.paid_twice_usd == PRICE_USD
    assert judge(world, authorised={first.clip_id: 1}).broken == []


def _made_again(world: World) -> Intent:
    """A clip that was paid, and paid again; its first attempt, an orphan now, is listed as such."""
    first = _paid(world, _clip())
    _paid(world, _clip(), again=True, after=first.intent_id)
    with world.ledger() as ledger:
        orphan = ledger.intent(first.intent_id)
    assert orphan is not None
    world.orphans = (orphan,)  # type: ignore[attr-defined]  # it is of paper
    return orphan


@pytest.mark.parametrize("change", [{"charged_usd": Decimal(0)}, {"video_uris": ()}, {"intent_id": "another"}])
def test_an_orphan_that_is_listed_wrongly(world: World, change: dict[str, Any]) -> None:
    orphan = _made_again(world)
    world.orphans = (replace(orphan, **change),)  # type: ignore[attr-defined]  # it is of paper
    verdict = judge(world, authorised={orphan.clip_id: 1})
    assert verdict.broken == [f"status does not list orphan {orphan.intent_id} as it is"]


def test_two_mistakes_that_cancel_out(world: World) -> None:
    world.add("Second")
    charged = _paid(world, _clip(1))
    lost = _lost(world, _clip(2))
    world.bank.bill.clear()  # type: ignore[attr-defined]  # it is of paper
    _bill(world, replace(charged, intent_id=lost.intent_id, clip_id=lost.clip_id))
    world.listed = (lost.clip_id,)  # type: ignore[attr-defined]  # same
    verdict = judge(world)
    assert verdict.ledger_minus_journal_usd == 0
    _says(verdict, "was billed 0.40 (no fault) and is lost, charged 0")
    assert verdict.lost == 1


def test_a_video_that_is_not_there(world: World) -> None:
    _paid(world, _clip())
    world.bank.there.clear()  # type: ignore[attr-defined]  # it is of paper
    verdict = judge(world)
    _says(verdict, "does not lead to its videos")
    assert verdict.lost == 1


def test_somebody_elses_video(world: World) -> None:
    intent = _paid(world, _clip())
    submit = world.bank.accepted("")[0]
    world.bank.bill[:] = [replace(submit, uris=("gs://paper/reels/other.mp4",))]  # type: ignore[attr-defined]
    world.bank.there["gs://paper/reels/other.mp4"] = "content"  # type: ignore[attr-defined]
    _says(judge(world), f"intent {intent.intent_id} does not lead to its videos")


def test_a_video_that_was_written_over(world: World) -> None:
    _paid(world, _clip())
    uri = next(iter(world.look()))
    world.bank.there[uri] = "other content"  # type: ignore[attr-defined]  # it is of paper
    _says(judge(world), f"{uri} was overwritten")


def _left_open(world: World) -> None:
    with world.ledger() as ledger:
        authorise(ledger, _clip(), output=world.output)


def _lost_unlisted(world: World) -> None:
    _lost(world, _clip())


def _not_made(world: World) -> None:
    """Nothing at all."""


def _ended_too_early(world: World) -> None:
    with world.ledger() as ledger:
        intent = authorise(ledger, _clip(), output=world.output)
        ledger.mark_sending(intent.intent_id, owner=OWNER, lease_s=LEASE_S)
        ledger.refused(intent.intent_id, code="http_400", message="no", final=True)
    _bill(world, intent, outcome="running", amount_usd=Decimal(0), uris=())


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (_left_open, "is still authorised"),
        (_lost_unlisted, "status does not list clip"),
        (_not_made, "nothing is known of C-1"),
        (_ended_too_early, "the bank still works on intent"),
    ],
)
def test_a_clip_that_was_left_alone(world: World, wrong: Callable[[World], None], sentence: str) -> None:
    wrong(world)
    _says(judge(world), sentence)


@pytest.fixture
def capped(ledgers: SqliteLedgers, tmp_path: Path) -> Iterator[World]:
    bank = PaperBank(ledgers)
    world = PaperWorld(tmp_path / "capped", bank, cap_usd=PRICE_USD)  # type: ignore[arg-type]  # all that is asked
    with world.ledger() as ledger:
        ledger.start_run(Run(run_id=RUN, output=world.output))
    yield world
    shutil.rmtree(world.folder)


def test_a_cap_that_was_passed_for_a_moment(capped: World) -> None:
    _paid(capped, _clip(1))
    with capped.ledger() as ledger:
        intent = authorise(ledger, _clip(2), output=capped.output)  # under no cap at all
        ledger.release(intent.intent_id, owner=OWNER)
    verdict = judge(capped)
    _says(verdict, f"in the run {RUN} 0.80 USD were spent and reserved")
    assert verdict.caps_exceeded == 2  # the day's, too


def test_a_bill_above_the_cap_of_which_the_ledger_never_heard(capped: World) -> None:
    intent = _paid(capped, _clip(1))
    _bill(capped, intent, operation="operations/second")
    verdict = judge(capped)
    _says(verdict, "the bill of 0.80 USD passes the cap of 0.40")
    assert verdict.caps_exceeded == 1


def test_a_command_that_crashed(world: World) -> None:
    _paid(world, _clip())
    world.workers.append(SimpleNamespace(crashed=True, said="KeyError"))  # type: ignore[arg-type]  # all that is asked
    _says(judge(world), "a command crashed: KeyError")


def test_the_report_has_every_sum_and_cancels_nothing_out() -> None:
    tally = Tally(kill_points=1234, kill_lines={"a:1", "b:2"})
    tally.add("first", Verdict(accepted=1, billed_usd=PRICE_USD, ledger_minus_journal_usd=PRICE_USD, broken=["wrong"]))
    tally.add("second", Verdict(ledger_minus_journal_usd=-PRICE_USD, lost=2, caps_exceeded=1))
    tally.fail("third", ValueError("nobody knows"))
    report = dict(line.split("  ", 1) for line in str(tally).splitlines())
    found = {name.strip(): value.strip() for name, value in report.items()}
    assert found["worlds"] == "3"
    assert found["kill points tried"] == "1,234 line events on 2 lines"
    assert found["dollars billed"] == "0.40"
    assert found["ledger minus journal"] == "0.80"
    assert (found["videos lost"], found["caps exceeded"], found["promises broken"]) == ("2", "1", "2")
    assert json.loads(json.dumps(tally.to_dict()))["billed_usd"] == "0.40"
    assert tally.broken == ["first: wrong", "third: could not be judged: ValueError: nobody knows"]
