"""Flow: a whole catalog, as a schedule runs it every night."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Catalog, Spending, Video
from flows.sequence import plan_and_make

__all__ = ["catalog_run"]

_AS_SET = Video()
_CAPS_AS_SET = Spending()


@flow(name="catalog-run", flow_run_name="catalog {catalog.feed}", persist_result=False, retries=0)
async def catalog_run(
    catalog: Catalog, video: Video = _AS_SET, spending: Spending = _CAPS_AS_SET, output: str = ""
) -> State[Any]:
    """Make the videos that are new or changed in a catalog. An unchanged product costs nothing.

    Args:
        catalog: Where the products come from.
        video: What the videos are made for, and how. A field left alone means the setting of that name.
        spending: What it may cost.
        output: Where videos and tables go: gs://bucket/prefix or a folder. Empty: the setting, else as the latest run.
    """
    request = catalog.request(video, limit=catalog.limit, drafts=catalog.drafts)
    return await plan_and_make("catalog-run", request, video, spending, output)
