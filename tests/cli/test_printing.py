"""What comes from outside is printed as it is, but for what would steer a terminal or be taken for our own marks."""

import io

import pytest
from rich.console import Console

from reelmill.cli.printing import print_rows, print_text, shown

HOSTILE = "a\x1b[2Jb \x1b]0;owned\x07 \u202ec [red]d[/] :bowl:"
HARMLESS = "a\ufffd[2Jb \ufffd]0;owned\ufffd \ufffdc [red]d[/] :bowl:"


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), force_terminal=True, color_system=None, emoji=False, highlight=False, width=200)


def test_nothing_from_outside_steers_the_terminal(screen):
    print_text(screen, HOSTILE)
    screen.print(f"[bold]{shown(HOSTILE)}[/]")
    print_rows(screen, "", ("Title", "Clips"), [(HOSTILE, "1")])
    said = screen.file.getvalue()
    assert said.count(HARMLESS) == 3
    assert "\x1b[2J" not in said
    assert "\x07" not in said


@pytest.mark.parametrize("text", ["Größe ½", "ключ", "日本", "a — b", "10 %", "two\nlines"])
def test_names_of_all_the_world_stay(text):
    assert shown(text) == text
