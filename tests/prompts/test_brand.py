"""Brand rules: read strictly, merged by category, present in every prompt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reelmill.errors import FixConfiguration
from reelmill.platforms import NativeRatio
from reelmill.prompts.brand import Brand, load_brand
from reelmill.prompts.library import PromptLibrary

BRAND = """
name = "Hidden Name"
voice = "calm."
look = "grainy film"
palette = ["ochre", "teal"]
always_shown = ["a brass key"]
never_shown = ["snakes", "Ladders"]
forbidden_words = ["cheap", "knock-off"]
negative = ["blur", "ladders"]
negative_sound = ["music"]

[category.apparel]
voice = "bold"
palette = ["white"]
always_shown = ["a red ribbon"]
forbidden_words = ["itchy"]
negative = ["creases"]
"""
RULES = '[apparel]\nnegative = ["holes"]\n[rings]\nparent = "apparel"\n'


def render(library, product, **how):
    return library.render(product, **({"ratio": NativeRatio.LANDSCAPE, "duration_s": 8, "audio": True} | how))


def test_rules_reach_a_template_that_says_nothing_about_them(catalogs, minimal):
    library = PromptLibrary.load(catalogs({"default/any.j2": "Only this."}, brand=BRAND, categories=RULES))
    rendered = render(library, minimal)
    assert rendered.prompt == (
        "Only this.\nOverall look: grainy film. Mood: calm. Surroundings in ochre, teal; the product keeps its own "
        "colours. Always in the picture: a brass key."
    )
    assert rendered.negative_prompt == "snakes, Ladders, blur, music"
    assert render(library, minimal, audio=False).negative_prompt == "snakes, Ladders, blur"


def test_what_is_never_shown_and_the_name_stay_out_of_the_prompt(catalogs, minimal):
    prompt = render(PromptLibrary.load(catalogs(brand=BRAND, categories=RULES)), minimal).prompt
    assert "snakes" not in prompt
    assert "Hidden Name" not in prompt


@pytest.mark.parametrize("category", ["apparel", "rings"])
def test_a_category_replaces_texts_and_adds_to_lists(catalogs, minimal, category):
    library = PromptLibrary.load(catalogs({"apparel/any.j2": "Worn."}, brand=BRAND, categories=RULES))
    rendered = render(library, replace(minimal, category=(category,)))
    assert rendered.template == "apparel/any"
    assert "Overall look: grainy film. Mood: bold. Surroundings in white;" in rendered.prompt
    assert rendered.prompt.endswith("Always in the picture: a brass key, a red ribbon.")
    assert rendered.negative_prompt == "snakes, Ladders, blur, creases, holes, music"
    elsewhere = render(library, minimal)
    assert "ribbon" not in elsewhere.prompt
    assert "creases" not in elsewhere.negative_prompt


def test_a_category_keeps_its_rules_when_the_default_template_serves_it(catalogs, minimal):
    library = PromptLibrary.load(catalogs(brand=BRAND, categories='[apparel]\nnegative = ["holes"]\n'))
    rendered = render(library, replace(minimal, category=("apparel",)))
    assert rendered.template == "default/any"
    assert "Mood: bold." in rendered.prompt
    assert "holes" in rendered.negative_prompt


def test_templates_may_use_the_brand(catalogs, minimal):
    text = "{{ brand.name }}/{{ brand.voice }}/{{ brand.look }}/{{ brand.palette }}"
    library = PromptLibrary.load(catalogs({"default/any.j2": text}, brand=BRAND, categories=RULES))
    assert render(library, minimal).prompt.startswith("Hidden Name/calm./grainy film/ochre, teal")


@pytest.mark.parametrize(
    ("title", "banned"),
    [
        ("A cheap thing", ("cheap",)),
        ("CHEAP Knock-Off", ("cheap", "knock-off")),
        ("A cheaper thing", ()),
        ("Knockoff", ()),
        ("Not cheap!", ("cheap",)),
    ],
)
def test_forbidden_words_in_product_text_are_reported_not_removed(catalogs, minimal, title, banned):
    rendered = render(PromptLibrary.load(catalogs(brand=BRAND, categories=RULES)), replace(minimal, title=title))
    assert rendered.banned == banned
    assert title.rstrip("!") in rendered.prompt


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("colour = 1", "colour"),
        ("look = 5", "look"),
        ('palette = "red"', "palette"),
        ("negative = [1]", "negative.0"),
        ('negative = [""]', "negative.0"),
        ("[category.apparel]\nname = 'x'", "category.apparel.name"),
        ("look = ", "not valid TOML"),
        (f"look = '{'x' * 500}'", "look"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(tmp_path, text, field):
    path = tmp_path / "brand.toml"
    path.write_text(text)
    with pytest.raises(FixConfiguration, match=rf"brand\.toml: .*{field}"):
        load_brand(path)


def test_a_missing_or_unreadable_file_says_so(tmp_path):
    with pytest.raises(FixConfiguration, match="catalogs_dir"):
        load_brand(tmp_path / "brand.toml")
    (tmp_path / "brand.toml").write_bytes(b'look = "\xff\xfe"')
    with pytest.raises(FixConfiguration, match="UTF-8"):
        load_brand(tmp_path / "brand.toml")


def test_rules_for_a_category_that_is_not_there_are_refused(catalogs):
    with pytest.raises(FixConfiguration, match=r"category\.hats: there is no such"):
        PromptLibrary.load(catalogs(brand='[category.hats]\nlook = "tall"\n'))


def test_an_empty_brand_adds_nothing(catalogs, minimal):
    rendered = render(PromptLibrary.load(catalogs()), minimal)
    assert rendered.prompt == "A film of Thing."
    assert rendered.negative_prompt == ""


def test_every_field_is_described():
    assert all(field.description for field in Brand.model_fields.values())
