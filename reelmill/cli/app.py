"""The ``reelmill`` command: its verbs, its exit codes, and how errors reach a person."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

import reelmill
from reelmill.cli.environment import unknown_names
from reelmill.cli.logs import say, set_up_logs, tell_broken
from reelmill.cli.printing import print_json
from reelmill.cli.streams import on_streams
from reelmill.errors import ExitCode, ReelmillError

__all__ = ["build_app", "main"]

_HELP = "Catalog in, reels out: product feeds to Veo videos, with every cent accounted."
_EPILOGUE = (
    "Exit codes: 0 all made; 1 an error stopped the command; 2 wrong usage or configuration; "
    "3 some clips need attention; 4 stopped at a cap."
)
_VERBS = {
    "preview": "Show the prompts of real rows, with what lint says of them. Free.",
    "lint": "Check every template and the brand rules, before any money.",
    "plan": "Show what a run would make, keep, retire and block, its price and its time. Never spends.",
    "run": "Make what is new or changed, up to the caps, and write the tables. Again: resume.",
    "status": "Say how the clips of an output stand, what they cost, and which need a person.",
    "settle": "Find out how everything in flight, unclear, lost or expired ended. Never pays for a video.",
    "inspect": "Look at delivered clips that nobody has looked at yet, and make their renditions. Pays nothing.",
    "redrive": "Make failed and filtered clips again, after showing the price. Unclear ones only by name.",
    "finals": "Make, of each approved draft, the same request with the better model, after showing the price.",
    "approve": "Answer a flow run that asks before it spends; without a run, list those that wait.",
    "report": "Show spend and results of an output; rebuild its tables from the ledger.",
    "gallery": "Write a run's gallery into its output, or a copy that needs nothing else into a folder.",
    "review": "Look at a run's clips and decide: approve, reject, remake. Decisions go into the ledger.",
    "manifest": "Write what shops, catalogs and channels ingest: rows for the videos that may be shown.",
    "publish": "Upload the videos that may be shown to a CMS, each once, resuming what broke off.",
    "prune": "Show which paid videos are of no use and old enough to leave; with --yes, delete them.",
    "reconcile": "Compare the ledger with a Cloud Billing export, run by run and SKU by SKU. Reads only.",
    "metrics": "Show the ledger to Prometheus: submits, ends, spend, caps, what is unclear. Reads only.",
    "doctor": "Try everything that a paid run depends on, without spending; each failure with its fix.",
    "settings": "Show every setting: its effective value and where it comes from. Secrets are masked.",
    "simulator": "Start the stand-in for Veo on Vertex AI: the real protocol, real videos, no money.",
    "serve": "Prefect server and UI with our deployments, on this machine.",
}
_LEDGER = "Keep the ledger safe: back it up, restore it, rebuild its charges from the output."
_LEDGER_VERBS = {
    "backup": "Write the whole ledger into one file, while runs go on.",
    "restore": "Fill an empty ledger from a back-up of SQLite or PostgreSQL.",
    "rebuild": "Bring in every paid clip that the records beside the videos know and the ledger does not.",
}
_WEBHOOKS = "Tell a receiver of every clip and run that ended: what waits, what was given up, a test."
_WEBHOOK_VERBS = {
    "list": ("show", "List dead letters and what waits, each with the reason."),
    "send": ("send", "Send what is due now."),
    "redrive": ("redrive", "Let dead letters be sent again, all or by id."),
    "test": ("try_out", "Send a signed test message, and say what came back."),
}


def build_app() -> App:
    """The application; each verb's module is imported only when it is used."""
    app = App(name="reelmill", help=_HELP, help_epilogue=_EPILOGUE, version=reelmill.__version__)
    for verb, summary in _VERBS.items():
        app.command(f"reelmill.cli.{verb}:{verb}", name=verb, help=summary)
    ledger = App(name="ledger", help=_LEDGER)
    for verb, summary in _LEDGER_VERBS.items():
        ledger.command(f"reelmill.cli.ledger:{verb}", name=verb, help=summary)
    app.command(ledger)
    webhooks = App(name="webhooks", help=_WEBHOOKS)
    for verb, (function, summary) in _WEBHOOK_VERBS.items():
        webhooks.command(f"reelmill.cli.webhooks:{function}", name=verb, help=summary)
    app.command(webhooks)
    app["simulator"].help_flags = ()  # the process that it becomes has help of its own
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with a documented code."""
    sys.exit(on_streams(lambda: _run(sys.argv[1:] if arguments is None else arguments)))


def _run(arguments: Sequence[str]) -> int:
    set_up_logs()
    for warning in unknown_names():
        say(warning)
    as_json = "--json" in arguments
    try:
        code = build_app()(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError as error:  # cyclopts has told it on standard error
        return _ended(str(error), "Run the command with --help.", ExitCode.USAGE, as_json=as_json)
    except ReelmillError as error:
        say(str(error), logging.ERROR)
        return _ended(error.problem, error.remedy, error.exit_code, as_json=as_json)
    except KeyboardInterrupt:
        say("interrupted. Run the same command again to go on.")
        return _ended("Interrupted.", "Run the same command again to go on.", ExitCode.ATTENTION, as_json=as_json)
    except Exception as error:
        if not tell_broken(error):
            raise
        return _ended(f"{type(error).__name__} stopped it.", "Report the log line.", ExitCode.ERROR, as_json=as_json)
    return code if isinstance(code, int) else ExitCode.OK


def _ended(problem: str, remedy: str, code: ExitCode, *, as_json: bool) -> ExitCode:
    """Who asked for JSON gets one object, whatever happened."""
    if as_json:
        print_json({"error": problem, "remedy": remedy, "exit_code": int(code)})
    return code
