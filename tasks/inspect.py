"""Step: look at clips that were settled unseen, and make their renditions; pays nothing."""

from __future__ import annotations

from prefect.logging import get_run_logger

from reelmill.cli.filming import stitching_sentences
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork
from reelmill.jobs.inspecting import inspect_unseen
from reelmill.production.results import Tally
from tasks.interrupt import leaving_on_sigterm
from tasks.step import step

__all__ = ["inspect"]


@step("inspect")
async def inspect(engine: Engine) -> tuple[Tally, FilmWork]:
    """Look at every clip of the output that nobody has looked at yet; what that came to, and the films' turn."""
    async with leaving_on_sigterm(engine.stop):
        tally, films = await inspect_unseen(engine)
    get_run_logger().info("Looked at %d clips.", sum(tally.counts.values()))
    for sentence in stitching_sentences(films):
        get_run_logger().info("film %s", sentence)
    return tally, films
