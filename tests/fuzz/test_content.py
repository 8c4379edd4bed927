"""Content files, broken in every way: they load, or one FixConfiguration names the file."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration, ReelmillError
from reelmill.platforms import NativeRatio, load_platforms
from reelmill.product import RowRef
from reelmill.prompts.brand import load_brand
from reelmill.prompts.library import PromptLibrary
from reelmill.prompts.lint import lint_rendered
from reelmill.veo.registry import Registry
from tests.support.fuzzing import ATTACKS, MARK, NASTY_TEXT, fuzz, grown, is_one_line
from tests.support.making import CONTENT, product

MODELS = """
["veo-9"]
stage = "ga"
["veo-3.1-fast-generate-001".prices]
as_of = 2026-12-01
audio_on = { "720p" = 0.10, "1080p" = 0.12 }
audio_off = { "720p" = 0.08 }
"""
LOADERS = {"brand.toml": load_brand, "platforms.toml": load_platforms, "models.toml": Registry.load}
TEXTS = {name: (CONTENT / name).read_text() if name != "models.toml" else MODELS for name in LOADERS}
TEMPLATES = sorted(path.relative_to(CONTENT / "prompts").as_posix() for path in (CONTENT / "prompts").rglob("*.j2"))
TOML_BITS = st.sampled_from(
    ["[", "]", "[[", "[a.b]", "a = ", "= 1", '"', '"""', "'", "\\u0000", "\\UFFFFFFFF", "1e999", "nan", "-inf", "{",
     "}", "2026-13-45", "00:61", "0x", "9" * 5000, "[" * 3000, "{a=" * 2000, "." * 300, "\r", "\0", "\ufeff", "=", ".",
     "a.a.a = 1", "never_shown = 7\n", "width = -1\n", "ratio = '0:0'\n", "name = 1\n", "[category.nowhere]\n"]
)  # fmt: skip


def broken_text(draw, text: str, bits) -> str:
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["insert", "cut", "copy", "nasty"])):
            case "insert":
                text = text[:at] + draw(bits) + text[at:]
            case "cut":
                text = text[:at] + text[at + draw(st.integers(1, 60)) :]
            case "copy":
                text = text[:at] + text[at : at + draw(st.integers(1, 200))] + text[at:]
            case _:
                text = text[:at] + draw(NASTY_TEXT) + text[at:]
    return text


def loaded_or_refused(load, path: Path) -> None:
    refusal = None
    try:
        load(path)
    except ReelmillError as refused:
        refusal = refused
    assert refusal is None or (isinstance(refusal, FixConfiguration) and str(path) in str(refusal))


@pytest.mark.parametrize("name", LOADERS)
@fuzz(60)
@given(st.data())
def test_a_broken_toml_file_loads_or_is_named(name, data):
    text = broken_text(data.draw, TEXTS[name], TOML_BITS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        loaded_or_refused(LOADERS[name], path)


@pytest.mark.parametrize("name", LOADERS)
@fuzz(30)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_toml_file(name, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        loaded_or_refused(LOADERS[name], path)


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "{a=" * 100_000, "a." * 50_000 + "a = 1", "a = " + "9" * 5000]
)
def test_toml_nested_beyond_reason(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(FixConfiguration, match=name):
        LOADERS[name](path)


JINJA_BITS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", "{% if %}", "{% for x in product.title %}", "{% endfor %}", "{% raw %}",
     "{% include 'x' %}", "{{ product }}", "{{ product.price }}", "{{ 1/0 }}", "{{ range(9**9) }}", "{{ self }}",
     "{{ product.__class__ }}", "{{ brand.look.format(product) }}", "{{ (" + "(" * 300 + "1", "\x1e", "{{ loop }}",
     "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% block x %}", "{% extends 'default/any.j2' %}",
     "{% for a in (1,) %}" * 30 + "{% endfor %}" * 30, "{{ caller() }}", "{{ -" + "-" * 3000 + "1 }}"]
)  # fmt: skip


@fuzz(12)
@given(st.data())
def test_a_broken_template_renders_or_is_named(data):
    name = data.draw(st.sampled_from(TEMPLATES))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "catalogs"
        shutil.copytree(CONTENT, root, ignore=shutil.ignore_patterns("samples"))
        path = root / "prompts" / name
        path.write_bytes(broken_text(data.draw, path.read_text(), JINJA_BITS).encode("utf-8", "surrogatepass"))
        try:
            library = PromptLibrary.load(root)
            for ratio in NativeRatio:
                for template in list(library.templates.values())[:4]:
                    library.render_with(template, product(), ratio=ratio, duration_s=8, audio=True)
        except FixConfiguration as refused:
            told = str(refused)
        else:
            told = str(root)
        assert str(root) in told


@pytest.fixture(scope="module")
def library():
    return PromptLibrary.load(CONTENT)


CELLS = NASTY_TEXT | st.lists(st.sampled_from(ATTACKS), min_size=2, max_size=4).map(" ".join)
FIELDS = ("title", "description", "brand", "color", "material", "pattern", "size", "gender", "age_group", "link")


@fuzz(60)
@given(
    texts=st.fixed_dictionaries(dict.fromkeys(FIELDS, CELLS)),
    lists=st.lists(CELLS, max_size=4).map(tuple),
    category=st.lists(CELLS.filter(bool), min_size=1, max_size=4).map(tuple),
    extra=st.dictionaries(st.sampled_from(["care", "note"]), CELLS),
    campaign=CELLS,
)
def test_nothing_in_a_product_is_executed(library, texts, lists, category, extra, campaign):
    item = replace(
        product(), **texts, sku="s", highlights=lists, category=category, extra=extra, ref=RowRef("feed.csv", 1)
    )
    for ratio in NativeRatio:
        rendered = library.render(item, ratio=ratio, duration_s=8, audio=True, campaign=campaign)
        data = "".join((*texts.values(), *lists, *category, *extra.values(), campaign))
        if MARK not in data:
            assert MARK not in rendered.prompt
        assert MARK not in rendered.negative_prompt
        assert is_one_line(rendered.prompt.replace("\n", ""))
        lint_rendered(rendered, item)


def test_rendering_hostile_products_for_ever_holds_no_memory(library):
    def once(number):
        item = replace(product(), title=f"Bowl {number} {ATTACKS[number % len(ATTACKS)]}", description="x" * 20_000)
        library.render(item, ratio=NativeRatio.PORTRAIT, duration_s=8, audio=True)

    assert grown(once, rounds=60) < 1_000_000


@pytest.mark.parametrize("name", LOADERS)
def test_reading_broken_content_for_ever_holds_no_memory(tmp_path, name):
    path = tmp_path / name

    def once(number):
        path.write_text(TEXTS[name][:-number] + f"\n[never.seen.{number}]\nx = '{'x' * 20_000}'")
        loaded_or_refused(LOADERS[name], path)

    assert grown(once, rounds=60) < 1_000_000
