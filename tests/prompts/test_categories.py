"""Merchant taxonomies and free text find their template folder."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.prompts.library import PromptLibrary

TAXONOMY = [
    ("Apparel & Accessories > Clothing > Dresses", "apparel"),
    ("Apparel and Accessories > Clothing > Dresses", "apparel"),
    ("APPAREL & ACCESSORIES > Shoes", "apparel"),
    ("Apparel & Accessories > Jewelry > Rings", "jewellery"),
    ("Apparel & Accessories > Jewelry", "jewellery"),
    ("Shop > Apparel & Accessories > Jewelry > Watches", "jewellery"),
    ("Home & Garden > Kitchen & Dining > Cookware & Bakeware > Cookware", "cookware"),
    ("Home & Garden > Kitchen & Dining > Food Storage", "cookware"),
    ("Home & Garden > Decor > Vases", "home"),
    ("Home & Garden > Household Appliances > Vacuums", "electronics"),
    ("Home & Garden > Household Appliances > Kitchen Appliances", "cookware"),
    ("Furniture > Chairs", "home"),
    ("Sporting Goods > Outdoor Recreation > Camping & Hiking > Camp Cookware", "sports"),
    ("Health & Beauty > Personal Care > Cosmetics > Skin Care", "beauty"),
    ("Electronics > Audio > Headphones", "electronics"),
    ("Cameras & Optics > Cameras", "electronics"),
    ("Toys & Games > Toys > Pretend Play > Toy Kitchens & Play Food", "toys"),
    ("Baby & Toddler > Baby Toys & Activity Equipment", "toys"),
    ("Food, Beverages & Tobacco > Beverages > Coffee", "food"),
    ("Animals & Pet Supplies > Pet Supplies > Dog Supplies > Dog Food", "default"),
    ("Hardware > Tools > Drills", "default"),
]
FREE_TEXT = [
    ("Women's dresses", "apparel"),
    ("Home > Women > Dresses > Maxi Dresses", "apparel"),
    ("Bijouterie > Necklaces", "jewellery"),
    ("jewellery", "jewellery"),
    ("kitchen toys", "toys"),
    ("dog toys", "default"),
    ("Cast-iron skillets", "cookware"),
    ("Dining tables", "home"),
    ("running shoes", "sports"),
    ("Dress shoes", "apparel"),
    ("FACE CREAM", "beauty"),
    ("Wireless headphones", "electronics"),
    ("Café > Coffee beans", "food"),
    ("Cookies", "food"),
    ("Tents", "sports"),
    ("Ties", "apparel"),
    ("Bikinis", "apparel"),
    ("Camera Lenses", "electronics"),
    ("TVs", "electronics"),
    ("Shelves", "home"),
    ("Skis", "sports"),
    ("Stocking fillers", "default"),
    ("Springtime", "default"),  # holds "ring", not as a word
    ("Panama", "default"),  # holds "pan"
    ("", "default"),
    ("小物", "default"),
]


@pytest.mark.parametrize(("text", "folder"), TAXONOMY + FREE_TEXT)
def test_category_finds_its_folder(shipped, text, folder):
    assert shipped.categories.match(tuple(level.strip() for level in text.split(" > "))) == folder


@pytest.mark.parametrize(("text", "folder"), TAXONOMY)
def test_an_unsplit_path_means_the_same(shipped, text, folder):
    assert shipped.categories.match((text,)) == folder


def test_accents_case_plural_and_ampersand_make_no_difference(catalogs):
    library = PromptLibrary.load(
        catalogs({"decor/any.j2": "x"}, categories='[decor]\ntaxonomy = ["Décor & Möbel > Éclairage"]\n')
    )
    for path in [("DECOR AND MOBEL", "eclairage"), ("décor & möbels", "Eclairages"), ("Decor  &  Mobel", "ÉCLAIRAGE")]:
        assert library.categories.match(path) == "decor"


def test_no_category_is_the_default(shipped):
    assert shipped.categories.match(()) == "default"


def test_the_deepest_taxonomy_level_wins_over_an_earlier_longer_one(catalogs):
    rules = '[long]\ntaxonomy = ["A > B > C"]\n[deep]\ntaxonomy = ["D"]\n'
    library = PromptLibrary.load(catalogs({"long/any.j2": "x", "deep/any.j2": "x"}, categories=rules))
    assert library.categories.match(("A", "B", "C")) == "long"
    assert library.categories.match(("A", "B", "C", "D")) == "deep"


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ('[a]\nparent = "b"\n[b]\nparent = "a"\n', "round in a circle"),
        ('[a]\nparent = "a"\n', "round in a circle"),
        ('[a]\nparent = "nobody"\n', "parent 'nobody' is no category"),
        ('[a]\nkeywords = ["x"]\n[b]\nkeywords = ["X"]\n', "stands under a and under b"),
        ('[a]\nkeywords = ["&&"]\n[b]\nkeywords = ["--"]\n', "has no words"),
        ("[a]\nkeyword = 1\n", "a: keyword"),
        ("a = 1\n", "a: the table"),
        ("[a\n", "cannot be read"),
    ],
)
def test_wrong_rules_name_file_and_category(catalogs, rules, message):
    with pytest.raises(FixConfiguration, match=message) as raised:
        PromptLibrary.load(catalogs(categories=rules))
    assert "categories.toml" in str(raised.value)


@settings(max_examples=80)
@given(st.lists(st.text(max_size=30), max_size=5))
def test_any_text_has_a_folder_and_always_the_same(shipped, levels):
    category = tuple(levels)
    found = shipped.categories.match(category)
    assert found in shipped.categories.rules
    assert shipped.categories._match(category) == found
    assert shipped.lookup(category, "9:16").name.endswith("/9x16")


@settings(max_examples=60)
@given(st.sampled_from(TAXONOMY), st.text(st.characters(categories=["Lu", "Ll"]), min_size=12, max_size=12))
def test_a_level_that_nobody_knows_below_a_path_changes_nothing(shipped, known, stranger):
    text, folder = known
    assert shipped.categories.match((*text.split(" > "), f"zq{stranger}")) == folder
