"""Flow: publish to the CMS what was approved since the last time. Sends no clip to be made, and never pays."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.endings import failed, published
from reelmill.errors import ReelmillError
from reelmill.ledger.ledger import Ledger
from reelmill.settings import load_settings
from tasks.json_lines import log_as
from tasks.quiet import say_failures_once
from tasks.step import whole
from tasks.upload import upload

__all__ = ["publish_output"]


@flow(name="publish", flow_run_name="publish", persist_result=False, retries=0)
async def publish_output(output: str = "", run: str = "", dry_run: bool = False) -> State[Any]:
    """Upload every video that may be shown and that the CMS has no receipt for; what broke off goes on.

    Args:
        output: Whose videos: gs://bucket/prefix or a folder. Empty: the setting, else that of the latest run.
        run: Only what this run made.
        dry_run: Only say what would be uploaded.
    """
    try:
        settings = load_settings()
        say_failures_once()
        log_as(settings.log_format)
        with Ledger.open(settings.ledger_url) as ledger:
            return published(await upload(whole(ledger), whole(settings), output, run, dry_run=dry_run))
    except ReelmillError as error:
        return failed(error)
