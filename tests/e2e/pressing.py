"""What a person presses in Prefect's pages, and what comes of it."""

import re

from playwright.sync_api import expect

from tests.support.waiting import wait_for


def open_form(page, installation, deployment):
    page.goto(f"{installation.url}/v2/deployments")
    page.get_by_role("link", name=deployment, exact=True).first.click()
    page.get_by_role("button", name=re.compile("^Run")).first.click()
    page.get_by_role("menuitem", name="Custom run").click()
    expect(page.get_by_role("heading", name="Parameters")).to_be_visible()


def press_run(page, installation):
    """Submit the form; returns the flow run that came of it, opened in the page."""
    before = {run["id"] for run in runs(installation)}
    page.get_by_role("button", name="Submit").click()
    (run,) = wait_for(lambda: [run for run in runs(installation) if run["id"] not in before], "the new flow run")
    page.goto(f"{installation.url}/v2/runs/flow-run/{run['id']}")
    return run["id"]


def runs(installation):
    """The flow runs that somebody pressed for: not those that a schedule will make."""
    by_hand = {"flow_runs": {"state": {"type": {"not_any_": ["SCHEDULED"]}}}, "sort": "START_TIME_DESC", "limit": 50}
    found = installation.api("POST", "/flow_runs/filter", **by_hand)
    return [run for run in found if not run["auto_scheduled"]]


def until_state(installation, run_id, *names):
    """The run's state once it has one of these names."""

    def look():
        state = installation.api("GET", f"/flow_runs/{run_id}")["state"]
        return state if state["name"] in names else None

    return wait_for(look, f"state {names}", explain=lambda: installation.api("GET", f"/flow_runs/{run_id}")["state"])


def settle(installation):
    """Run the settle deployment to its end. While the run of a quarter hour is under way, another is cancelled."""
    (found,) = installation.api("POST", "/deployments/filter", deployments={"name": {"any_": ["settle"]}})

    def ended():
        run = installation.api("POST", f"/deployments/{found['id']}/create_flow_run")
        state = until_state(installation, run["id"], "Completed", "Unchanged", "NeedsAttention", "Cancelled")
        return state["name"] != "Cancelled"

    wait_for(ended, "the end of a settle run beside which no other one runs")


def number_field(page, label):
    """The number field of a form row that may also be None."""
    row = page.get_by_text(label, exact=True).locator("xpath=ancestor::*[.//*[@role='tablist']][1]")
    row.get_by_role("tab", name=re.compile("float|int")).click()
    return row.get_by_role("spinbutton")


def open_resume(page, feed):
    """The dialog that shows the plan and asks."""
    page.get_by_role("button", name="Open menu").first.click()
    page.get_by_role("menuitem", name="Resume").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name=f"Plan for {feed}")).to_be_visible()
    return dialog


def choose(page, field, option):
    field.click()
    page.get_by_role("option", name=option).click()


def reloaded(page, run_id, installation, text):
    """Whether the run's artifacts show ``text`` after a fresh look, as this page does not follow them by itself."""
    page.goto(f"{installation.url}/v2/runs/flow-run/{run_id}?tab=Artifacts")
    expect(page.get_by_role("link", name=re.compile("reelmill-plan"))).to_be_visible()
    return page.get_by_text(re.compile(text)).count()
