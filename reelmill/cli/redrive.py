"""``reelmill redrive``: make again what ended without a video, after showing the price."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from reelmill.cli.asked import make_asked
from reelmill.cli.options import CapUsd, Json, OnlyThese, Output, Yes, is_blank, names_of, settings_with
from reelmill.cli.skus import skus_of
from reelmill.jobs.engine import Engine
from reelmill.jobs.outputs import check_known
from reelmill.jobs.redriving import plan_redrive
from reelmill.ledger.records import Decision

__all__ = ["redrive"]


def redrive(
    *,
    output: Output = "",
    only: OnlyThese = (),
    unfit: Annotated[
        bool,
        Parameter(
            help="Also what was delivered in part, found unfit by inspection, or continues a video made anew since. "
            "It is paid again.",
            negative=(),
        ),
    ] = False,
    remakes: Annotated[
        bool, Parameter(help="Also delivered clips that a reviewer wants remade. They are paid again.", negative=())
    ] = False,
    rejected: Annotated[
        bool, Parameter(help="Also delivered clips that a reviewer rejected. They are paid again.", negative=())
    ] = False,
    authorise_unclear: Annotated[
        tuple[str, ...],
        Parameter(
            help="Ids of lost or expired clips to pay again although they may have been paid. Alone: only those.",
            consume_multiple=True,
            negative=(),
        ),
    ] = (),
    cap_usd: CapUsd = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Make failed and filtered clips again, after showing them and the price. Unclear ones only by name."""
    skus, ids = skus_of(only), names_of(authorise_unclear)
    if authorise_unclear and not ids:
        raise is_blank("--authorise-unclear")
    with Engine(settings_with(cap_run_usd=cap_usd), output) as engine:
        if output:
            check_known(engine.storage.root, engine.ledger)
        asked = {Decision.REMAKE: remakes, Decision.REJECT: rejected}
        summary, works = plan_redrive(
            engine,
            only=skus,
            authorise_unclear=ids,
            unfit=unfit,
            decided=[decision for decision, wanted in asked.items() if wanted],
        )
        parameters = {"command": "redrive", "only": list(skus)}
        return make_asked(engine, summary, works, parameters, nothing="Nothing to make again", yes=yes, json=json)
