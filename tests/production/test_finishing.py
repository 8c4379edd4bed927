"""How clips are finished: what a caption may say of each, and what follows from a finding."""

from dataclasses import replace
from pathlib import Path

import pytest

from reelmill.finish import Consequence, Finish
from reelmill.media.findings import FindingCode
from reelmill.production.finishing import Finishing
from tests.support.production import clip

TENT = replace(
    clip(), title="Tent", brand="Orrin", sku="T-1", campaign="Spring 27", price="19.00 EUR", sale_price="15.00 EUR"
)


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("{title} by {brand}", "Tent by Orrin"),
        ("{sku}", "T-1"),
        ("{campaign}", "Spring 27"),
        ("was {price}, is {sale_price}", "was 19.00 EUR, is 15.00 EUR"),
        ("{current_price}", "15.00 EUR"),
    ],
)
def test_a_caption_says_what_is_known_of_the_clip(caption, said):
    finish = Finish(caption=caption)
    dress = Finishing(finish=finish, folder=Path("brand")).dress(TENT)
    assert (dress.finish, dress.folder, dress.caption) == (finish, Path("brand"), said)


def test_without_a_sale_the_price_is_the_current_one():
    finishing = Finishing(finish=Finish(caption="{current_price}\nonly {sale_price}"))
    assert finishing.dress(replace(TENT, sale_price="")).caption == "19.00 EUR"


def test_the_brand_chooses_what_follows_from_a_finding():
    policy = Finishing(finish=Finish(findings={"letterbox": "reject"})).policy()
    assert policy.of(FindingCode.LETTERBOX) is Consequence.REJECT
    assert policy.of(FindingCode.QUIET) is Consequence.REVIEW  # not named: as it usually is
