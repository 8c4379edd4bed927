"""What pages say that the proof has seen is what it wrote down, of the code that lies here."""

import json
import re
from collections import Counter
from decimal import Decimal

import pytest

from scripts import docs, evidence
from tests.chaos.progress import Progress, state_of_code
from tests.chaos.tally import Tally

PLAIN = Tally(
    worlds=1200,
    kill_points=1198,
    kill_lines={"ledger/a.py:1", "ledger/a.py:2"},
    accepted=1100,
    billed_usd=Decimal("440.00"),
    controls={"late": True},
)
NETWORK = Tally(
    worlds=80,
    kill_points=2,
    kill_lines={"ledger/a.py:2", "veo/b.py:7"},
    system_calls=Counter({"fsync": 3}),
    faults=Counter({"429": 50, "503_after": 4}),
    accepted=70,
    billed_usd=Decimal("28.40"),
)


def progress(file, code):
    kept = Progress({"code": code, "seed": 7}, file)
    kept.finish("sqlite: lines, plain", PLAIN, 500.2)
    kept.finish("sqlite: network", NETWORK, 99.9)
    return kept


def test_each_piece_and_their_sum_are_told(tmp_path) -> None:
    page = docs.render_evidence(
        json.loads(json.dumps({"commit": "abc", **evidence.summarise(progress(tmp_path / "p.json", "c"))}))
    )
    assert "Commit abc, seed 7, 600 seconds, kill points on 3 different lines" in page
    assert "1 of 1 controls" in page
    assert "| sqlite: network | 80 | 2 | 3 | 0 | 54 | 70 | 28.40 |" in page
    assert "| **all** | 1,280 | 1,200 | 3 | 0 | 54 | 1,170 | 468.40 |" in page


def test_it_is_written_down_and_quoted(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    monkeypatch.setattr(docs, "EVIDENCE", tmp_path / "evidence" / "chaos.json")
    monkeypatch.setattr(docs, "pages", lambda: {"chaos.md": docs.chaos_page()})
    page = tmp_path / "chaos.md"
    page.write_text(f"before\n{docs._EVIDENCE_BEGIN}old\n{docs._EVIDENCE_END}\nafter\n")
    progress(tmp_path / "p.json", state_of_code())
    assert evidence.main([str(tmp_path / "p.json")]) == 0
    assert json.loads(docs.EVIDENCE.read_text())["all"]["billed_usd"] == "468.40"
    assert re.fullmatch("before\n.+468[.]40.+\nafter\n", page.read_text(), re.DOTALL)
    assert "old" not in page.read_text()


def test_what_is_about_other_code_is_not(tmp_path) -> None:
    progress(tmp_path / "p.json", "other")
    with pytest.raises(SystemExit, match="other code"):
        evidence.main([str(tmp_path / "p.json")])


def test_the_readme_quotes_the_sums() -> None:
    seen = json.loads(docs.EVIDENCE.read_text())["all"]
    readme = (docs.DOCS.parent / "README.md").read_text()
    for quoted in (
        f"{seen['worlds']:,} worlds",
        f"{seen['kill_points']:,} kill points",
        f"{sum(seen['system_calls'].values()):,} kills at system calls",
        f"{seen['schedules']:,} schedules" if seen["schedules"] else "",
        f"{seen['accepted']:,} submits accepted",
        f"${float(seen['billed_usd']):,.2f} billed",
        f"${float(seen['paid_twice_usd']):.2f} paid twice",
        f"{seen['lost']} lost",
        f"{float(seen['ledger_minus_journal_usd']):.2f} difference",
        f"{seen['caps_exceeded']} caps",
    ):
        assert quoted in readme
