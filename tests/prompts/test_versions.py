"""A template's version and the library's digest change if and only if content does."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import pytest

from reelmill.platforms import NativeRatio
from reelmill.prompts.library import PromptLibrary
from tests.prompts.conftest import SHIPPED

NAMES = PromptLibrary.load(SHIPPED).sources.template_names


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(SHIPPED, tmp_path / "catalogs", ignore=shutil.ignore_patterns("samples"))
    return tmp_path / "catalogs"


def versions(folder):
    library = PromptLibrary.load(folder)
    return {name: library.templates[name].version for name in NAMES}, library.digest


def changed(before, after):
    return {name for name in NAMES if before[0][name] != after[0][name]}


def edit(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_same_content_has_the_same_versions_wherever_it_stands(copy):
    assert versions(copy) == versions(SHIPPED)


def test_a_version_is_short_hexadecimal_and_travels_with_the_prompt(shipped, minimal):
    rendered = shipped.render(minimal, ratio=NativeRatio.PORTRAIT, duration_s=8, audio=True)
    assert rendered.template_version == shipped.lookup((), "9:16").version
    assert re.fullmatch(r"[0-9a-f]{12}", rendered.template_version)
    assert re.fullmatch(r"[0-9a-f]{64}", shipped.digest)


@pytest.mark.parametrize(
    ("file", "old", "new", "hit"),
    [
        ("prompts/apparel/9x16.j2", "85 mm", "90 mm", {"apparel/9x16"}),
        ("prompts/home/_common.j2", "linen curtain", "cotton curtain", {"home/9x16", "home/16x9"}),
        ("prompts/_film.j2", "Room on every side", "Space on every side", set(NAMES)),
        ("brand.toml", "natural grade", "warm grade", set(NAMES) - {"jewellery/9x16", "jewellery/16x9"}),
        ("brand.toml", "butter yellow", "lemon yellow", {"toys/9x16", "toys/16x9"}),
        ("brand.toml", 'name = "Northlight Goods"', 'name = "Other"', set(NAMES)),
        ("brand.toml", "# The brand's rules.", "# Rules.", set()),
        ("prompts/categories.toml", '"melted metal"', '"dull metal"', {"jewellery/9x16", "jewellery/16x9"}),
        ("prompts/categories.toml", '"womenswear", ', "", set()),
    ],
)
def test_versions_follow_what_they_cover(copy, file, old, new, hit):
    before = versions(copy)
    edit(copy / file, old, new)
    after = versions(copy)
    assert changed(before, after) == hit
    commented = "# The brand's rules." in old
    assert (before[1] == after[1]) is commented


def test_line_endings_do_not_count(copy):
    before = versions(copy)
    for path in [*copy.rglob("*.j2"), *copy.glob("*.toml")]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert versions(copy) == before


def test_a_new_template_changes_the_digest_alone(copy):
    before = versions(copy)
    (copy / "prompts" / "bicycles").mkdir()
    (copy / "prompts" / "bicycles" / "any.j2").write_text("Ride.")
    after = versions(copy)
    assert changed(before, after) == set()
    assert before[1] != after[1]


def test_moving_text_between_files_is_a_change(catalogs, minimal):
    one = PromptLibrary.load(catalogs({"_a.j2": "xy", "_b.j2": "", "default/any.j2": "{% include '_a.j2' %}"}))
    two = PromptLibrary.load(catalogs({"_a.j2": "x", "_b.j2": "y", "default/any.j2": "{% include '_a.j2' %}"}))
    assert one.digest != two.digest


def test_equal_version_and_product_mean_equal_prompts(copy, rich):
    def films(folder):
        library = PromptLibrary.load(folder)
        return {
            (rendered.template_version, rendered.prompt, rendered.negative_prompt)
            for name in NAMES
            for rendered in [
                library.render_with(
                    library.templates[name],
                    replace(rich, category=(name.split("/")[0],)),
                    ratio=NativeRatio.LANDSCAPE if name.endswith("16x9") else NativeRatio.PORTRAIT,
                    duration_s=6,
                    audio=True,
                )
            ]
        }

    assert films(copy) == films(SHIPPED)
