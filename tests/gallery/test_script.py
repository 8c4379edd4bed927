"""Feed text inside a script of the page stays text, whatever it says."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.gallery.script import as_script
from tests.support.review_shop import HOSTILE

TEXTS = st.text() | st.sampled_from([HOSTILE, "<!--", "]]>", "\u2028", "\u2029", "\0", "\ud800", "`${1}`", "\\u003c"])
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "sku"]), inner, max_size=2),
    max_leaves=12,
)


@given(VALUES)
def test_a_script_says_what_the_data_say_and_nothing_else(value):
    script = as_script("reelmillData", value)
    text = script.decode("ascii")
    head, tail = "window.reelmillData = ", ";\n"
    assert text.startswith(head)
    assert text.endswith(tail)
    body = text[len(head) : -len(tail)]
    assert not set("<>&\u2028\u2029\n\r") & set(body)
    assert json.loads(body) == value


@pytest.mark.parametrize("name", ["", "a b", "a;alert(1)//", "__proto__", "a.b", "1a"])
def test_a_variable_is_a_plain_word(name):
    with pytest.raises(ValueError, match="no variable"):
        as_script(name, 1)


def test_what_is_no_json_is_refused():
    with pytest.raises(ValueError, match="Out of range"):
        as_script("a", float("nan"))
