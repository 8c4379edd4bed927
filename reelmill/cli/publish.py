"""``reelmill publish``: the files themselves to a CMS, each once."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.drafts import drafts_left_out
from reelmill.cli.options import Json, Output, not_blank, settings_with
from reelmill.cli.printing import count, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.publishing import Published, publish_output
from reelmill.ledger.ledger import Ledger

__all__ = ["publish"]

_LISTED = 10


def publish(
    *,
    to: Annotated[Literal["cms"], Parameter(help="Where to: the CMS of the settings.")],
    output: Output = "",
    run: Annotated[str | None, Parameter(help="Only what this run made.", converter=not_blank("--run"))] = None,
    dry_run: Annotated[bool, Parameter(help="Only say what would be uploaded.", negative=())] = False,
    json: Json = False,
) -> int:
    """Upload every video that may be shown and is not there yet. Again: what broke off goes on."""
    del to  # there is one so far
    settings = settings_with()
    with Ledger.open_existing(settings.ledger_url) as ledger:
        done = publish_output(ledger, settings, output=output, run_id=run or "", dry_run=dry_run)
    if json:
        return _print_json(done)
    _print(out(), done)
    if done.trouble is not None:
        raise done.trouble
    return _exit_code(done)


def _exit_code(done: Published) -> ExitCode:
    if done.trouble is not None:
        return done.trouble.exit_code
    return ExitCode.ATTENTION if done.failed else ExitCode.OK


def _print_json(done: Published) -> ExitCode:
    code = _exit_code(done)
    told = {} if done.trouble is None else {"error": done.trouble.problem, "remedy": done.trouble.remedy}
    print_json({**done.to_dict(), **told, "exit_code": int(code)})
    return code


def _print(console: Console, done: Published) -> None:
    if done.tally.withheld:
        what = count(done.tally.withheld, "clip or film", "clips and films")
        print_text(console, f"{what} withheld: not approved, rejected, remade or replaced. reelmill review decides.")
    if told := drafts_left_out(done.tally.drafts):
        print_text(console, told)
    for what, remedy in done.tally.left_out():
        print_text(console, f"{what} {remedy}")
    if done.dry_run:
        print_text(
            console,
            f"{count(done.waiting, 'file')} would be published to {done.target}; {done.known} are known to be there.",
        )
        return
    print_text(
        console,
        f"{count(done.sent, 'file')} ({done.sent_bytes:,} bytes) uploaded to {done.target}; {done.had} it had, "
        f"{done.known} known to be there, {done.failed} failed, {done.waiting} waiting.",
    )
    for one in done.failures[:_LISTED]:
        print_text(console, f"{one.sku}: {one.problem} {one.remedy}", indent=2)
    if done.stopped:
        print_text(console, f"Stopped: {done.stopped}")
