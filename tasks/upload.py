"""Step: publish to the CMS what may be shown, and say in an artifact what left, what did not, and why."""

from __future__ import annotations

import asyncio

from prefect.artifacts import acreate_markdown_artifact
from prefect.logging import get_run_logger

from reelmill.jobs.publishing import Published, publish_output
from reelmill.ledger.ledger import Ledger
from reelmill.settings import Settings
from tasks.publish import publish
from tasks.step import step
from tasks.wording import bullets, plain

__all__ = ["upload", "upload_sentence"]

_LISTED = 50


@step("publish")
async def upload(ledger: Ledger, settings: Settings, output: str, run_id: str, *, dry_run: bool) -> Published:
    """Upload every file that may be shown and is not there yet. What breaks off goes on in the next run."""
    done = await asyncio.to_thread(publish_output, ledger, settings, output=output, run_id=run_id, dry_run=dry_run)
    get_run_logger().info(upload_sentence(done))
    await publish(acreate_markdown_artifact(_page(done), key="reelmill-published", description="What was published"))
    return done


def upload_sentence(done: Published) -> str:
    """What became of the files, in one line."""
    if done.dry_run:
        return f"{done.waiting} files would be published to {done.target}; {done.known} are known to be there."
    return (
        f"{done.sent} files ({done.sent_bytes:,} bytes) uploaded to {done.target}; {done.had} it had, "
        f"{done.known} known to be there, {done.failed} failed, {done.waiting} waiting."
    )


def _page(done: Published) -> str:
    parts = [f"## Published from {plain(done.output)}", plain(upload_sentence(done))]
    if done.stopped:
        parts.append(f"**Stopped:** {plain(done.stopped)}")
    left = [f"{one.platform} {one.uri} is at {one.address}" for one in done.receipts[:_LISTED]]
    failed = [f"{one.sku} {one.uri}: {one.problem} {one.remedy}" for one in done.failures[:_LISTED]]
    parts += bullets("Left for the CMS", left, done.sent + done.had)
    parts += bullets("Failed", failed, done.failed)
    kept = _kept_back(done)
    parts += bullets("Stayed, and why", kept, len(kept))
    return "\n\n".join(parts)


def _kept_back(done: Published) -> list[str]:
    """Why delivered clips were not published, with how many."""
    listed = done.tally
    reasons = {
        "not approved, rejected or to be remade: reelmill review decides": listed.withheld,
        "a changed clip took their place": listed.replaced,
        "their product is retired": listed.retired,
        "waiting for the next run": 0 if done.dry_run else done.waiting,
    }
    counted = [f"{number}: {reason}" for reason, number in reasons.items() if number]
    return [*counted, *(sentence for left_out in listed.left_out() for sentence in left_out)]
