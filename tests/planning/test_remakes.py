"""The most that remakes can cost stands in the plan, before money."""

from dataclasses import replace
from datetime import date

from reelmill.finish import Consequence, Finish
from reelmill.prompts.library import PromptLibrary
from reelmill.settings import load_settings
from tests.support.making import planner_for, product


def planner(ledger, finding=Consequence.REMAKE, **settings):
    made = planner_for(ledger, settings=load_settings(remake_attempts=2, **settings), platforms=["tiktok"])
    library = made.builder.library
    brand = library.brand.model_copy(update={"finish": Finish(findings={"black": finding})})
    return replace(
        made, builder=replace(made.builder, library=PromptLibrary(library.sources, library.categories, brand))
    )


def test_a_plan_says_what_remakes_may_cost(ledger):
    summary = planner(ledger).plan([product(1), product(2)])
    assert summary.remakes_usd == 2 * summary.estimated_usd > 0
    assert summary.to_dict()["most_usd"] == 3 * summary.estimated_usd
    for off in (planner(ledger, Consequence.REJECT), planner(ledger, seed=7), planner(ledger, inspect="off")):
        summary = off.plan([product(1)])
        assert (summary.remakes_usd, summary.most_usd) == (0, summary.estimated_usd)


def test_a_seed_switches_remakes_off_and_the_plan_says_so(ledger):
    assert any("remake_attempts does nothing" in text for text in planner(ledger, seed=7).check(date(2026, 11, 22)))
    assert not any("remake_attempts" in text for text in planner(ledger).check(date(2026, 11, 22)))
