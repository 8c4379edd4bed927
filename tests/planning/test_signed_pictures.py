"""A picture's signature changes every night; what it shows does not. So it neither buys a clip again nor is kept."""

import os
import stat
from pathlib import Path

import pytest

from reelmill.ledger.states import PICTURE_REFUSED, PICTURE_UNREACHABLE, State
from reelmill.planning.actions import Action, decide
from reelmill.planning.spool import Spool
from reelmill.platforms import MediaUse
from reelmill.settings import ImageIdentity, load_settings
from reelmill.signatures import is_incomplete
from tests.support.making import product, settle_all

PLACE = "https://cdn.example.com"


def catalog(night: str):
    """Two products as one night's export has them."""
    return [
        product(
            number,
            images=tuple(
                f"{PLACE}/{number}/{side}.jpg?v=3&X-Goog-Date={night}&X-Goog-Signature=SECRET-{night}" for side in "ab"
            ),
            link=f"https://shop.example.com/{number}?token=SECRET-{night}",
        )
        for number in (1, 2)
    ]


@pytest.mark.parametrize("use", [MediaUse.FIRST_FRAME, MediaUse.FIRST_LAST_FRAME, MediaUse.REFERENCES])
def test_another_signature_is_the_same_clip(plan, ledger, use):
    settings = load_settings(media_use=use)
    with Spool() as spool:
        first = plan(catalog("monday"), sink=spool, settings=settings)
        planned = list(spool.planned_clips())
        settle_all(ledger, spool)
    again = plan(catalog("tuesday"), settings=settings)
    forced = plan(catalog("tuesday"), settings=settings, force=True)

    assert first.counts == {Action.MAKE: 4}
    assert again.counts == {Action.KEEP: 4}
    assert forced.counts == {Action.MAKE: 4}
    for made in planned:
        assert all(is_incomplete(reference) and "?v=3#" in reference for reference in made.clip.request.media)
        assert all("SECRET-monday" in made.sources[reference] for reference in made.clip.request.media)
        assert "SECRET" not in repr(made)


def test_a_clip_not_made_yet_goes_by_the_same_name_the_next_night(plan):
    settings = load_settings(media_use=MediaUse.FIRST_FRAME)
    names = []
    for night in ("monday", "tuesday"):
        with Spool() as spool:
            plan(catalog(night), sink=spool, settings=settings)
            names.append([planned.clip.clip_id for planned in spool.planned_clips()])
    assert names[0] == names[1]


def test_another_picture_is_another_clip_however_it_is_signed(plan, ledger):
    settings = load_settings(media_use=MediaUse.FIRST_FRAME)
    with Spool() as spool:
        plan(catalog("monday"), sink=spool, settings=settings)
        settle_all(ledger, spool)
    one, other = catalog("monday")
    newer = product(1, images=tuple(image.replace("v=3", "v=4") for image in one.images), link=one.link)

    summary = plan([newer, other], settings=settings)

    assert summary.counts == {Action.MAKE: 2, Action.KEEP: 2}


def test_pictures_identified_by_content_are_read_at_their_signed_address(ledger):
    from dataclasses import replace

    from tests.support.making import planner_for

    asked = []
    settings = load_settings(media_use=MediaUse.FIRST_FRAME, image_identity=ImageIdentity.CONTENT)
    planner = planner_for(ledger, settings=settings)
    hashing = replace(planner.builder, hash_content=lambda address: asked.append(address) or "0" * 64)
    replace(planner, builder=hashing).plan(catalog("monday"))
    assert asked
    assert all("SECRET-monday" in address for address in asked)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_the_spool_is_closed_to_others_and_gone_afterwards(plan):
    with Spool() as spool:
        plan(catalog("monday"), sink=spool, settings=load_settings(media_use=MediaUse.FIRST_FRAME))
        folder = Path(spool._folder.name)
        assert "SECRET" in (folder / "make").read_text() or list(spool.planned_clips())
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert not folder.exists()


def test_a_picture_that_could_not_be_fetched_is_tried_again_by_the_next_run(plan, ledger):
    from reelmill.ledger.records import Standing

    def standing(code):
        return Standing(clip_id="c", attempt=1, state=State.FAILED, error_code=code, intent_id="i", output="o")

    tried = decide(standing(PICTURE_UNREACHABLE))
    assert (tried.action, tried.again) == (Action.MAKE, True)
    assert decide(standing(PICTURE_REFUSED)).action is Action.BLOCKED
