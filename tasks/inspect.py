"""Step: look at clips that were settled unseen, and make their renditions; pays nothing."""

from __future__ import annotations

from prefect.logging import get_run_logger

from reelmill.cli.filming import stitching_sentences
from reelmill.jobs.engine import Engine
from reelmill.jobs.inspecting import LookedAt, inspect_unseen
from tasks.interrupt import leaving_on_sigterm
from tasks.step import step

__all__ = ["inspect"]


@step("inspect")
async def inspect(engine: Engine) -> LookedAt:
    """Look at every clip of the output that nobody has looked at yet; what that came to, and the films' turn."""
    async with leaving_on_sigterm(engine.stop):
        found = await inspect_unseen(engine)
    get_run_logger().info("Looked at %d clips.", sum(found.tally.counts.values()))
    for sentence in stitching_sentences(found.films):
        get_run_logger().info("film %s", sentence)
    return found
