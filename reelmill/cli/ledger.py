"""``reelmill ledger``: back-ups, and what to do when the database is gone."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from reelmill.cli.options import Json, Output, settings_with
from reelmill.cli.printing import money, out, print_json, shown
from reelmill.errors import ExitCode
from reelmill.jobs.engine import choose_output
from reelmill.jobs.rebuilding import Rebuilt, UnrecordedVideos
from reelmill.jobs.rebuilding import rebuild as rebuild_from
from reelmill.ledger.backup import back_up
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.restoring import Restored
from reelmill.ledger.restoring import restore as restore_from
from reelmill.production.owner import is_gone
from reelmill.storage.open import open_storage

__all__ = ["backup", "rebuild", "restore"]

_SHOWN = 40


def backup(
    file: Annotated[Path, Parameter(help="File to write, like ledger-2026-11-22.db.")],
    *,
    overwrite: Annotated[bool, Parameter(help="Replace the file if there is one.", negative=())] = False,
    json: Json = False,
) -> int:
    """Write all that the ledger holds at one moment into one file, and read it back. Runs may go on meanwhile."""
    written = back_up(settings_with().ledger_url, file, overwrite=overwrite)
    if json:
        print_json(
            {
                "file": str(written.path.absolute()),
                "schema": written.schema,
                "rows": dict(written.rows),
                "audit": list(written.differences),
            }
        )
    else:
        rows = written.rows
        what = f"{rows['intents']} intents, {rows['charges']} charges, {rows['runs']} runs"
        out().print(f"{written.path}: {what}.", markup=False)
        _print_audit(out(), written.differences)
    return ExitCode.ATTENTION if written.differences else ExitCode.OK


def restore(
    file: Annotated[Path, Parameter(help="Back-up to restore, taken from SQLite or PostgreSQL.")],
    *,
    replace: Annotated[
        bool, Parameter(help="Replace what the ledger holds; a copy of it is kept beside FILE.", negative=())
    ] = False,
    json: Json = False,
) -> int:
    """Fill the ledger from a back-up. What was open in it is looked for from then on, never sent again unasked."""
    restored = restore_from(settings_with().ledger_url, file, replace=replace, is_gone=is_gone)
    if json:
        print_json(
            {
                "rows": dict(restored.rows),
                "doubtful": restored.doubtful,
                "outputs": list(restored.outputs),
                "safety_copy": str(restored.safety) if restored.safety else None,
                "audit": list(restored.differences),
            }
        )
    else:
        _print_restored(out(), restored)
    return ExitCode.ATTENTION if restored.differences else ExitCode.OK


def _print_restored(console: Console, restored: Restored) -> None:
    rows = restored.rows
    console.print(f"Restored {rows['intents']} intents, {rows['charges']} charges, {rows['runs']} runs.")
    if restored.safety:
        console.print(f"What was there before is in {shown(str(restored.safety))}.")
    if restored.doubtful:
        console.print(f"{restored.doubtful} clips may have been sent since the back-up; they are unknown now.")
    _print_audit(console, restored.differences)
    console.print("Before the next run, bring in what was paid after the back-up:")
    for output in restored.outputs:
        where = f"--output {shlex.quote(output)}"
        command = f"reelmill ledger rebuild {where} && reelmill settle {where}"
        console.print(f"  {command}", markup=False, soft_wrap=True)


def rebuild(
    *,
    output: Output = "",
    dry_run: Annotated[bool, Parameter(help="Say what would be added, and add nothing.", negative=())] = False,
    json: Json = False,
) -> int:
    """Bring in what the records beside the videos know and the ledger does not. Never pays; changes nothing twice."""
    settings = settings_with()
    with Ledger.open(settings.ledger_url) as ledger:
        storage = open_storage(choose_output(output, settings, ledger), settings)
        rebuilt = rebuild_from(ledger, storage, dry_run=dry_run)
    if json:
        print_json(_as_dict(rebuilt))
    else:
        _print_rebuilt(out(), rebuilt)
    return ExitCode.OK if rebuilt.clean else ExitCode.ATTENTION


def _as_dict(rebuilt: Rebuilt) -> dict[str, object]:
    return {
        "output": rebuilt.output,
        "dry_run": rebuilt.dry_run,
        "records": rebuilt.records,
        "counts": dict(sorted(rebuilt.counts.items())),
        "added_usd": rebuilt.added_usd,
        "settled_usd": rebuilt.settled_usd,
        "problems": [{"name": p.name, "problem": p.problem, "remedy": p.remedy} for p in rebuilt.problems],
        "unrecorded": [
            {"prefix": u.prefix, "videos": u.videos, "bytes": u.bytes, "estimated_usd": u.estimated_usd}
            for u in rebuilt.unrecorded
        ],
        "audit": list(rebuilt.differences),
    }


def _print_rebuilt(console: Console, rebuilt: Rebuilt) -> None:
    counts = rebuilt.counts
    console.print(f"[bold]Output[/] {shown(rebuilt.output)}")
    new, would = counts["added"] + counts["renumbered"], "would be " if rebuilt.dry_run else ""
    console.print(
        f"{rebuilt.records} records: {new} {would}added for {money(rebuilt.added_usd)}, "
        f"{counts['settled']} {would}settled for {money(rebuilt.settled_usd)}, "
        f"{counts['known']} known already, {len(rebuilt.problems)} not believed."
    )
    if counts["decisions"]:
        console.print(f"{counts['decisions']} decisions of reviewers {would}added, from the galleries.")
    if counts["doubted"]:
        console.print(f"{counts['doubted']} clips looked unsent but have videos: run reelmill settle.")
    for problem in rebuilt.problems[:_SHOWN]:
        console.print(f"[yellow]record[/] {shown(problem.problem)} {problem.remedy}")
    for videos in rebuilt.unrecorded[:_SHOWN]:
        console.print(f"[yellow]no record[/] {shown(_unrecorded(videos))}")
    more = max(0, len(rebuilt.problems) - _SHOWN) + max(0, len(rebuilt.unrecorded) - _SHOWN)
    if more:
        console.print(f"… and {more} more; --json lists them all.")
    _print_audit(console, rebuilt.differences)


def _unrecorded(videos: UnrecordedVideos) -> str:
    cost = "cost unknown" if videos.estimated_usd is None else f"probably {money(videos.estimated_usd)}"
    return f"{videos.prefix}: {videos.videos} videos, {videos.bytes / 1e6:.1f} MB, {cost}; not in the ledger."


def _print_audit(console: Console, differences: tuple[str, ...] | list[str]) -> None:
    for difference in differences:
        console.print(f"[red]ledger[/] {shown(str(difference))}")
