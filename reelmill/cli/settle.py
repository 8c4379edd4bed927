"""``reelmill settle``: bring every open clip to a final state by looking, never by paying."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Annotated, Any

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.filming import stitching_sentences
from reelmill.cli.making import interruptible
from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import count, money, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.engine import Engine
from reelmill.jobs.outputs import check_known
from reelmill.jobs.settling import Settled
from reelmill.jobs.settling import settle as settle_all
from reelmill.ledger.states import State
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
        if output:
            check_known(engine.storage.root, engine.ledger)
        settled = asyncio.run(_settle(engine, found, wait=wait))
        orphans = {intent.output_prefix for _, intent in engine.ledger.orphans(output=engine.storage.root)}
    code = _exit_code(settled, found)
    if json:
        print_json(_as_dict(settled, found, orphans, code))
    else:
        _print(out(), settled, found, orphans)
        if settled.trouble is not None:
            raise settled.trouble
    return code


async def _settle(engine: Engine, found: list[ClipResult], *, wait: bool) -> Settled:
    with interruptible(engine.stop):
        return await settle_all(engine, wait=wait, on_result=found.append)


def _exit_code(settled: Settled, found: Collection[ClipResult]) -> ExitCode:
    if settled.trouble is not None:
        return settled.trouble.exit_code
    if settled.left or settled.films.failed or any(result.needs_attention for result in found):
        return ExitCode.ATTENTION
    return ExitCode.OK


def _print(console: Console, settled: Settled, found: Collection[ClipResult], orphans: Collection[str]) -> None:
    for result in found:
        said = _found(result, orphan=result.output_prefix in orphans)
        print_text(console, f"{result.sku} {result.aspect_ratio}: {said}")
    delivered = sum(result.state.delivered for result in found)
    charged = money(settled.tally.spent_usd)
    parts = [
        f"Looked at {count(settled.looked_at, 'clip')}: {delivered} delivered for {charged}",
        f"{len(found) - delivered} without a video",
        f"{count(settled.left, 'clip')} not looked at" if settled.left else "",
        f"{count(settled.released, 'clip')} never sent, given back" if settled.released else "",
        f"{count(settled.held_by_others, 'clip')} with other running workers" if settled.held_by_others else "",
        f"{count(len(settled.closed_runs), 'abandoned run')} ended" if settled.closed_runs else "",
    ]
    print_text(console, "; ".join(filter(None, parts)) + ".")
    for sentence in stitching_sentences(settled.films):
        print_text(console, f"film {sentence}")
    if settled.trouble is None and any(result.needs_attention for result in found):
        console.print("reelmill status says what to do about the rest.")


def _found(result: ClipResult, *, orphan: bool) -> str:
    """What looking found, in a sentence."""
    where = f"looked at {result.output_prefix}/"
    held = f"{money(result.reserved_usd)} stays reserved"
    match result.state:
        case State.SUCCEEDED | State.PARTIAL:
            videos = count(len(result.video_uris), "video")
            unfit = " Inspection found it unfit." if result.inspection == "fail" else ""
            late = " The clip had been made again meanwhile: this one is an orphan." if orphan else ""
            part = f" {result.detail}" if result.detail else ""
            return f"found {videos} at {result.output_prefix}/, charged {money(result.charged_usd)}.{part}{unfit}{late}"
        case State.LOST | State.UNKNOWN:
            return f"still nothing, {where}; {held}."
        case State.EXPIRED:
            return f"still not finished, {where}; {held}."
        case State.SUBMITTED:
            return f"still being made; {held}."
        case State.RELEASED:
            return "it never was accepted; its reservation is free again."
        case _:  # filtered or failed
            return f"{result.state.value}, nothing charged: {result.detail or 'no reason was given'}"


def _as_dict(
    settled: Settled, found: Collection[ClipResult], orphans: Collection[str], code: ExitCode
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "looked_at": settled.looked_at,
        "left": settled.left,
        "released": settled.released,
        "held_by_others": settled.held_by_others,
        "closed_runs": list(settled.closed_runs),
        "counts": {state.value: number for state, number in sorted(settled.tally.counts.items())},
        "charged_usd": settled.tally.spent_usd,
        "films": settled.films.to_dict(),
        "clips": [_clip(result, orphan=result.output_prefix in orphans) for result in found],
        "trouble": str(settled.trouble) if settled.trouble else None,
        "exit_code": int(code),
    }
    if settled.trouble is not None:
        told |= {"error": settled.trouble.problem, "remedy": settled.trouble.remedy}
    return told


def _clip(result: ClipResult, *, orphan: bool) -> dict[str, object]:
    return {
        "clip_id": result.clip_id,
        "run_id": result.run_id,
        "sku": result.sku,
        "aspect_ratio": result.aspect_ratio,
        "state": result.state.value,
        "charged_usd": result.charged_usd,
        "reserved_usd": result.reserved_usd,
        "found": _found(result, orphan=orphan),
        "detail": result.detail,
        "output_prefix": result.output_prefix,
        "videos": list(result.video_uris),
        "inspection": result.inspection,
        "orphan": orphan,
    }
