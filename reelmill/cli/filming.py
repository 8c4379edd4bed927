"""Films in sentences: what a plan's scenes come to, what was stitched, and what waits."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.cli.printing import count
from reelmill.jobs.films import FilmWork
from reelmill.planning.summary import PlanSummary

__all__ = ["film_sentences", "stitching_sentences"]


def film_sentences(summary: PlanSummary) -> Iterator[str]:
    """What the plan makes scenes for: how many films, how long, of which scenes."""
    for kind, number in sorted(summary.films.items(), key=lambda one: one[0].scenes):
        joined = f", {kind.crossfade_ms / 1000:g} s cross-fades" if kind.crossfade_ms else ""
        each = " each" if number > 1 else ""
        yield f"{count(number, 'film')} of {kind.duration_ms / 1000:g} s{each}: {', '.join(kind.scenes)}{joined}."


def stitching_sentences(work: FilmWork) -> Iterator[str]:
    """What became of the films of an output; nothing if it has none that are new or waiting."""
    if work.stitched:
        yield f"{count(len(work.stitched), 'film')} stitched."
    for waiting in work.waiting:
        yield f"{waiting.sku} {waiting.aspect_ratio} waits: {waiting.why}"
    if work.waiting_count > len(work.waiting):
        yield f"… and {count(work.waiting_count - len(work.waiting), 'more film')} waiting."
