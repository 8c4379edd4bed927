# ruff: noqa: RUF001 - letters that look like others are the point here
"""How hard the fuzzing tests try, and nasty pieces that they try with.

``HYPOTHESIS_PROFILE=long`` (``make fuzz``) tries forty times as many examples as the quick profile of CI.
"""

from __future__ import annotations

import gc
import os
import tracemalloc
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

__all__ = ["ATTACKS", "MARK", "NASTY_TEXT", "fuzz", "grown", "is_one_line"]

_LONG = os.environ.get("HYPOTHESIS_PROFILE", "quick") == "long"
_TIMES = 40
_SECONDS = 8.0  # most that one example may take, on a busy machine

_LINES_AND_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})

MARK = "1337"
"""What ``7 * 191`` comes to: it appears where a template in data was executed, and nowhere else."""

ATTACKS = (
    "{{ 7 * 191 }}",
    "{% print(7 * 191) %}",
    "{%- for x in range(99999999) %}x{% endfor %}",
    "${7*191} #{7*191} <%= 7*191 %> %(sku)s {0.__class__}",
    "{# unfinished",
    "=7*191",
    "=cmd|' /C calc'!A1",
    "+7*191",
    "-7*191",
    "@SUM(7,191)",
    "\t=7*191",
    "../../../../etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "~/.ssh/id_rsa",
    ".",
    "..",
    "...",
    "a/../../b",
    "con",
    "nul.",
    ".reelmill-x.part",
    "sku\0.mp4",
    "%2e%2e%2f",
    "．．／",
    "‥/",
    "a\u202egpj.exe",
    "\u200b",
    "\ud800",
    "\ufeff",
    "e\u0301",
    "𝒮𝒦𝒰",
    "İ",
    "'; DROP TABLE clips; --",
    "<script>alert(1)</script>",
    "https://169.254.169.254/latest/meta-data",
    "https://cdn.example.com/a.jpg?X-Goog-Signature=SECRET",
    "file:///etc/passwd",
    "1e400",
    "NaN",
    "-1",
    "9" * 400,
    "x" * 5000,
    '"',
    '""',
    '"unclosed',
    "\r",
    "\n\n",
    "a\u2028b",
    "\x1e",
)

NASTY_TEXT = st.sampled_from(ATTACKS) | st.text(max_size=40) | st.text(st.characters(codec=None), max_size=20)


def fuzz(examples: int) -> Callable[[Any], Any]:
    """Settings for a fuzzing test: every example ends in bounded time, and the long profile tries many more."""
    return settings(
        max_examples=examples * (_TIMES if _LONG else 1),
        deadline=timedelta(seconds=_SECONDS),
        suppress_health_check=list(HealthCheck),
    )


def grown(once: Callable[[int], object], *, rounds: int) -> int:
    """Bytes that Python holds more after calling ``once`` with 0, 1, 2, … than after a first third as warm-up."""
    rounds *= _TIMES if _LONG else 1
    warm = max(1, rounds // 3)
    for number in range(warm):
        once(number)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(warm, rounds):
            once(number)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before


def is_one_line(text: str) -> bool:
    """Whether nothing in it ends a line, controls a terminal or cannot be stored; letters yet unknown may be there."""
    return not any(unicodedata.category(char) in _LINES_AND_CONTROLS for char in text)
