"""SKUs that a plan was asked for: found, missing, or there in rows alone that were rejected."""

from reelmill.planning.asked import AskedSkus, Unmet
from reelmill.planning.building import ClipBuilder, PictureUnusable
from reelmill.product import Reject, RowRef
from tests.support.making import product


def reject(sku, *keys):
    return Reject(ref=RowRef("feed.csv", 9), sku=sku, field="price", reason="", remedy="", raw_value="", keys=keys)


def test_what_was_asked_for_is_met_by_a_product_a_variant_or_a_group(plan):
    rows = [reject("SKU-1"), product(1), product(7, variants=("SKU-7", "SKU-7-L")), reject("X-1", "X", "GROUP")]
    asked = ["SKU-1", "SKU-7-L", "GROUP", "X-1", "SKU-404"]

    summary = plan(rows, only=asked)

    assert summary.unmet == Unmet(missing=("SKU-404",), rejected=("GROUP", "X-1"))
    assert summary.warnings[-2:] == list(summary.unmet.sentences())
    assert not plan(rows).unmet
    assert not plan(rows, only=["SKU-1", "SKU-404"], limit=1).unmet  # what else is in the feed is not known


def test_a_product_whose_picture_cannot_be_had_is_not_made_either(plan, monkeypatch):
    def unusable(*_):
        raise PictureUnusable("It is gone.", "Name another.")

    monkeypatch.setattr(ClipBuilder, "build", unusable)
    summary = plan([product(1), product(2, variants=("SKU-2", "SKU-2-L"))], only=["SKU-1", "SKU-2-L"])

    assert summary.unmet == Unmet(rejected=("SKU-1", "SKU-2-L"))


def test_the_first_ones_are_named_and_the_others_counted():
    asked = AskedSkus(frozenset(f"S-{number:02}" for number in range(23)))

    (told,) = asked.unmet().sentences()

    assert told.startswith("Not in the feed: S-00, S-01,")
    assert told.endswith(" S-19 and 3 more. Check the SKUs that were asked for.")
    assert len(asked.unmet().to_dict()["not_in_feed"]) == 23
