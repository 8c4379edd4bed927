"""Unfit clips made anew in the same run: when, at what cost, and what stays of the first."""

from decimal import Decimal

import pytest

from reelmill.ledger.states import State
from reelmill.production.work import Work
from reelmill.report.rows import result_row
from tests.support.production import clip, open_engine, producer

ONCE = "A linen shirt turns [[fault:black_video:1]]."


@pytest.fixture
def workshop(tmp_path, veo, gcs):
    folder = tmp_path / "catalogs"
    folder.mkdir()
    (folder / "platforms.toml").write_text("")
    (folder / "brand.toml").write_text('name = "Test"\n[finish.findings]\nblack = "remake"\n')

    def opened(**changes):
        options = {"inspect": "full", "renditions": False, "catalogs_dir": folder, "remake_attempts": 1}
        return open_engine(tmp_path, veo, gcs, **options | changes)

    return opened


def attempts(engine):
    return [(intent.state, intent.remake, intent.unfit) for _, intent in engine.ledger.intents()]


async def test_an_unfit_clip_is_made_anew_and_the_first_stays_in_the_books(workshop):
    with workshop() as engine:
        result = await producer(engine).produce(Work(clip(prompt=ONCE)))
        assert attempts(engine) == [(State.SUCCEEDED, 0, True), (State.SUCCEEDED, 1, False)]
        assert (result.charged_usd, result.inspection, result.remake) == (Decimal("0.40"), "pass", 1)
        rows = [result_row(made, intent) for made, intent in engine.ledger.intents()]
        assert [(row["remake"], row["cost_usd"], len(row["video_uris"])) for row in rows] == [
            (0, Decimal("0.20"), 1),
            (1, Decimal("0.20"), 1),
        ]
        assert engine.ledger.audit() == []


@pytest.mark.parametrize(
    ("settings", "seed", "made"),
    [
        ({"remake_attempts": 0}, None, 1),
        ({}, 7, 1),
        ({"cap_run_usd": Decimal("0.39")}, None, 1),
        ({"remake_attempts": 2}, None, 3),
    ],
    ids=["off", "seed", "cap", "bound"],
)
async def test_a_remake_is_bound(workshop, settings, seed, made):
    with workshop(**settings) as engine:
        await producer(engine).produce(Work(clip(prompt="A linen shirt turns [[fault:black_video]].", seed=seed)))
        assert attempts(engine) == [(State.SUCCEEDED, number, True) for number in range(made)]
        assert engine.stop.closed == ("cap_run_usd" in settings)
        assert engine.ledger.audit() == []
