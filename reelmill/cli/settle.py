"""``reelmill settle``: bring every open clip to a final state by looking, never by paying."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from reelmill.cli.making import interruptible
from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import money, out, print_json
from reelmill.errors import ExitCode
from reelmill.jobs.engine import Engine
from reelmill.jobs.settling import Settled
from reelmill.jobs.settling import settle as settle_all
from reelmill.production.results import ClipResult

__all__ = ["settle"]


def settle(
    *,
    output: Output = "",
    wait: Annotated[bool, Parameter(help="Wait for what is still in flight, or look once.")] = True,
    json: Json = False,
) -> int:
    """Find out how everything in flight, unclear, lost or expired ended. Looks only; never pays."""
    found: list[ClipResult] = []
    with Engine(settings_with(), output) as engine:
        settled = asyncio.run(_settle(engine, found, wait=wait))
    left = [result for result in found if not result.state.delivered]
    if json:
        print_json(
            {
                "looked_at": settled.looked_at,
                "left": settled.left,
                "held_by_others": settled.held_by_others,
                "trouble": str(settled.trouble) if settled.trouble else None,
                "counts": {state.value: count for state, count in sorted(settled.tally.counts.items())},
                "charged_usd": settled.tally.spent_usd,
                "clips": [_as_dict(result) for result in found],
            }
        )
    else:
        console = out()
        for result in found:
            price = money(result.charged_usd)
            console.print(
                f"{result.sku} {result.aspect_ratio}: [bold]{result.state}[/] {price} {result.detail}".rstrip()
            )
        console.print(
            f"Looked at {settled.looked_at} clips: {len(found) - len(left)} delivered for "
            f"{money(settled.tally.spent_usd)}, {len(left)} without a video; "
            f"{settled.left} not looked at; {settled.held_by_others} are with other running workers."
        )
    if settled.trouble is not None:
        raise settled.trouble
    return ExitCode.ATTENTION if left or settled.left else ExitCode.OK


async def _settle(engine: Engine, found: list[ClipResult], *, wait: bool) -> Settled:
    with interruptible(engine.stop):
        return await settle_all(engine, wait=wait, on_result=found.append)


def _as_dict(result: ClipResult) -> dict[str, object]:
    return {
        "clip_id": result.clip_id,
        "run_id": result.run_id,
        "sku": result.sku,
        "aspect_ratio": result.aspect_ratio,
        "state": result.state.value,
        "charged_usd": result.charged_usd,
        "detail": result.detail,
        "videos": list(result.video_uris),
    }
