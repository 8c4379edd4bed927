"""Flow: one product, by hand or when an event names it."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import OneProduct, Spending, Video
from flows.sequence import plan_and_make

__all__ = ["single_product"]

_AS_SET = Video()
_CAPS_AS_SET = Spending()


@flow(name="single-product", flow_run_name="product {product.sku}", persist_result=False, retries=0)
async def single_product(
    product: OneProduct, video: Video = _AS_SET, spending: Spending = _CAPS_AS_SET, output: str = ""
) -> State[Any]:
    """Make the videos of one product that are missing; with force, make them again.

    Args:
        product: Which product, and where it comes from.
        video: What the videos are made for, and how. A field left alone means the setting of that name.
        spending: What it may cost.
        output: Where videos and tables go: gs://bucket/prefix or a folder. Empty: the setting, else as the latest run.
    """
    request = product.request(video, only=(product.sku,))
    return await plan_and_make("single-product", request, video, spending, output)
