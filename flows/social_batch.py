"""Flow: chosen products for many platforms, for a campaign or a week's posts."""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.parameters import Products, SocialVideo, Spending
from flows.sequence import plan_and_make

__all__ = ["social_batch"]

_ALL_SOCIAL = SocialVideo()
_CAPS_AS_SET = Spending()


@flow(name="social-batch", flow_run_name="social batch of {products.feed}", persist_result=False, retries=0)
async def social_batch(
    products: Products, video: SocialVideo = _ALL_SOCIAL, spending: Spending = _CAPS_AS_SET, output: str = ""
) -> State[Any]:
    """Make the videos of chosen products for many platforms. Platforms of one ratio share a paid clip.

    Args:
        products: Which products, and where they come from.
        video: What the videos are made for, and how.
        spending: What it may cost.
        output: Where videos and tables go: gs://bucket/prefix or a folder. Empty: the setting, else as the latest run.
    """
    request = products.request(video, only=tuple(products.skus))
    return await plan_and_make("social-batch", request, video, spending, output)
