"""Each control in a small world made for it: broken there, the judge must go red; whole, it must stay green."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.bank import Bank
from tests.chaos.controls import Control
from tests.chaos.judge import Verdict, judge
from tests.chaos.tally import Tally
from tests.chaos.tracing import KILL
from tests.chaos.worker import Interference
from tests.chaos.world import PRICE_USD, World

__all__ = ["TRIALS", "Trial", "run", "try_control"]

_RECORD = "production/sending.py:_record"  # the bank has answered, and nothing of that is written down yet
_NO_PRICES = '["veo-3.1-lite-generate-001".prices]\nas_of = 2026-11-01\n'


@dataclass(frozen=True, slots=True)
class Trial:
    """One world. ``places`` are where its first worker is killed; ``red`` is what the judge must say of the broken one.

    ``models`` is what the content's ``models.toml`` says.
    """

    titles: tuple[str, ...]
    red: str
    places: Mapping[str, signal.Signals] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    capped: bool = False
    models: str = ""


TRIALS: Mapping[Control, Trial] = {
    Control.NO_INTENT: Trial(("Walnut bowl",), "the ledger does not know intent", {_RECORD: KILL}),
    Control.LATE_SENDING: Trial(("Walnut bowl",), "was accepted 1 times too often", {_RECORD: KILL}),
    Control.SDK_RETRIES: Trial(("Walnut bowl [[fault:503_after:1]]",), "was accepted 2 times"),
    # Of two clips of one product the first never reached the bank: it finds the second one's video.
    Control.PREFIX_BY_SKU: Trial(
        ("Walnut bowl [[fault:drop_before:1]]",), "USD were spent, the bill says", settings={"REELMILL_VARIANTS": "2"}
    ),
    Control.FREE_IF_UNKNOWN: Trial(("Walnut bowl", "Oak bowl"), "passes the cap of", capped=True, models=_NO_PRICES),
}


def try_control(bank: Bank, folder: Path, control: Control, *, broken: bool) -> Verdict:
    """Let the control's world come to rest, with the engine broken or whole, and judge it."""
    trial = TRIALS[control]
    name = f"{control.name.lower()}-{'broken' if broken else 'whole'}"
    world = World(
        folder / name,
        bank,
        titles=[f"{name} {title}" for title in trial.titles],
        cap_usd=PRICE_USD if trial.capped else None,
        settings=dict(trial.settings),
        control=control if broken else None,
    )
    if trial.models:
        (world.folder / "content" / "models.toml").write_text(trial.models)
    if trial.places:
        world.start(interference=Interference(places=dict(trial.places))).wait()
    world.until_quiet()
    verdict = judge(world)
    world.close()
    return verdict


def run(bank: Bank, folder: Path, tally: Tally, *, say: Callable[[str], None]) -> None:
    """Every control. Of one that the judge lets pass the tally says so: the proof would prove nothing."""
    for control, trial in TRIALS.items():
        red = try_control(bank, folder, control, broken=True)
        seen = next((sentence for sentence in red.broken if trial.red in sentence), None)
        say(f"{control}: {seen or f'NOT SEEN; the judge said {red.broken}'}")
        tally.controls[control] = seen is not None
        tally.add(f"controls, whole: {control}", try_control(bank, folder, control, broken=False))
