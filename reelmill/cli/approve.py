"""``reelmill approve``: answer a flow run that asks before it spends."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

import httpx
from cyclopts import Parameter, validators
from rich.console import Console
from rich.markdown import Markdown

from reelmill.cli.asking import agreed
from reelmill.cli.options import Json, Yes, not_blank
from reelmill.cli.prefect_api import prefect_api
from reelmill.cli.printing import out, print_json, print_text
from reelmill.errors import ExitCode, FixConfiguration, TryLater

__all__ = ["approve"]

_PAUSE_PREFIX = "approval"  # as tasks/ask.py names its pauses; each question has a key of its own
_MOST = 200


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A flow run that waits for a decision: ``plan`` is what it shows, in Markdown; ``since`` is in UTC."""

    id: str
    name: str
    since: str
    plan: str


def approve(
    run: Annotated[
        str, Parameter(help="Flow run, by name or id. Without one: list those that wait.", converter=not_blank("RUN"))
    ] = "",
    *,
    up_to_usd: Annotated[
        Decimal | None,
        Parameter(help="Let it spend this much, in USD, and stop there.", validator=validators.Number(gte=0)),
    ] = None,
    first_clips: Annotated[
        int | None, Parameter(help="Let it make only so many clips, as a canary.", validator=validators.Number(gte=1))
    ] = None,
    reject: Annotated[bool, Parameter(help="Say no: it ends, and nothing is spent.", negative=())] = False,
    reason: Annotated[str, Parameter(help="Why, for whoever reads the run later.")] = "",
    by: Annotated[str, Parameter(help="Your name, for the books.")] = "",
    yes: Yes = False,
    json: Json = False,
) -> int:
    """Show what a paused flow run would spend, and approve or reject it; without a run, list those that wait."""
    limited = up_to_usd is not None or first_clips is not None
    _check_asked(run, reject=reject, limited=limited, answers=reject or limited or yes or bool(reason or by))
    with prefect_api() as api:
        waiting = _waiting(api)
        if not run:
            return _list(waiting, as_json=json)
        chosen = _chosen(waiting, run)
        console = out()
        if not json:
            console.print(Markdown(chosen.plan))
        if not reject:
            _confirm(yes=yes)
        answer = {
            "decision": "reject" if reject else "approve",
            "up_to_usd": None if up_to_usd is None else float(up_to_usd),
            "first_clips": first_clips,
            "reason": reason,
            "by": by,
        }
        _resume(api, chosen, {name: value for name, value in answer.items() if value is not None})
    said = "rejected: it ends, and nothing is spent" if reject else "approved: it goes on"
    if json:
        print_json({"flow_run_id": chosen.id, "name": chosen.name, **answer})
    else:
        print_text(console, f"{chosen.name} {said}.")
    return ExitCode.OK


def _check_asked(run: str, *, reject: bool, limited: bool, answers: bool) -> None:
    """Raises FixConfiguration for an answer that would be none, or two."""
    if reject and limited:
        raise FixConfiguration(
            "--reject spends nothing: --up-to-usd and --first-clips contradict it.", "Give one or the other."
        )
    if not run and answers:  # a script whose variable is empty must not take the list for a yes
        raise FixConfiguration("An answer was given, and no run.", "Name one that reelmill approve lists.")


def _waiting(api: httpx.Client) -> list[_Waiting]:
    paused = {"flow_runs": {"state": {"type": {"any_": ["PAUSED"]}}}, "limit": _MOST, "sort": "START_TIME_ASC"}
    found = api.post("/flow_runs/filter", json=paused).raise_for_status().json()
    return [_read(api, run) for run in found if _asks(run["state"]["state_details"])]


def _asks(details: dict[str, Any]) -> bool:
    """Whether a pause with these details is a question of ours, and not one of another flow."""
    return str(details.get("pause_key") or "").startswith(_PAUSE_PREFIX)


def _read(api: httpx.Client, run: dict[str, Any]) -> _Waiting:
    key = run["state"]["state_details"]["run_input_keyset"]["description"]
    shown = api.get(f"/flow_runs/{run['id']}/input/{key}").raise_for_status().json()
    return _Waiting(run["id"], run["name"], run["state"]["timestamp"], str(shown))


def _list(waiting: list[_Waiting], *, as_json: bool) -> int:
    if as_json:
        runs = [{"flow_run_id": run.id, "name": run.name, "since": run.since, "plan": run.plan} for run in waiting]
        print_json({"waiting": runs})
        return ExitCode.OK
    console = out()
    if not waiting:
        console.print("No flow run waits for approval.")
    for run in waiting:
        _print(console, run)
    return ExitCode.OK


def _print(console: Console, run: _Waiting) -> None:
    title, sentence, *_ = [line for line in run.plan.splitlines() if line.strip()]
    print_text(console, f"{run.name}, since {run.since[:16].replace('T', ' ')} UTC")
    print_text(console, f"{title.strip('# ')}: {sentence}", indent=2, hang=0)
    console.print(f"  reelmill approve {run.id}", soft_wrap=True)


def _chosen(waiting: list[_Waiting], run: str) -> _Waiting:
    """The one run of this name or id. Raises FixConfiguration if there is none, or more than one."""
    found = [each for each in waiting if run in (each.id, each.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise FixConfiguration(
            f"{len(found)} waiting runs are called {run}.", f"Give an id: {', '.join(each.id for each in found)}."
        )
    raise FixConfiguration(f"No flow run {run} waits for approval.", "Run reelmill approve to list those that do.")


def _confirm(*, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise FixConfiguration("Nobody approved the price.", "Add --yes, with --up-to-usd for a limit.")
    if not agreed("Approve?"):
        raise FixConfiguration("Not approved; the run still waits.", "Run it again to decide, with --reject to end it.")


def _resume(api: httpx.Client, run: _Waiting, answer: dict[str, Any]) -> None:
    """Raises TryLater if the run would not take the answer, as when it has ended meanwhile."""
    told = api.post(f"/flow_runs/{run.id}/resume", json={"run_input": answer}).raise_for_status().json()
    if told["status"] != "ACCEPT":
        why = (told.get("details") or {}).get("reason") or "it no longer waits"
        raise TryLater(f"{run.name} did not take the answer: {why}.", "Run reelmill approve to see what waits.")
