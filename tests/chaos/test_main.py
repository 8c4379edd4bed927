from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import __main__ as chaos
from tests.chaos.bank import Bank
from tests.chaos.judge import Verdict
from tests.chaos.parts import PARTS, Extent, Part, Say
from tests.chaos.tally import Tally
from tests.chaos.world import PRICE_USD


@pytest.fixture
def prove(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs the command with a part of one's own instead of all; returns its exit code and what it wrote."""

    def run(part: Part, *more: str) -> tuple[int, dict[str, Any]]:
        monkeypatch.setattr(chaos, "PARTS", {"lines": part})
        monkeypatch.setattr(chaos, "_bank", lambda *_: nullcontext())
        monkeypatch.setattr(chaos.signal, "signal", lambda *_: None)
        monkeypatch.setattr(chaos.tempfile, "tempdir", str(tmp_path))  # broken worlds are left there
        code = chaos.main([*more, "--json", str(tmp_path / "found.json")])
        return code, json.loads((tmp_path / "found.json").read_text())

    return run


def _green(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    say("one world")
    tally.add("it", Verdict(accepted=1, billed_usd=PRICE_USD))


def _red(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    tally.add("it", Verdict(broken=["paid twice"]))


def _crashes(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    raise RuntimeError("the proof itself")


def _broken_off(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
    _green(bank, folder, tally, extent, say)
    raise KeyboardInterrupt


def test_promises_kept_are_a_success(prove, capsys) -> None:
    code, found = prove(_green)
    assert code == 0
    assert (found["worlds"], found["billed_usd"], found["broken"]) == (1, "0.40", [])
    assert "dollars billed                      0.40" in capsys.readouterr().out


def test_a_broken_promise_is_named_with_how_to_have_it_again(prove, capsys) -> None:
    code, found = prove(_red, "--database", "postgresql", "--seed", "7")
    assert code == 1
    assert found["broken"] == ["[lines --database postgresql --seed 7] it: paid twice"]
    assert "- [lines --database postgresql --seed 7] it: paid twice" in capsys.readouterr().out


def test_a_proof_that_crashes_is_no_success(prove) -> None:
    code, found = prove(_crashes)
    assert code == 1
    assert "could not be judged: RuntimeError: the proof itself" in found["broken"][0]


def test_a_proof_that_is_broken_off_reports_what_it_has_and_is_no_success(prove, capsys) -> None:
    code, found = prove(_broken_off)
    assert code == 130
    assert found["broken_off"]
    assert found["worlds"] == 1
    assert "broken off" in capsys.readouterr().out


def test_the_second_of_both_databases_gets_a_sample(prove) -> None:
    samples = []

    def remember(bank: Bank, folder: Path, tally: Tally, extent: Extent, say: Say) -> None:
        samples.append((folder.parent.name, extent.sample))

    prove(remember, "--database", "both")
    prove(remember, "--database", "both", "--sample", "5")
    assert samples == [("sqlite", None), ("postgresql", 300), ("sqlite", 5), ("postgresql", 5)]


def test_the_page_about_the_proof_names_every_part() -> None:
    page = (Path(__file__).parents[2] / "docs" / "chaos.md").read_text()
    assert [part for part in PARTS if f"| `{part}` |" not in page] == []
