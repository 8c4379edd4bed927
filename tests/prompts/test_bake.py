"""A baked template says exactly what the template as written says, or is not baked."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.platforms import NativeRatio
from reelmill.prompts.bake import bake
from reelmill.prompts.environment import PromptEnvironment
from reelmill.prompts.library import PromptLibrary
from reelmill.prompts.view import ProductView
from tests.prompts.conftest import SHIPPED

NAMES = PromptLibrary.load(SHIPPED).sources.template_names
KNOWN = {"ratio": "9:16", "duration_s": 8, "early_s": 2, "late_s": 6, "audio": True, "variant": 1}
BRAND = {"name": "N", "voice": "v", "look": "l", "palette": "p"}


def both(files: dict[str, str], name: str, values: dict[str, object], known=None) -> tuple[str, str | None]:
    environment = PromptEnvironment(files)
    baked = bake(environment, files, name, KNOWN if known is None else known)
    written = environment.get_template(name).render(**KNOWN, **values)
    return written, None if baked is None else baked.render(**KNOWN, **values)


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_template_can_be_baked_and_says_the_same(shipped, rich, minimal, name):
    ratio = NativeRatio.LANDSCAPE if name.endswith("16x9") else NativeRatio.PORTRAIT
    for variant, audio in ((1, True), (2, False)):
        known = KNOWN | {"ratio": ratio.value, "audio": audio, "variant": variant, "brand": BRAND}
        baked = bake(shipped.environment, shipped.sources.files, f"{name}.j2", known)
        assert baked is not None
        for product in (rich, minimal):
            values = {**known, "product": ProductView(product), "platforms": (), "campaign": ""}
            written = shipped.environment.get_template(f"{name}.j2").render(values)
            assert baked.render(values).split() == written.split()


@pytest.mark.parametrize(
    "files",
    [
        {"t": "{% set x = 1 %}{{ x }}{% if audio %}{% set x = 2 %}{% endif %}{{ x }}"},
        {"t": "{% if audio and word %}a{% elif variant == 2 %}b{% else %}c{% endif %}"},
        {"t": "{% if not audio %}a{% elif word %}b{% elif duration_s == 8 %}c{% else %}d{% endif %}"},
        {"t": "{{ 'yes' if audio else 'no' }} {{ ['a', 'b'] | vary(variant) }} {{ duration_s * 2 }}"},
        {"t": "{% for n in range(duration_s) %}{{ n }}{% if loop.last %}!{% endif %}{% endfor %}"},
        {
            "t": "{% extends 'p' %}{% set x = 'child' %}{% block a %}{{ x }}{% endblock %}",
            "p": "[{% block a %}{% endblock %}]{% block b %}{{ word }}{% endblock %}",
        },
        {
            "t": "{% extends 'p' %}{% set x = 'child' %}{% block a %}{{ x }}{% endblock %}",
            "p": "{% set x = 'parent' %}[{% block a %}{% endblock %}]{{ x }}",
        },
        {
            "t": "{% extends 'm' %}{% block inner %}t{% endblock %}",
            "m": "{% extends 'p' %}{% block outer %}m({% block inner %}m{% endblock %}){% endblock %}",
            "p": "{% block outer %}p{% endblock %}",
        },
        {
            "t": "{% extends 'p' %}{% block a %}{% set y = 'inside' %}{{ y }}{% endblock %}",
            "p": "{% set y = 'outside' %}{% block a %}{% endblock %}{{ y }}",
        },
        {"t": "{% with ratio2 = ratio %}{{ ratio2 }}{% endwith %}{{ ratio }}"},
    ],
)
@pytest.mark.parametrize("word", ["", "w"])
def test_baked_is_the_same(files, word):
    written, baked = both(files, "t", {"word": word})
    assert baked == written


@pytest.mark.parametrize(
    "files",
    [
        {"t": "{% extends 'p' %}{% block a %}{{ super() }}+{% endblock %}", "p": "{% block a %}p{% endblock %}"},
        {"t": "{% block a %}p{% endblock %}{{ self.a() }}"},
        {"t": "{% include 'p' %}", "p": "{{ ratio }}"},
        {"t": "{% import 'p' as p %}{{ p.m() }}", "p": "{% macro m() %}x{% endmacro %}"},
        {"t": "{% set ratio = 'mine' %}{{ ratio }}"},
        {"t": "{% for audio in [1, 2] %}{{ audio }}{% endfor %}"},
        {"t": "{% for n in [1] %}{% block a %}{{ n }}{% endblock %}{% endfor %}"},
        {"t": "{% for n in [1] %}{% block a scoped %}{{ n }}{% endblock %}{% endfor %}"},
        {"t": "{% if audio %}{% extends 'p' %}{% endif %}", "p": "p"},
        {"t": "{% extends 'p' %}{% if audio %}{% set x = 1 %}{% endif %}", "p": "{{ x is defined }}"},
        {"t": "{% extends 't' %}"},
    ],
)
def test_what_cannot_be_baked_faithfully_is_left_alone(files):
    environment = PromptEnvironment(files)
    assert bake(environment, files, "t", KNOWN) is None


_CONDITIONS = st.sampled_from(
    ["audio", "variant == 1", "word", "not word", "ratio == '16:9'", "duration_s > 6 and word"]
)
_LEAVES = st.sampled_from(
    ["text ", "{{ word }}", "{{ variant }}", "{{ ['a', word] | vary(variant) }}", "{{ early_s }}"]
)
_BODIES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(_CONDITIONS, inner, inner).map(lambda t: f"{{% if {t[0]} %}}{t[1]}{{% else %}}{t[2]}{{% endif %}}"),
        st.tuples(_CONDITIONS, inner, _CONDITIONS, inner).map(
            lambda t: f"{{% if {t[0]} %}}{t[1]}{{% elif {t[2]} %}}{t[3]}{{% endif %}}"
        ),
        st.tuples(inner, inner).map(lambda t: f"{{% set y = variant %}}{t[0]}{{{{ y }}}}{t[1]}"),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    child=_BODIES,
    parent=_BODIES,
    word=st.sampled_from(["", "w", "{{ 7*7 }}"]),
    audio=st.booleans(),
    variant=st.integers(0, 4),
)
def test_baked_is_the_same_for_any_nesting(child, parent, word, audio, variant):
    files = {
        "t": f"{{% extends 'p' %}}{{% block a %}}{child}{{% endblock %}}",
        "p": f"{parent}[{{% block a %}}default{{% endblock %}}]{parent}",
    }
    values = KNOWN | {"audio": audio, "variant": variant}
    environment = PromptEnvironment(files)
    baked = bake(environment, files, "t", values)
    assert baked is not None
    assert baked.render(**values, word=word) == environment.get_template("t").render(**values, word=word)
