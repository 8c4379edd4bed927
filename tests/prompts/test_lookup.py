"""Category and ratio, else category, else its parents, else the default."""

from __future__ import annotations

import pytest

from reelmill.errors import FixConfiguration
from reelmill.prompts.library import PromptLibrary

CATEGORIES = """
[apparel]
taxonomy = ["Apparel & Accessories"]
[jewellery]
parent = "apparel"
taxonomy = ["Apparel & Accessories > Jewelry"]
[rings]
parent = "jewellery"
taxonomy = ["Apparel & Accessories > Jewelry > Rings"]
"""
RINGS = ("Apparel & Accessories", "Jewelry", "Rings")
CHAIN = ["rings/9x16", "rings/any", "jewellery/9x16", "jewellery/any", "apparel/9x16", "apparel/any", "default/9x16"]


@pytest.mark.parametrize("steps", range(len(CHAIN) + 1))
def test_each_step_of_the_chain_serves_when_the_ones_before_are_missing(catalogs, steps):
    present = [*CHAIN[steps:], "default/16x9", "default/any"]
    library = PromptLibrary.load(catalogs({f"{name}.j2": name for name in present}, categories=CATEGORIES))
    assert library.lookup(RINGS, "9:16").name == present[0 if steps < len(CHAIN) else 1]


def test_the_other_ratio_does_not_serve(catalogs):
    library = PromptLibrary.load(catalogs({"apparel/16x9.j2": "wide"}, categories=CATEGORIES))
    assert library.lookup(("Apparel & Accessories",), "9:16").name == "default/any"
    assert library.lookup(("Apparel & Accessories",), "16:9").name == "apparel/16x9"


def test_a_folder_without_rules_is_known_by_its_name(catalogs):
    library = PromptLibrary.load(catalogs({"garden-tools/any.j2": "dig"}))
    assert library.lookup(("Garden Tools",), "16:9").name == "garden-tools/any"
    assert library.lookup(("Best garden tool ever",), "16:9").name == "garden-tools/any"


def test_shipped_jewellery_stays_close_to_apparel(shipped):
    assert shipped.categories.lineage("jewellery") == ("jewellery", "apparel")
    assert shipped.categories.lineage("cookware") == ("cookware", "home")


@pytest.mark.parametrize("ratio", ["16:9", "9:16"])
@pytest.mark.parametrize(
    "folder",
    ["apparel", "sports", "cookware", "jewellery", "home", "beauty", "electronics", "toys", "food", "default"],
)
def test_every_promised_template_is_shipped(shipped, folder, ratio):
    name = f"{folder}/{ratio.replace(':', 'x')}"
    assert name in shipped.templates
    assert shipped.lookup((folder,), ratio).name == name


def test_a_ratio_that_veo_does_not_make_is_refused(shipped):
    with pytest.raises(FixConfiguration, match="'1:1' is no ratio that Veo makes"):
        shipped.lookup(("Dresses",), "1:1")


def test_a_template_for_such_a_ratio_is_refused(catalogs):
    with pytest.raises(FixConfiguration, match=r"1x1\.j2.*16x9\.j2, 9x16\.j2 or any\.j2"):
        PromptLibrary.load(catalogs({"apparel/1x1.j2": "square"}))


def test_a_missing_default_is_refused(tmp_path):
    (tmp_path / "brand.toml").write_text("")
    (tmp_path / "prompts" / "default").mkdir(parents=True)
    (tmp_path / "prompts" / "default" / "16x9.j2").write_text("wide")
    with pytest.raises(FixConfiguration, match="no default template for 9x16"):
        PromptLibrary.load(tmp_path)


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / "brand.toml").write_text("")
    with pytest.raises(FixConfiguration, match="holds no templates"):
        PromptLibrary.load(tmp_path)
