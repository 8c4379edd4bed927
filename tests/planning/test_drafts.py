"""Drafts: what they and their finals cost is known up front, and neither ever passes for the other."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration, FixRequest, ReelmillError
from reelmill.ledger.ledger import Ledger
from reelmill.planning.actions import Action
from reelmill.planning.spool import Spool
from reelmill.platforms import MediaUse
from reelmill.settings import load_settings
from tests.support.making import planner_for, product, settle_all

FINAL, DRAFT = "veo-3.1-generate-001", "veo-3.1-lite-generate-001"
PRODUCTS = [product(number) for number in range(1, 4)]


def two_models(**changes):
    return load_settings(**{"model": FINAL, "draft_model": DRAFT, **changes})


def make(ledger, rows=PRODUCTS, **options):
    """Plan, and make all of it; the summary and what was planned."""
    with Spool() as spool:
        summary = planner_for(ledger, **{"settings": two_models(), **options}).plan(rows, spool)
        planned = list(spool.planned_clips())
        settle_all(ledger, spool)
    return summary, planned


def look(ledger, rows=PRODUCTS, **options):
    return planner_for(ledger, **{"settings": two_models(), **options}).plan(rows)


@given(
    made=st.lists(st.sampled_from(["nothing", "draft", "final", "draft, then final"]), min_size=1, max_size=3),
    platforms=st.sampled_from([("tiktok",), ("tiktok", "youtube"), ("youtube", "instagram_feed")]),
    audio=st.sampled_from([None, True]),
    variants=st.integers(1, 2),
)
@settings(max_examples=5, deadline=None)
def test_drafts_and_finals_are_priced_up_front(made, platforms, audio, variants):
    """The finals of all drafts cost what a plan without drafts would pay, whatever is there already."""
    options = {"settings": two_models(audio=audio, variants=variants), "platforms": platforms}
    rows = [product(number) for number in range(len(made))]
    with TemporaryDirectory() as folder, Ledger.open(f"sqlite:///{Path(folder) / 'ledger.db'}") as ledger:
        for row, there in zip(rows, made, strict=True):
            if "draft" in there:
                make(ledger, [row], drafts=True, only=[row.sku], **options)
            if "final" in there:
                make(ledger, [row], only=[row.sku], **options)
        drafts, finals = look(ledger, rows, drafts=True, **options), look(ledger, rows, **options)
        _, planned = make(ledger, rows, drafts=True, **options)
        after = look(ledger, rows, drafts=True, **options)

    assert (drafts.finals.clips, drafts.finals.usd) == (finals.counts[Action.MAKE], finals.estimated_usd)
    assert drafts.estimated_usd == sum((each.clip.estimated_usd for each in planned), Decimal(0))
    assert {each.clip.request.model for each in planned} <= {DRAFT}
    assert all(each.draft for each in planned)
    assert drafts.counts[Action.MAKE] == drafts.clips * made.count("nothing") // len(made)
    assert drafts.estimated_usd == 0 or drafts.estimated_usd < drafts.finals.usd
    assert after.estimated_usd == 0, "every draft is there"
    assert after.finals.usd == drafts.finals.usd, "and every final is still to be picked"


def test_a_draft_is_the_request_of_its_final_under_an_identity_of_its_own(ledger):
    _, drafts = make(ledger, drafts=True, settings=two_models(seed=7, media_use=MediaUse.FIRST_FRAME))
    _, finals = make(ledger, settings=two_models(seed=7, media_use=MediaUse.FIRST_FRAME))
    for draft, final in zip(drafts, finals, strict=True):
        assert draft.clip.request.to_dict() | {"model": FINAL} == final.clip.request.to_dict()
        assert draft.clip.clip_id != final.clip.clip_id
        assert (draft.draft, final.draft) == (True, False)


def test_what_the_draft_model_made_as_finals_is_never_paid_again_nor_replaced_by_drafts(ledger):
    make(ledger, settings=load_settings(model=DRAFT))
    summary = look(ledger, drafts=True, force=True)
    assert summary.counts == {Action.KEEP: 6}
    assert (summary.estimated_usd, summary.finals.usd) == (0, 0)
    assert any("6 of the clips were bought with" in warning for warning in summary.warnings)


def test_drafts_do_not_pass_for_finals_of_their_model_and_only_a_word_pays_again(ledger):
    make(ledger, drafts=True)
    changed_mind = load_settings(model=DRAFT)
    summary = look(ledger, settings=changed_mind)
    assert summary.counts == {Action.BLOCKED: 6}
    assert "made as a draft" in summary.blocked[0].reason
    forced, planned = make(ledger, settings=changed_mind, force=True)
    assert forced.counts == {Action.MAKE: 6}
    assert not any(each.draft for each in planned)


def test_rehearsed_drafts_and_finals_have_identities_of_their_own(ledger):
    make(ledger, drafts=True, settings=two_models(vertex_base_url="http://127.0.0.1:4500"))
    assert look(ledger, drafts=True).counts == {Action.MAKE: 6}


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"draft_model": ""}, FixConfiguration, "draft_model is empty"),
        ({"draft_model": FINAL}, FixConfiguration, "as model is"),
        ({"draft_model": "veo-9"}, FixConfiguration, "Setting draft_model: Unknown model"),
        ({"draft_model": "veo-3.0-generate-001"}, FixConfiguration, "draft_model = veo-3.0-generate-001"),
        ({"resolution": "4k"}, FixConfiguration, "draft_model = veo-3.1-lite-generate-001"),
        ({"media_use": MediaUse.REFERENCES}, FixRequest, "choose another draft_model that takes the same request"),
    ],
)
def test_what_the_draft_model_cannot_do_stops_before_a_row_is_read(ledger, wrong, error, words):
    with pytest.raises(ReelmillError) as caught:
        planner_for(ledger, settings=two_models(**wrong), drafts=True).check(date(2026, 11, 22))
    assert isinstance(caught.value, error)
    assert words in str(caught.value)
