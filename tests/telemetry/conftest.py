"""A ledger with a bit of everything, and how a scrape is read."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Caps, Run
from reelmill.ledger.states import State
from tests.ledger.making import OUTPUT, RUN, bring_to, make_clip

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
CAPS = Caps(day_usd=Decimal(100), month_usd=Decimal(1000))


def scrape(url: str) -> Samples:
    """Every sample of a scrape by name and labels."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        text = answer.read().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum of the samples of this name that carry these labels; fails if there is none."""
    found = [number for (shown, has), number in samples.items() if shown == name and labels.items() <= set(has)]
    assert found, (name, labels, sorted({shown for shown, _ in samples}))
    return sum(found)


@pytest.fixture
def busy_ledger(tmp_path: Path) -> Iterator[Ledger]:
    """One clip in every state, a run that goes on, caps and a penalty."""
    with Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}") as ledger:
        ledger.start_run(Run(run_id=RUN, output=OUTPUT, caps=CAPS))
        for state in State:
            bring_to(ledger, state, make_clip(state.value, samples=2))
        ledger.throttle("my-project/us-central1/veo", first_s=200, max_s=240)
        yield ledger


@contextmanager
def metrics_verb(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``reelmill metrics`` as a process: it, and the address that it printed."""
    command = [sys.executable, "-m", "reelmill", "metrics", "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().rpartition(" ")[2].strip()
        finally:
            process.kill()
