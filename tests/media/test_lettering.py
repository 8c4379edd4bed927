"""How words are broken into lines, and what is left of them where there is no room."""

from __future__ import annotations

import pytest

from reelmill.media.lettering import Lettering, missing_letters
from tests.support.making import CONTENT

FONT = CONTENT / "fonts" / "Geist.ttf"
LONG_TITLE = "Cast-iron frying pan 28 cm, induction, gas and oven safe, pre-seasoned, with two pour spouts and a handle"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung-Ersatzteil"


def lettering():
    return Lettering(FONT, "#ffffff", "#14181c")


def set_in(text, width=500, lines=3):
    setting = lettering().setting(text, size=37, width=width, lines=lines)
    assert all(setting.font.getlength(line) <= width for line in setting.text.split("\n"))
    return setting.text.split("\n"), setting.cut


@pytest.mark.parametrize("title", [LONG_TITLE, LONG_TITLE * 2, LONG_WORD, LONG_WORD * 3])
def test_a_price_keeps_its_line_whole_whatever_stands_above_it(title):
    lines, cut = set_in(f"{title}\n19.99 EUR")
    assert lines[-1] == "19.99 EUR"
    assert len(lines) == 3
    assert lines[1].endswith("…") == cut
    assert "…" not in lines[0]


def test_a_word_without_an_end_is_broken_and_nothing_of_it_is_lost():
    lines, cut = set_in(LONG_WORD)
    assert len(lines) > 1
    assert ("".join(lines), cut) == (LONG_WORD, False)


def test_the_longest_line_is_cut_and_the_others_stay():
    lines, cut = set_in(f"A pan\n{LONG_WORD * 2}\n19.99 EUR")
    assert (lines[0], lines[2], cut) == ("A pan", "19.99 EUR", True)
    assert lines[1].endswith("…")


def test_lines_of_which_there_are_too_many_are_told_as_cut():
    assert set_in("a\nb\nc\nd") == (["a", "b", "c"], True)
    assert set_in("a\nb\nc") == (["a", "b", "c"], False)


@pytest.mark.parametrize("text", ["Pan\u00adcake", "Pan\u200bcake", "Pan\u200d\u2060cake", "Pancake\ufe0f"])
def test_what_is_not_seen_is_neither_missed_nor_drawn(text):
    assert missing_letters(text, FONT) == ""
    drawn = [lettering().box(words, size=30, width=400).tobytes() for words in (text, "Pancake")]
    assert drawn[0] == drawn[1]


def test_a_hyphen_that_stays_is_a_hyphen():
    assert missing_letters("USB\u2011C", FONT) == ""
    assert set_in("USB\u2011C") == (["USB-C"], False)


def test_missing_letters_are_named_so_that_they_can_be_found():
    assert missing_letters("A 日 \U0001f373", FONT) == "日 (U+65E5), \U0001f373 (U+1F373)"
