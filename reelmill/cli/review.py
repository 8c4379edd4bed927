"""``reelmill review``: a run's gallery on this machine, in which decisions are kept at once; or an exported file."""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, validators
from rich.console import Console

from reelmill.cli.choosing import chosen_run
from reelmill.cli.options import Json, not_blank, settings_with
from reelmill.cli.printing import count, out, print_json, print_rows, print_text
from reelmill.errors import ExitCode, FixConfiguration
from reelmill.jobs.engine import Engine
from reelmill.jobs.projections import bring_up_to_date
from reelmill.jobs.reviewing import Applied, Progress, ReviewDesk, apply_file, default_reviewer, find_progress
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, Run

__all__ = ["review"]

_HOST = "127.0.0.1"
_LISTED, _LISTED_FOR_MACHINES = 20, 10_000


def review(
    run: Annotated[
        str, Parameter(help="Run id; the latest run with clips if left out.", converter=not_blank("RUN"))
    ] = "",
    *,
    reviewer: Annotated[str, Parameter(help="Who decides; whoever is logged in here if left out.")] = "",
    apply: Annotated[
        Path | None, Parameter(help="Keep the decisions of this file, exported from a gallery, instead of serving.")
    ] = None,
    list_: Annotated[
        bool, Parameter(name="--list", help="Say how far the review is, instead of serving.", negative=())
    ] = False,
    port: Annotated[
        int, Parameter(help="Port on 127.0.0.1; 0 takes a free one.", validator=validators.Number(gte=0, lte=65_535))
    ] = 0,
    json: Json = False,
) -> int:
    """Serve a run's gallery on this machine and keep each decision in the ledger at once, until Ctrl-C."""
    if apply is not None and (list_ or port):
        raise FixConfiguration(
            "--apply keeps the decisions of a file: --list and --port change nothing in that.",
            "Give --apply without them.",
        )
    settings = settings_with()
    with Ledger.open_existing(settings.ledger_url) as ledger:
        found = chosen_run(run, settings, ledger)
    if apply is None and (list_ or json):
        with Ledger.open_existing(settings.ledger_url) as ledger:
            return _list(ledger, found, json=json)
    with Engine(settings, found.output) as engine:
        if apply is not None:
            return _apply(engine, found, apply, reviewer, json=json)
        return _serve(engine, found, reviewer or default_reviewer(), port)


def _list(ledger: Ledger, run: Run, *, json: bool) -> int:
    progress = find_progress(ledger, run.run_id, keeps=_LISTED_FOR_MACHINES if json else _LISTED)
    code = ExitCode.ATTENTION if progress.undecided else ExitCode.OK
    if json:
        print_json(_as_dict(run, progress) | {"exit_code": int(code)})
    else:
        _print(out(), run, progress)
    return code


def _as_dict(run: Run, progress: Progress) -> dict[str, Any]:
    waiting = [
        {"intent_id": intent.intent_id, "sku": clip.sku, "aspect_ratio": clip.request.aspect_ratio.value}
        for clip, intent in progress.waiting
    ]
    rejected = [
        {
            "intent_id": review.intent_id,
            "sku": clip.sku,
            "aspect_ratio": clip.request.aspect_ratio.value,
            "decision": review.decision.value,
            "reason": review.reason,
            "reviewer": review.reviewer,
        }
        for clip, review in progress.rejected
    ]
    return {
        "run_id": run.run_id,
        "delivered": progress.delivered,
        "undecided": progress.undecided,
        "picked": progress.picked,
        "decisions": {
            decision.value: progress.counts[decision] for decision in Decision if decision is not Decision.UNDO
        },
        "waiting": waiting,
        "rejected": rejected,
        "left_off": {"waiting": progress.undecided - len(waiting), "rejected": progress.sent_back - len(rejected)},
    }


def _print(console: Console, run: Run, progress: Progress) -> None:
    console.print(f"[bold]Run[/] {run.run_id}: {count(progress.delivered, 'clip')} delivered")
    names = (("approved", Decision.APPROVE), ("rejected", Decision.REJECT), ("to remake", Decision.REMAKE))
    rows = [(name, str(progress.counts[decision])) for name, decision in names]
    print_rows(console, "", ("Decision", "Clips"), [*rows, ("undecided", str(progress.undecided))])
    for clip, review in progress.rejected:
        why = f": {review.reason}" if review.reason else ""
        print_text(
            console, f"{review.decision.value} {clip.sku} {clip.request.aspect_ratio.value}{why} ({review.reviewer})"
        )
    if progress.sent_back > len(progress.rejected):
        console.print(f"… and {progress.sent_back - len(progress.rejected)} more sent back.")
    for clip, _ in progress.waiting:
        print_text(console, f"undecided {clip.sku} {clip.request.aspect_ratio.value}")
    if progress.undecided > len(progress.waiting):
        console.print(f"… and {progress.undecided - len(progress.waiting)} more undecided.")
    if progress.picked:
        console.print(f"reelmill finals {run.run_id} shows what finals of the approved drafts cost, and asks.")
    if progress.counts[Decision.REMAKE]:
        console.print("reelmill redrive --remakes shows what remaking costs, and makes them when you say so.")


def _apply(engine: Engine, run: Run, path: Path, reviewer: str, *, json: bool) -> int:
    applied = apply_file(engine.ledger, run.run_id, path, reviewer=reviewer)
    if applied.recorded:
        bring_up_to_date(engine, [run.run_id])
    code = ExitCode.ATTENTION if applied.problems else ExitCode.OK
    if json:
        print_json(_applied(run, applied) | {"exit_code": int(code)})
        return code
    console = out()
    known = f", {applied.known} known before" if applied.known else ""
    console.print(f"{count(applied.recorded, 'decision')} about {run.run_id} recorded{known}.")
    for problem in applied.problems[:_LISTED]:
        print_text(console, f"row {problem.row}: {problem.problem}")
    if len(applied.problems) > _LISTED:
        console.print(f"… and {len(applied.problems) - _LISTED} more rows that were not taken.")
    return code


def _applied(run: Run, applied: Applied) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "recorded": applied.recorded,
        "known": applied.known,
        "problems": [{"row": problem.row, "problem": problem.problem} for problem in applied.problems],
    }


def _serve(engine: Engine, run: Run, reviewer: str, port: int) -> int:
    """Serve until Ctrl-C; then bring tables and gallery up to date with what was decided."""
    from reelmill.gallery.serving import new_secret, review_app

    with tempfile.TemporaryDirectory(prefix="reelmill-review-") as folder, _listening(port) as listener:
        desk = ReviewDesk(engine.ledger, engine.storage, run.run_id, reviewer=reviewer, folder=Path(folder))
        shown, secret = listener.getsockname()[1], new_secret()
        hosts = frozenset({f"{_HOST}:{shown}", f"localhost:{shown}"})
        sys.stdout.write(f"Review {run.run_id} as {reviewer}: http://{_HOST}:{shown}/{secret}/index.html\n")
        sys.stdout.write("Decisions are kept as you make them. Ctrl-C ends this.\n")
        sys.stdout.flush()
        _run_until_told(review_app(desk, secret=secret, hosts=hosts), [listener])
        recorded = desk.recorded
    if recorded:
        bring_up_to_date(engine, [run.run_id])
    print_text(out(), f"{count(recorded, 'decision')} recorded. reelmill review {run.run_id} --list says what is left.")
    return ExitCode.OK


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise FixConfiguration(
            f"Port {port} of {_HOST} cannot be listened on: {error.strerror}.", "Give another --port, or none."
        ) from None


def _run_until_told(app: Any, listeners: Sequence[socket.socket]) -> None:
    """Serve until SIGINT or SIGTERM, or until the terminal is closed."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2))

    def stop(*_: object) -> None:  # uvicorn handles signals while it serves, and raises them again when it has ended
        server.should_exit = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, stop)  # for good: it may come twice, and tables are still to be written
    try:
        server.run(sockets=list(listeners))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
