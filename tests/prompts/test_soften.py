"""Softening: what a step may do to a prompt, and when there is no next step."""

import re
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from reelmill.clip import VideoRequest
from reelmill.errors import FixConfiguration
from reelmill.platforms import NativeRatio
from reelmill.product import Product, RowRef
from reelmill.prompts.library import PromptLibrary
from reelmill.prompts.soften import NotSoftened, Softened, Softener, take_step
from reelmill.prompts.soften_rules import SoftenRules, SoftenStep, load_soften_rules
from reelmill.prompts.text import TOKEN_BOUND, estimate_tokens
from reelmill.veo.support import CATEGORIES

CONTENT = Path(__file__).parents[2] / "catalogs"
SHIPPED = load_soften_rules(CONTENT / "prompts", CATEGORIES)
STEPS = [step for rule in (SHIPPED.default, *SHIPPED.category.values()) for step in rule.step]
TEMPLATE = re.compile(r"\{\{|\{%|\{#|\[\[")


def request(prompt="A sword cuts. It rests.", negative="captions"):
    return VideoRequest(model="m", prompt=prompt, negative_prompt=negative, aspect_ratio=NativeRatio.PORTRAIT)


def softener(retries=2, **rules):
    return Softener(SoftenRules.model_validate(rules), retries)


def test_a_step_drops_replaces_says_and_adds():
    step = SoftenStep(
        drop=("sword",),
        cues=("sound",),
        replace={"an adult woman": "one form"},
        say=("A calm film.",),
        negative=("war",),
    )
    prompt = "An adult  woman turns. A Sword falls! All is well.\nIt rests. Sound: steel. And wind.\nLook: grey."
    assert take_step(step, prompt, "captions, War") == (
        "One form turns. All is well.\nIt rests.\nLook: grey.\nA calm film.",
        "captions, War",
    )
    assert take_step(step, "It rests.", "") == ("It rests.\nA calm film.", "war")


def test_what_names_the_product_or_is_kept_stays_whole():
    step = SoftenStep(drop=("sword", "dr"), cues=("sound",), replace={"battle": "quiet"})
    prompt = "The hero is Dr. Sword's battle belt, for battle. Mood: sword. A sword.\nSound: Dr. Sword's battle belt."
    softened, _ = take_step(step, prompt, "", title="Dr. Sword's battle belt", keep=["Mood"])
    assert softened == ("The hero is Dr. Sword's battle belt, for quiet. Mood: sword.\nSound: Dr. Sword's battle belt.")


def test_a_prompt_of_which_nothing_would_be_left_stays():
    assert take_step(SoftenStep(drop=("sword",), say=("Calm.",), negative=("war",)), "A sword.", "") == ("A sword.", "")


def test_each_retry_goes_one_step_further_on_what_was_sent():
    soft = softener(3, default={"step": [{"say": ["One."]}, {"say": ["Two."]}]})
    first = soft.next(request("A."), title="", causes=("output:other",), done=0)
    assert first == Softened("A.\nOne.", "captions")
    second = soft.next(request(first.prompt), title="", causes=("output:other",), done=1)
    assert second == Softened("A.\nOne.\nTwo.", "captions")
    third = soft.next(request(second.prompt), title="", causes=("output:other",), done=2)
    assert isinstance(third, NotSoftened)
    assert "no step" in third.why


def test_another_filter_than_before_gets_its_own_steps_from_the_first():
    soft = softener(2, category={"violence": {"step": [{"say": ["Vee."]}]}, "sexual": {"step": [{"say": ["Ess."]}]}})
    assert soft.next(request("A.\nVee."), title="", causes=("prompt:sexual",), done=1) == Softened(
        "A.\nVee.\nEss.", "captions"
    )
    both = soft.next(request("A."), title="", causes=("prompt:violence", "output:sexual"), done=0)
    assert both == Softened("A.\nVee.\nEss.", "captions")


@pytest.mark.parametrize(
    ("causes", "done", "why"),
    [
        (("prompt:violence",), 2, "as often as filtered_retries allows"),
        (("picture:violence",), 0, "struck the picture"),
        (("prompt:violence", "picture:other"), 0, "struck the picture"),
        (("prompt:violence", "output:child"), 0, "child: another template"),
        ((), 0, "nothing is known"),
    ],
)
def test_what_other_words_cannot_repair_is_not_retried(causes, done, why):
    rules = {
        "default": {"step": [{"say": ["Calm."]}]},
        "category": {"child": {"retry": False, "why": "another template"}},
    }
    refused = softener(2, **rules).next(request(), title="", causes=causes, done=done)
    assert isinstance(refused, NotSoftened)
    assert why in refused.why


WORD = st.text(string.ascii_lowercase, min_size=1, max_size=3)
PHRASE = st.lists(WORD, min_size=1, max_size=2).map(" ".join)
PHRASES = st.lists(PHRASE, max_size=3).map(tuple)
SENTENCE = PHRASE.map(lambda words: f"{words}.").filter(lambda text: len(text) > 2)


@st.composite
def steps(draw):
    try:
        return SoftenStep(
            drop=draw(PHRASES),
            cues=draw(PHRASES),
            replace=draw(st.dictionaries(PHRASE, PHRASE, max_size=3)),
            say=draw(st.lists(SENTENCE, max_size=2).map(tuple)),
            negative=draw(PHRASES),
        )
    except ValidationError:
        assume(False)  # a step that would write what it looks for is refused


WORDS = sorted(
    {word for step in STEPS for phrase in (*step.drop, *step.cues, *step.replace) for word in phrase.split()}
)
PIECE = st.one_of(
    WORD, st.sampled_from([*WORDS, ". ", "! ", ".\n", ": ", "{{ x }}", "{", "[[fault:output_filter]]", "Dr. A", "\n\n"])
)
PROMPT = st.lists(PIECE, max_size=40).map(" ".join) | st.text(max_size=80)
TITLE = st.one_of(PHRASE, st.sampled_from(["", "Dr. A", "a"]), st.text(max_size=10))


@given(step=st.one_of(st.sampled_from(STEPS), steps()), prompt=PROMPT, negative=PROMPT, title=TITLE)
def test_a_step_is_taken_once_stays_in_bounds_and_writes_no_template(step, prompt, negative, title):
    keep = SHIPPED.keep
    once = take_step(step, prompt, negative, title=title, keep=keep)
    assert once == take_step(step, prompt, negative, title=title, keep=keep)
    assert take_step(step, *once, title=title, keep=keep) == once
    for before, after in zip((prompt, negative), once, strict=True):
        assert estimate_tokens(after) <= max(TOKEN_BOUND, estimate_tokens(before))
        assert len(TEMPLATE.findall(after)) <= len(TEMPLATE.findall(before))
    assert bool(once[0].strip()) == bool(prompt.strip())


@given(step=st.sampled_from(STEPS), words=st.integers(700, 900))
def test_a_prompt_at_the_bound_does_not_grow_past_it(step, words):
    prompt = "an adult man " * (words // 3) + "stays."
    softened, _ = take_step(step, prompt, "")
    assert estimate_tokens(softened) <= max(TOKEN_BOUND, estimate_tokens(prompt))


def test_the_shipped_rules_soften_every_shipped_template_and_keep_product_and_brand():
    library = PromptLibrary.load(CONTENT)
    softer = Softener(SHIPPED, 3)
    for template in library.templates.values():
        product = Product(
            sku="S",
            title='Battle "axe" No. 5, forged. Sword hands and body people worn and carried with skin',
            category=(template.folder,),
            description="Blood and fire. A gun fight, naked.",
            ref=RowRef("feed.csv", 1),
        )
        ratio = NativeRatio.PORTRAIT if template.name.endswith("9x16") else NativeRatio.LANDSCAPE
        rendered = library.render_with(template, product, ratio=ratio, duration_s=8, audio=True)
        for category in sorted(CATEGORIES):
            sent, done = request(rendered.prompt, rendered.negative_prompt), 0
            while isinstance(
                soft := softer.next(sent, title=product.title, causes=(f"prompt:{category}",), done=done), Softened
            ):
                sent, done = replace(sent, prompt=soft.prompt, negative_prompt=soft.negative_prompt), done + 1
                assert "Battle axe No. 5, forged. Sword hands" in sent.prompt
                assert template.closing in sent.prompt
                assert "One continuous 8-second shot." in sent.prompt
            assert (done > 0) == SHIPPED.rule(category).retry, (template.name, category)


def test_the_shipped_rules_write_nothing_that_the_shipped_brand_forbids():
    library = PromptLibrary.load(CONTENT)
    forbidden = {word for template in library.templates.values() for _, word in template.banned}
    assert not [(text, word.pattern) for text in SHIPPED.texts() for word in forbidden if word.search(text)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[default", "cannot be read"),
        ("[default]\nfoo = 1", "default.foo"),
        ('[category.violense]\nretry = false\nwhy = "no"', "no such category"),
        ("[default]\nretry = false", "say why"),
        ('[[default.step]]\nreplace = { "a b" = "b c" }', "also writes it"),
        ('[[default.step]]\ndrop = ["calm film"]\nsay = ["A calm film."]', "also writes it"),
        ('[[default.step]]\nsay = ["{{ x }}."]', "plain text"),
        ('[[default.step]]\nsay = ["No end"]', "end like a sentence"),
        ('[[default.step]]\nreplace = { "a" = "{%" }', "pattern"),
        ('[[default.step]]\nreplace = { "a" = "" }', "at least 1 character"),
    ],
)
def test_rules_that_are_wrong_are_refused_by_name(tmp_path, text, says):
    (tmp_path / "soften.toml").write_text(text)
    with pytest.raises(FixConfiguration, match=re.escape(says)) as refused:
        load_soften_rules(tmp_path, CATEGORIES)
    assert "soften.toml" in str(refused.value)


def test_without_the_file_the_policy_says_so(tmp_path):
    with pytest.raises(FixConfiguration, match="filtered_retries to 0"):
        load_soften_rules(tmp_path)
