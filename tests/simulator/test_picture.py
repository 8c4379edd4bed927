from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reelmill.simulator.lettering import draw_line, line_width, wrap
from reelmill.simulator.picture import LOOP_FRAMES, Scene, draw_frames


def scene(**changes):
    values = {
        "width": 160,
        "height": 96,
        "heading": "SKU-1",
        "words": "A mug",
        "facts": "16:9",
        "footer": "f",
        "seed": 3,
    }
    return Scene(**values | changes)


def frames(**changes):
    return [frame.copy() for frame in draw_frames(scene(**changes))]


@settings(max_examples=100)
@given(text=st.text(max_size=60), cap=st.integers(4, 20), width=st.integers(60, 400), lines=st.integers(1, 4))
def test_any_text_is_broken_into_lines_that_fit(text, cap, width, lines):
    broken = wrap(text, cap, width, lines)
    assert len(broken) <= lines
    assert all(line_width(line, cap) <= width for line in broken)
    for line in broken:
        mask = draw_line(line, cap)
        assert mask.shape[1] == max(1, line_width(line, cap))
        assert 0 <= mask.min() <= mask.max() <= 1


def test_words_are_kept_in_order_and_a_cut_shows():
    assert " ".join(wrap("one two three four", 10, 200, 4)) == "one two three four"
    assert wrap("one two three four five six seven", 10, 120, 2)[-1].endswith("...")


def test_letters_differ():
    shapes = {draw_line(letter, 12).tobytes() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"}
    assert len(shapes) == 36
    assert np.array_equal(draw_line("é", 12), draw_line("E", 12)), "accents fall, case does not matter"


def test_a_loop_moves_and_comes_back():
    loop = frames()
    assert len(loop) == LOOP_FRAMES
    steps = [np.abs(a.astype(int) - b).mean() for a, b in zip(loop, [*loop[1:], loop[0]], strict=True)]
    assert min(steps) > 0.05
    assert max(steps) < 20 * min(steps), "no jump where it repeats"


def test_scenes_look_different():
    pictures = [frames(seed=seed)[0] for seed in range(12)]
    nearest = min(np.abs(a.astype(int) - b).mean() for i, a in enumerate(pictures) for b in pictures[:i])
    assert nearest > 2


def test_words_change_the_picture():
    assert not np.array_equal(frames(heading="SKU-1")[0], frames(heading="SKU-2")[0])
    assert not np.array_equal(frames(facts="16:9 8 s")[0], frames(facts="16:9 4 s")[0])
