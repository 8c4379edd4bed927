"""``reelmill inspect``: look at clips that were settled unseen, and make their renditions."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated

from cyclopts import Parameter

from reelmill.cli.filming import stitching_sentences
from reelmill.cli.making import interruptible
from reelmill.cli.options import Json, Output, not_blank, settings_with
from reelmill.cli.printing import count, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.engine import Engine
from reelmill.jobs.inspecting import LookedAt, inspect_unseen
from reelmill.jobs.outputs import output_of
from reelmill.ledger.ledger import Ledger
from reelmill.production.results import ClipResult

__all__ = ["inspect"]


def inspect(
    run: Annotated[
        str, Parameter(help="Run id; every run of the output if left out.", converter=not_blank("RUN"))
    ] = "",
    *,
    output: Output = "",
    json: Json = False,
) -> int:
    """Look at delivered clips that nobody has looked at yet, and make their renditions and films. Pays nothing."""
    found: list[ClipResult] = []
    settings = settings_with()
    with Ledger.open_existing(settings.ledger_url) as ledger:
        root = output_of(run, output, settings, ledger, writes=True)
    with Engine(settings, root) as engine:
        looked_at = asyncio.run(_inspect(engine, run or None, found))
    films, left = looked_at.films, looked_at.left
    verdicts = Counter(result.inspection for result in found)
    code = ExitCode.ATTENTION if verdicts["fail"] or films.failed or left else ExitCode.OK
    if json:
        clips = [{"clip_id": one.clip_id, "sku": one.sku, "inspection": one.inspection} for one in found]
        looked = {
            "looked_at": len(found),
            "verdicts": dict(verdicts),
            "clips": clips,
            "films": films.to_dict(),
            "left": left,
        }
        print_json(looked | {"exit_code": int(code)})
    else:
        told = ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
        print_text(out(), f"Looked at {count(len(found), 'clip')}{f': {told}' if told else ''}.")
        if left:
            print_text(out(), f"Interrupted: {count(left, 'clip')} not looked at. Run the same command to go on.")
        for sentence in stitching_sentences(films):
            print_text(out(), f"film {sentence}")
    return code


async def _inspect(engine: Engine, run_id: str | None, found: list[ClipResult]) -> LookedAt:
    with interruptible(engine.stop):
        return await inspect_unseen(engine, run_id=run_id, on_result=found.append)
