"""The ``reelmill`` command: its verbs, its exit codes, and how errors reach a person."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

import reelmill
from reelmill.errors import ExitCode, ReelmillError

__all__ = ["build_app", "main"]

_HELP = "Catalog in, reels out: product feeds to Veo videos, with every cent accounted."
_EPILOGUE = (
    "Exit codes: 0 all made; 1 an error stopped the command; 2 wrong usage or configuration; "
    "3 some clips need attention; 4 stopped at a cap."
)
_VERBS = ("preview", "lint", "plan", "run", "status", "settle", "redrive", "report", "doctor", "simulator", "serve")


def build_app() -> App:
    """The application; each verb's module is imported only when it is used."""
    app = App(name="reelmill", help=_HELP, help_epilogue=_EPILOGUE, version=reelmill.__version__)
    for verb in _VERBS:
        app.command(f"reelmill.cli.{verb}:{verb}", name=verb)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with a documented code."""
    sys.exit(_run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    logging.basicConfig(
        level=os.environ.get("REELMILL_LOG_LEVEL", "WARNING").upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        code = build_app()(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return ExitCode.USAGE
    except ReelmillError as error:
        print(f"reelmill: {error}", file=sys.stderr)  # noqa: T201 — the one place where an error meets a person
        return error.exit_code
    except KeyboardInterrupt:
        print("reelmill: interrupted. Run the same command again to go on.", file=sys.stderr)  # noqa: T201 — same
        return ExitCode.ATTENTION
    return code if isinstance(code, int) else ExitCode.OK
