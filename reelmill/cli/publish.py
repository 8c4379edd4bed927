"""``reelmill publish``: the files themselves to a CMS, each once."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.drafts import drafts_left_out
from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import count, out, print_json, print_text
from reelmill.errors import ExitCode
from reelmill.jobs.outputs import known_output, known_run
from reelmill.jobs.publishing import Published, open_publisher, publish_all
from reelmill.ledger.ledger import Ledger

__all__ = ["publish"]

_LISTED = 10


def publish(
    *,
    to: Annotated[Literal["cms"], Parameter(help="Where to: the CMS of the settings.")],
    output: Output = "",
    run: Annotated[str | None, Parameter(help="Only what this run made.")] = None,
    dry_run: Annotated[bool, Parameter(help="Only say what would be uploaded.", negative=())] = False,
    json: Json = False,
) -> int:
    """Upload every video that may be shown and is not there yet. Again: what broke off goes on."""
    del to  # there is one so far
    settings = settings_with()
    with Ledger.open(settings.ledger_url) as ledger:
        root = known_run(run, ledger).output if run else known_output(output, settings, ledger)
        with open_publisher(root, settings) as publisher:
            done = publish_all(ledger, settings, root, publisher, run_id=run, dry_run=dry_run)
    if json:
        print_json({"output": root} | done.to_dict())
    else:
        _print(out(), done)
    if done.stopped:
        return ExitCode.ERROR
    return ExitCode.ATTENTION if done.failed else ExitCode.OK


def _print(console: Console, done: Published) -> None:
    if told := drafts_left_out(done.tally.drafts):
        print_text(console, told)
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
