"""The shipped films: every template, for a bare and a rich product, with sound and without."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import combinations

import pytest

from reelmill.platforms import NativeRatio
from reelmill.product import UNCATEGORISED
from reelmill.prompts.library import PromptLibrary
from reelmill.prompts.lint import lint_catalogs, lint_rendered
from reelmill.prompts.text import TOKEN_BOUND, estimate_tokens
from tests.prompts.conftest import SHIPPED

NAMES = PromptLibrary.load(SHIPPED).sources.template_names
SOUND = re.compile(r"\b(?:sounds?|speaks?|hush|hum|silence|room tone|chime|sizzles?|clicks?|music|voices?|listen)\b")


def film(library, product, name, **how):
    folder, stem = name.split("/")
    options = {"duration_s": 8, "audio": True, "variant": 1} | how
    kind = replace(product, category=(folder,))
    if stem.startswith("storyboard."):
        scenes = {one.name: one for one in library.storyboards[folder].scene}
        template = library.scene_template(kind.category, scenes[stem.removeprefix("storyboard.")])
        rendered = library.render_with(template, kind, ratio=NativeRatio.PORTRAIT, **options)
    else:
        rendered = library.render(kind, ratio=NativeRatio(stem.replace("x", ":")), **options)
    assert rendered.template == name
    return rendered


@pytest.fixture(params=["minimal", "rich"])
def product(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", NAMES)
def test_reads_as_whole_sentences_of_a_good_length(shipped, product, name):
    rendered = film(shipped, product, name)
    assert 150 <= len(rendered.prompt.split()) <= 320
    assert estimate_tokens(rendered.prompt) < TOKEN_BOUND // 1.8
    for paragraph in rendered.prompt.split("\n"):
        assert paragraph == " ".join(paragraph.split())
        assert paragraph[0].isupper()
        assert paragraph.endswith(".")
        assert not any(stray in paragraph for stray in ("..", " .", " ,", ",,", "None", "{", "}", "()"))
    assert rendered.warnings == ()
    assert rendered.banned == ()
    assert lint_rendered(rendered, product) == []


@pytest.mark.parametrize("name", NAMES)
def test_has_camera_light_pace_and_frame(shipped, product, name):
    prompt = film(shipped, product, name).prompt.lower()
    assert " lens" in prompt
    assert "light" in prompt
    assert "by second 2" in prompt
    assert "second 6" in prompt
    assert "8-second shot" in prompt
    assert "true shape, proportions and colour" in prompt
    if name.endswith("9x16"):
        assert "bottom third" in prompt


@pytest.mark.parametrize("name", NAMES)
def test_brand_rules_reach_prompt_and_negative_prompt(shipped, product, name):
    rendered = film(shipped, product, name)
    rules = shipped.brand.rules_for(shipped.categories.lineage(name.split("/")[0]))
    last = rendered.prompt.split("\n")[-1]
    for words in (rules.voice, rules.look, *rules.palette, *rules.always_shown):
        assert words in last
    negative = rendered.negative_prompt.split(", ")
    assert {*rules.never_shown, *rules.negative, *rules.negative_sound} <= set(negative)
    assert len(set(negative)) == len(negative)


@pytest.mark.parametrize("name", NAMES)
def test_without_audio_nothing_sounds(shipped, product, name):
    silent = film(shipped, product, name, audio=False)
    assert SOUND.findall(silent.prompt.lower()) == []
    assert not set(shipped.brand.negative_sound) & set(silent.negative_prompt.split(", "))
    assert "Sound: " in film(shipped, product, name).prompt


@pytest.mark.parametrize("name", NAMES)
def test_variants_move_the_camera_and_come_round(shipped, rich, name):
    films = [film(shipped, rich, name, variant=variant).prompt for variant in (1, 2, 3, 4)]
    assert len(set(films)) == 3
    assert films[0] == films[3]
    for one, other in combinations(films[:3], 2):
        assert one.split("\n")[1:] == other.split("\n")[1:]


@pytest.mark.parametrize("duration_s", [4, 6])
@pytest.mark.parametrize("name", NAMES)
def test_pace_follows_the_duration(shipped, rich, name, duration_s):
    prompt = film(shipped, rich, name, duration_s=duration_s).prompt
    early = {4: 1, 6: 2}[duration_s]
    assert f"{duration_s}-second shot" in prompt
    assert f"by second {early}" in prompt.lower()
    assert f"second {duration_s - early}" in prompt


@pytest.mark.parametrize("name", NAMES)
def test_platforms_and_campaign_do_not_change_what_is_paid_for(shipped, rich, name):
    plain = film(shipped, rich, name)
    assert film(shipped, rich, name, platforms=("tiktok", "pinterest"), campaign="spring") == plain


@pytest.mark.parametrize("name", NAMES)
def test_price_and_stock_do_not_change_what_is_paid_for(shipped, rich, name):
    changed = replace(rich, price=None, currency="", availability="out_of_stock", link="https://shop.example/new")
    assert film(shipped, changed, name) == film(shipped, rich, name)


def test_no_two_films_are_the_same_text_with_another_adjective(shipped, minimal):
    def own(name: str) -> str:
        # Without the closing brand rules and the fidelity paragraph, which are shared on purpose.
        return "\n".join(film(shipped, minimal, name, audio=False).prompt.split("\n")[:4])

    films = [name for name in NAMES if "storyboard." not in name]  # scenes of one film share place and light
    texts = {name: own(name).split() for name in films}
    alike = {
        (one, other): SequenceMatcher(None, texts[one], texts[other], autojunk=False).ratio()
        for one, other in combinations(films, 2)
    }
    assert {pair: ratio for pair, ratio in alike.items() if ratio > 0.6} == {}


def test_what_children_wear_is_shown_without_anybody(shipped, rich):
    for age_group in ("kids", "toddler", "infant", "newborn"):
        for name in ("apparel/16x9", "apparel/9x16", "jewellery/9x16"):
            prompt = film(shipped, replace(rich, age_group=age_group), name).prompt
            assert "adult" not in prompt
            assert "woman" not in prompt
    assert "adult woman" in film(shipped, rich, "apparel/9x16").prompt


CHILDREN = [
    ("", "Baby & Toddler > Baby & Toddler Clothing > Baby One-Pieces"),
    ("", "Kids > Girls > Dresses"),
    ("", "Boys' Shirts"),
    ("", "Children > Jewelry"),
    ("", "Infant Necklaces"),
    ("Child", "Dresses"),
    ("children", "Rings"),
    ("Babies", "Apparel & Accessories > Jewelry"),
    ("Kids (5-13)", "Dresses"),
]


@pytest.mark.parametrize("ratio", NativeRatio)
@pytest.mark.parametrize(("age_group", "category"), CHILDREN)
def test_children_are_known_by_any_word_for_them(shipped, rich, ratio, age_group, category):
    product = replace(rich, age_group=age_group, category=tuple(category.split(" > ")))
    rendered = shipped.render(product, ratio=ratio, duration_s=8, audio=True)
    assert rendered.template.split("/")[0] in ("apparel", "jewellery")
    assert "adult" not in rendered.prompt
    assert "woman" not in rendered.prompt


@pytest.mark.parametrize("category", ["Boyfriend Jeans", "Women > Dresses", "Cowboy Boots"])
def test_what_adults_wear_is_worn_by_one(shipped, rich, category):
    product = replace(rich, age_group="", category=tuple(category.split(" > ")))
    assert "adult woman" in shipped.render(product, ratio=NativeRatio.PORTRAIT, duration_s=8, audio=True).prompt


def test_product_fields_appear_where_they_are_given(shipped, rich):
    prompt = film(shipped, rich, "apparel/9x16").prompt
    for words in ("Linen Midi Dress by Fjord & Field", "in rust red", "European linen", "herringbone", "Side pockets"):
        assert words in prompt


def test_a_product_without_a_category_is_not_called_uncategorised(shipped, minimal):
    prompt = shipped.render(
        replace(minimal, category=UNCATEGORISED), ratio=NativeRatio.PORTRAIT, duration_s=8, audio=True
    ).prompt
    assert "The hero is Thing." in prompt
    assert "categor" not in prompt.lower()


def test_the_shipped_catalogs_have_no_findings():
    assert lint_catalogs(SHIPPED, extra_columns=()) == []
