"""``reelmill report``: what it shows of a ledger, and the SQL it prints."""

import os

import duckdb
import pytest

from reelmill.errors import ExitCode
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Run, RunStatus
from reelmill.ledger.states import State
from tests.ledger.making import RUN, bring_to, make_clip

SKUS = 45


@pytest.fixture
def output(tmp_path):
    """A folder that a run of the command line's own ledger was for."""
    root = str(tmp_path / "out")
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        ledger.start_run(Run(run_id=RUN, output=root))
        for number in range(SKUS):
            clip = make_clip(f"S-{number}", price=f"0.{number + 10}", campaign="" if number else "Spring 27")
            bring_to(ledger, State.SUCCEEDED if number % 3 else State.FILTERED, clip, output=root)
        ledger.finish_run(RUN, RunStatus.COMPLETED)
    return root


def test_json_has_every_value_and_the_screen_the_dearest(output, reelmill, reelmill_json):
    code, said = reelmill_json("report", "--output", output, "--by", "sku", "--by", "campaign")
    assert code == ExitCode.OK
    assert (said["attempts"], said["delivered"], said["filtered"], said["yield"]) == (45, 30, 15, 0.6667)
    assert len(said["by_sku"]) == SKUS
    assert next(iter(said["by_sku"])) == "S-44"
    assert sum(group["spent_usd"] for group in said["by_sku"].values()) == pytest.approx(said["spent_usd"])
    assert said["by_campaign"].keys() == {"", "Spring 27"}
    assert "by_category" not in said

    code, printed, _ = reelmill("report", "--output", output, "--by", "sku", "--top", "2")
    assert "S-44" in printed
    assert "S-43" in printed
    assert "S-41" not in printed
    assert "… and 43 more" in printed


def test_names_of_a_shop_are_printed_as_they_are(tmp_path, reelmill):
    root = str(tmp_path / "out [/] :bowl:")
    with Ledger.open(os.environ["REELMILL_LEDGER_URL"]) as ledger:
        ledger.start_run(Run(run_id=RUN, output=root))
        for number, campaign in enumerate(("Sale [/red]", "[bold]", "Fun :smile: now")):
            bring_to(ledger, State.SUCCEEDED, make_clip(f"S-{number}", campaign=campaign), output=root)
        ledger.finish_run(RUN, RunStatus.COMPLETED)

    code, printed, _ = reelmill("report", "--output", root, "--by", "campaign")

    assert code == ExitCode.OK
    for name in ("out [/] :bowl:", "Sale [/red]", "[bold]", "Fun :smile: now"):
        assert name in printed


def test_usually_it_is_category_platform_template_and_model(output, reelmill, reelmill_json):
    _, said = reelmill_json("report", "--output", output)
    assert {name for name in said if name.startswith("by_")} == {
        "by_state",
        "by_category",
        "by_platform",
        "by_template",
        "by_model",
    }
    _, printed, _ = reelmill("report", "--output", output)
    for word in ("State", "Category", "Platform", "Template", "Model", "Yield", "67%", "apparel/9x16@ab12"):
        assert word in printed


def test_a_printed_query_runs_as_it_is(output, reelmill, reelmill_json):
    reelmill("report", "--output", output, "--rebuild")
    _, said = reelmill_json("report", "--output", output, "--sql", "duckdb")
    with duckdb.connect() as database:
        (_, charges, *_) = database.execute(said["duckdb"]["spend_by_day"]).fetchone()
        assert charges == 30
        _, printed, _ = reelmill("report", "--output", output, "--sql", "duckdb")
        database.execute(printed)


def test_sql_for_a_folder_is_duckdbs_and_bigquery_says_why(output, reelmill, reelmill_json):
    _, said = reelmill_json("report", "--output", output, "--sql")
    assert said.keys() == {"duckdb"}
    code, _, told = reelmill("report", "--output", output, "--sql", "bigquery")
    assert code == ExitCode.USAGE
    assert "BigQuery cannot read" in told
