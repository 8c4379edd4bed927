"""Step: stitch the films of the output that have all their scenes; never pays."""

from __future__ import annotations

from prefect.logging import get_run_logger

from reelmill.cli.filming import stitching_sentences
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork, stitch_films
from tasks.interrupt import leaving_on_sigterm
from tasks.step import step

__all__ = ["stitch"]


@step("stitch")
async def stitch(engine: Engine) -> FilmWork:
    """Stitch what can be stitched, and say what waits."""
    async with leaving_on_sigterm(engine.stop):
        films = await stitch_films(engine)
    for sentence in stitching_sentences(films):
        get_run_logger().info("film %s", sentence)
    return films
