"""docs/veo.md says what the registry says."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelmill.clip import Resolution
from reelmill.veo.registry import Registry

PAGE = (Path(__file__).parents[2] / "docs" / "veo.md").read_text("utf-8")
OFFERED = [Registry.shipped().model(name) for name in Registry.shipped().offered]


@pytest.mark.parametrize("model", OFFERED, ids=lambda model: model.id)
@pytest.mark.parametrize("audio", [True, False])
def test_the_price_table_is_the_registrys(model, audio):
    table = model.prices.audio_on if audio else model.prices.audio_off
    cells = [f"{table[resolution]:.2f}" if resolution in table else "-" for resolution in Resolution]
    assert f"| `{model.id}` | {'on' if audio else 'off'} | {' | '.join(cells)} |" in PAGE
    assert f"read on {model.price_as_of}" in PAGE


@pytest.mark.parametrize("model", OFFERED, ids=lambda model: model.id)
def test_the_model_table_is_the_registrys(model):
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{model.id}`") and "retirement" not in line][:1]
    day = f"{model.retirement.date} or later" if model.retirement else "none announced"
    assert day in row
    assert ", ".join(model.resolutions) in row
    assert f"| {model.default_quota_per_minute:.0f} |" in row
