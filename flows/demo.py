"""``make demo``: the main job, offline: a sample feed through the real flow, twice.

Simulator and Cloud Storage stand-in run as processes of their own; the flow speaks the real protocols to them.
Ends with 1 if flow, ledger, tables and the simulator's journal do not agree to the cent.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from flows.demo_report import Books, print_gallery, print_run, print_where, read_books
from reelmill.cli.printing import money, out
from reelmill.errors import ReelmillError
from reelmill.jobs.accounting import RunReport
from reelmill.local import create_bucket, start_fake_gcs, start_simulator

__all__ = ["main"]

_FOLDER = Path("demo-output")
_FEED = Path("catalogs/samples/demo.csv")
_BUCKET = "reelmill-demo"
_OUTPUT = f"gs://{_BUCKET}/reels"
_PLATFORMS = ["instagram_reels", "tiktok", "youtube"]
_QUOTA = "300"
_LATENCY = "1:3"


def main() -> int:
    """Run the demo; the exit code says whether everything agreed."""
    console = out()
    if not _FEED.is_file():
        console.print(f"{_FEED} is not here. Run the demo in a clone of the project.")
        return 2
    started = time.monotonic()
    shutil.rmtree(_FOLDER, ignore_errors=True)
    folder = _FOLDER.resolve()
    with start_fake_gcs(folder / "storage") as storage:
        create_bucket(storage.url, _BUCKET)
        journal = str(folder / "simulator-journal.jsonl")
        options = ("--quota-per-minute", _QUOTA, "--latency", _LATENCY, "--journal", journal)
        with start_simulator(storage.url, *options) as veo:
            _settle_in(folder, storage.url, veo.url)
            console.print(
                f"Cloud Storage stand-in on {storage.url}, Veo simulator on {veo.url}; nothing leaves this machine."
            )
            console.print("Starting Prefect (its own temporary server) …")
            try:
                return asyncio.run(_run_twice(console, veo.url, folder, started))
            except ReelmillError as error:
                console.print(f"[red]The demo failed:[/] {error}")
                return 1


def _settle_in(folder: Path, storage_url: str, veo_url: str) -> None:
    """Point everything at the stand-ins; a person's own Prefect, settings and credentials stay out of it."""
    for name in list(os.environ):
        if name.startswith(("PREFECT_", "REELMILL_", "GOOGLE_")):
            del os.environ[name]
    os.environ.update(
        {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
            "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",  # 16 s on two free cores
            "GOOGLE_CLOUD_PROJECT": "reelmill-demo",
            "STORAGE_EMULATOR_HOST": storage_url,
            "REELMILL_VERTEX_BASE_URL": veo_url,
            "REELMILL_LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}",
            "REELMILL_QUOTA_PER_MINUTE": _QUOTA,
            "REELMILL_POLL_INTERVAL_S": "2",
        }
    )


async def _run_twice(console: Console, veo_url: str, folder: Path, started: float) -> int:
    first = await _run(console)
    books = read_books(veo_url, folder, _BUCKET)
    print_run(console, "First run", first, books)
    console.print("\nThe same catalog again: nothing has changed, so nothing may be made.")
    second = await _run(console)
    again = read_books(veo_url, folder, _BUCKET)
    print_run(console, "Second run", second, again)
    wrong = _disagreements(first, second, books, again)
    print_where(console, folder, _BUCKET)
    for sentence in wrong:
        console.print(f"[red]disagreement[/] {sentence}")
    if not wrong:
        console.print(
            f"\n[green]All agree to the cent:[/] flow, ledger, spend table and the simulator's own journal say "
            f"{money(again.journal_usd)}. {time.monotonic() - started:.0f} s in all."
        )
        print_gallery(console, folder, first.run_id)
    return 1 if wrong else 0


async def _run(console: Console) -> RunReport:
    from flows.catalog_run import catalog_run
    from flows.parameters import Catalog, Video

    with _progress(console):
        report = await catalog_run(Catalog(feed=str(_FEED)), Video(platforms=_PLATFORMS), output=_OUTPUT)
    assert isinstance(report, RunReport)
    return report


@contextmanager
def _progress(console: Console) -> Iterator[None]:
    """Show the engine's own line for each clip, and none of Prefect's."""

    class Lines(logging.Handler):
        done = 0

        def emit(self, record: logging.LogRecord) -> None:
            self.done += 1
            console.print(f"  {self.done:3d}  {record.getMessage()}", markup=False)

    engine, lines = logging.getLogger("reelmill.production.producer"), Lines(logging.INFO)
    engine.addHandler(lines)
    engine.setLevel(logging.INFO)
    engine.propagate = False
    try:
        yield
    finally:
        engine.removeHandler(lines)
        engine.propagate = True


def _disagreements(first: RunReport, second: RunReport, books: Books, again: Books) -> list[str]:
    wrong = [*books.disagreements(first.spent_usd), *again.disagreements(first.spent_usd + second.spent_usd)]
    if not first.made or first.exit_code:
        wrong.append(f"The first run ended with {dict(first.counts)}, exit code {first.exit_code}.")
    if first.made != books.accepted:
        wrong.append(f"{first.made} clips were made, but the simulator accepted {books.accepted} submits.")
    if second.counts or again.accepted != books.accepted:
        wrong.append(f"The second run made {dict(second.counts)}; the simulator accepted {again.accepted} in all.")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
