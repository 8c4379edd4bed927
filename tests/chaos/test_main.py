from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import __main__ as chaos
from tests.chaos.bank import Bank
from tests.chaos.judge import Verdict
from tests.chaos.parts import PARTS, Extent, Part, Say
from tests.chaos.progress import state_of_code
from tests.chaos.tally import Tally
from tests.chaos.world import PRICE_USD


@pytest.fixture
def prove(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Runs the command with pieces of one's own instead of all parts; returns its exit code and what it wrote."""

    def run(part: Part | dict[str, Part], *more: str) -> tuple[int, dict[str, Any]]:
        found = part if isinstance(part, dict) else {"lines": part}
        monkeypatch.setattr(chaos, "PARTS", {"lines": None})
        monkeypatch.setattr(chaos, "pieces", lambda *_: found.items())
        monkeypatch.setattr(chaos, "_dealt", lambda _: Counter())
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


def test_what_is_done_is_left_out_when_it_goes_on_and_counts_in_the_sum(prove, tmp_path, capsys) -> None:
    kept = ("--go-on", str(tmp_path / "build" / "progress.json"))
    code, found = prove({"first": _green, "second": _broken_off, "third": _green}, *kept)
    assert (code, found["worlds"], found["broken_off"]) == (130, 2, True)

    code, found = prove({"first": _crashes, "second": _green, "third": _green}, *kept)
    assert (code, found["worlds"], found["billed_usd"], found["broken_off"]) == (0, 3, "1.20", False)
    assert "Going on after 1 pieces, 1 worlds" in capsys.readouterr().out

    code, found = prove({"first": _green}, *kept, "--seed", "7")
    assert (code, found["worlds"]) == (0, 1)  # asked otherwise, it begins anew


def test_a_piece_that_broke_a_promise_is_tried_again(prove, tmp_path) -> None:
    kept = ("--go-on", str(tmp_path / "progress.json"))
    assert prove({"first": _red, "second": _green}, *kept)[0] == 1
    code, found = prove({"first": _green, "second": _crashes}, *kept)
    assert (code, found["worlds"], found["broken"]) == (0, 2, [])


def test_on_other_code_it_begins_anew(tmp_path) -> None:
    for folder in ("reelmill", "flows", "tasks", "catalogs", "tests/chaos", "tests/support"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "requirements.lock").write_text("prefect==3\n")
    seen = [state_of_code(tmp_path)]
    for name in ("reelmill/a.py", "flows/b.py", "tests/chaos/c.py", "requirements.lock"):
        (tmp_path / name).write_text(f"# {name}\n")
        seen.append(state_of_code(tmp_path))
    (tmp_path / "tests" / "other.py").write_text("")
    assert len(set(seen)) == 5
    assert state_of_code(tmp_path) == seen[-1]


def test_a_tally_is_read_back_whole_and_takes_others_in() -> None:
    tally = Tally(worlds=2, kill_lines={"a:1"}, faults=Counter({"429": 2}), controls={"late": True}, broken=["it"])
    tally.add("it", Verdict(accepted=1, billed_usd=PRICE_USD, faults=Counter({"503": 1})))
    again = Tally.from_json(json.loads(json.dumps(tally.to_json())))
    assert again == tally
    again.take_in(Tally(worlds=1, kill_points=3, kill_lines={"a:1", "b:2"}, faults=Counter({"429": 1})))
    assert (again.worlds, again.kill_points, again.kill_lines) == (4, 3, {"a:1", "b:2"})
    assert (again.faults, again.billed_usd) == ({"429": 3, "503": 1}, PRICE_USD)


def test_the_page_about_the_proof_names_every_part() -> None:
    page = (Path(__file__).parents[2] / "docs" / "chaos.md").read_text()
    assert [part for part in PARTS if f"| `{part}` |" not in page] == []
