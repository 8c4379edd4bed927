"""Finals that were begun before: what is still due of them is made and priced as a run would."""

import pytest

from reelmill.jobs.engine import Engine
from reelmill.jobs.finals import plan_finals
from reelmill.ledger.records import Decision, ReviewedVia, Run, Settlement, Softening
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.planning.drafts import made_with
from reelmill.settings import load_settings
from reelmill.veo.registry import Registry
from tests.ledger.making import OWNER, authorise, bring_to
from tests.support.making import copy_content
from tests.support.production import RUN, clip

FINAL, DRAFT = "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001"
UNFIT = {"status": "fail", "findings": [], "videos": [{"recommended": "remake"}]}


@pytest.fixture
def engine(tmp_path):
    content = copy_content(tmp_path / "content")
    (content / "brand.toml").write_text('name = "Test"\n[finish.findings]\nblack = "remake"\n', "utf-8")
    ledger, policies = f"sqlite:///{tmp_path / 'ledger.db'}", {"filtered_retries": 1, "remake_attempts": 1}
    settings = load_settings(ledger_url=ledger, catalogs_dir=content, model=FINAL, draft_model=DRAFT, **policies)
    with Engine(settings, str(tmp_path / "reels")) as opened:
        opened.ledger.start_run(Run(run_id=RUN, output=opened.storage.root))
        yield opened


def picked(engine):
    """The final of a draft that a person picked."""
    drafted = clip()
    draft = bring_to(engine.ledger, State.SUCCEEDED, drafted, output=engine.storage.root, draft=True)
    said = {"decision": Decision.APPROVE, "reviewer": "ann", "via": ReviewedVia.FILE}
    engine.ledger.review([AskedReview(review_id="r-1", intent_id=draft.intent_id, **said)])
    return made_with(drafted, Registry.load(engine.settings.catalogs_dir / "models.toml").model(FINAL), rehearsal=False)


def unsent(engine, final, **policy):
    """A second attempt at a final, which its policy asked for and which was never sent."""
    intent = authorise(engine.ledger, final, output=engine.storage.root, **policy)
    assert engine.ledger.release(intent.intent_id, owner=OWNER)
    return intent


def unsent_remake(engine, final):
    """The same after a video that was unfit."""
    first = bring_to(engine.ledger, State.SUBMITTED, final, output=engine.storage.root)
    looked = Settlement(state=State.SUCCEEDED, returned=1, video_uris=("x",), inspection=UNFIT)
    engine.ledger.settle(first.intent_id, looked)
    return unsent(engine, final, remake=True, remakes=1, after=first.intent_id)


def test_a_remake_that_was_not_sent_is_made_as_the_last_one_that_is_due(engine):
    final = picked(engine)
    left = unsent_remake(engine, final)
    summary, (work,), _ = plan_finals(engine, None)
    assert (work.clip, work.after, work.again) == (final, left.intent_id, False)
    assert (summary.estimated_usd, summary.remakes_usd, summary.blocked) == (final.estimated_usd, 0, [])


def test_such_a_remake_is_not_made_once_a_changed_clip_has_come(engine):
    unsent_remake(engine, picked(engine))
    bring_to(engine.ledger, State.SUCCEEDED, clip(prompt="A plainer shirt.", model=FINAL), output=engine.storage.root)
    summary, works, _ = plan_finals(engine, None)
    assert works == []
    assert "A changed clip has taken the place" in summary.blocked[0].reason


def test_a_retry_that_was_not_sent_is_priced_as_the_last_one_that_is_due(engine):
    final = picked(engine)
    first = bring_to(engine.ledger, State.FILTERED, final, output=engine.storage.root)
    words = Softening(step=1, prompt="Softer.", negative_prompt="")
    unsent(engine, final, softening=words, retries=1, after=first.intent_id)
    summary, (work,), _ = plan_finals(engine, None)
    assert (work.clip, summary.softened, summary.retries_usd) == (final, 1, 0)
