"""``reelmill finals``: of each draft that was approved, the same request with the better model, after its price."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from reelmill.cli.asked import make_asked
from reelmill.cli.options import CapUsd, Json, ModelName, Output, Yes, not_blank, settings_with
from reelmill.errors import FixConfiguration
from reelmill.jobs.catalog import FINAL_MODEL
from reelmill.jobs.engine import Engine
from reelmill.jobs.finals import plan_finals
from reelmill.jobs.outputs import known_output, known_run
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run
from reelmill.settings import Settings

__all__ = ["finals"]


def finals(
    run: Annotated[
        str, Parameter(help="Run with drafts; the latest one of the output if left out.", converter=not_blank("RUN"))
    ] = "",
    *,
    all_: Annotated[
        bool, Parameter(name="--all", help="Of every run of the output instead of one.", negative=())
    ] = False,
    output: Output = "",
    model: ModelName = None,
    cap_usd: CapUsd = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Make the finals of approved drafts, after showing the price. A final that is there is never paid again."""
    if run and (all_ or output):
        raise FixConfiguration("A run was named together with --all or --output.", "Name the run alone, or neither.")
    settings = settings_with(model=model, cap_run_usd=cap_usd)
    with Ledger.open_existing(settings.ledger_url) as ledger:
        of = _chosen(run, output, settings, ledger)
    with Engine(settings, of.output) as engine:
        summary, works, films = plan_finals(engine, None if all_ else of.run_id)
        priced = of.parameters.get(FINAL_MODEL, settings.model)
        if priced != settings.model and not all_:
            summary.warnings.append(
                f"The plan of {of.run_id} priced its finals with {priced}; model is {settings.model}."
            )
        parameters = {"command": "finals", "drafts_of": "all" if all_ else of.run_id}
        nothing = f"No final to make of {'any run' if all_ else of.run_id}"
        return make_asked(engine, summary, works, parameters, films=films, nothing=nothing, yes=yes, json=json)


def _chosen(run: str, output: str, settings: Settings, ledger: Ledger) -> Run:
    """The run that was named, else the latest that made drafts. Raises FixConfiguration if there is none."""
    if run:
        return known_run(run, ledger)
    root = known_output(output, settings, ledger)
    latest = ledger.latest_draft_run(output=root)
    if latest is None:
        raise FixConfiguration(f"There are no drafts in {root} yet.", "Make some with reelmill run --drafts.")
    return known_run(latest, ledger)
