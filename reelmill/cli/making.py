"""Making clips in front of a person: approval, progress, Ctrl-C, and the closing lines."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from reelmill.cli.asking import agreed
from reelmill.cli.filming import stitching_sentences
from reelmill.cli.filtering import filtered_sentences
from reelmill.cli.logs import say
from reelmill.cli.printing import count, money, print_text, shown
from reelmill.errors import FixConfiguration
from reelmill.jobs.accounting import RunReport, check_ready
from reelmill.jobs.chains import make_links
from reelmill.jobs.engine import Engine
from reelmill.jobs.films import FilmWork, stitch_films
from reelmill.jobs.making import make_clips
from reelmill.ledger.records import RunStatus
from reelmill.ledger.states import State
from reelmill.planning.actions import Action
from reelmill.planning.spool import Spool
from reelmill.planning.summary import PlanSummary
from reelmill.production.producer import Producer
from reelmill.production.results import ClipResult, Tally
from reelmill.production.stop import StopSignal
from reelmill.production.work import Work
from reelmill.telemetry.log_lines import LogFormat

__all__ = ["approve", "interruptible", "make_with_progress", "nothing", "print_report"]


def approve(engine: Engine, summary: PlanSummary, *, yes: bool) -> None:
    """Ask a person to approve the price. Raises FixConfiguration if nobody does, or what :func:`check_ready` raises."""
    if yes or not summary.counts[Action.MAKE]:
        return
    price = money(summary.most_usd)
    if not sys.stdin.isatty():
        raise FixConfiguration(f"Nobody approved spending up to {price}.", "Add --yes, with --cap-usd for a limit.")
    check_ready(engine, summary)
    if not agreed(f"Spend up to {price}?"):
        raise FixConfiguration(f"Spending up to {price} was declined; nothing was sent.", "Run it again to approve.")


@contextlib.contextmanager
def interruptible(stop: StopSignal) -> Iterator[None]:
    """First Ctrl-C (or SIGTERM): no new money, settle what is in flight. Second: leave that to ``settle``."""
    loop = asyncio.get_running_loop()

    def interrupt() -> None:
        if stop.requested:
            stop.leave()
            say("Leaving what is in flight. Run the same command, or reelmill settle, to finish it without paying.")
        else:
            stop.request()
            say("Stopping: no new clip is sent; waiting for those in flight. Ctrl-C again leaves them for later.")

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def make_with_progress(
    engine: Engine,
    run_id: str,
    works: Iterable[Work],
    total: int,
    *,
    links: Spool | None = None,
    quiet: bool = False,
) -> tuple[Tally, FilmWork]:
    """Make the clips of a run, showing how far it is on standard error; then stitch the films that are whole.

    ``links`` has the scenes that continue others, made once those are there.
    """
    quiet = quiet or engine.settings.log_format is LogFormat.JSON  # every line on standard error is JSON then
    with interruptible(engine.stop):
        with _progress(total, quiet=quiet) as advance:
            produce = Producer(engine.studio(), run_id).produce

            async def make(some: Iterable[Work], total: int) -> Tally:
                del total
                return await make_clips(engine, some, produce, on_result=advance)

            tally = await make(works, total)
            if links is not None:
                await make_links(engine, links, make, tally)
        return tally, await stitch_films(engine)


@contextlib.contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[_Advance]:
    console = Console(stderr=True, emoji=False, quiet=quiet or not total)
    columns = (
        TextColumn("Making clips"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        yield _Advance(bar, total, console)


class _Advance:
    """Counts results on the bar, or in lines when there is no terminal to draw on."""

    def __init__(self, bar: Progress, total: int, console: Console) -> None:
        self._bar, self._console, self._total = bar, console, total
        self._tally = Tally()
        self._done = 0
        self._task = bar.add_task("clips", total=total, note="")
        self._step = max(1, total // 20)

    def __call__(self, result: ClipResult) -> None:
        self._tally.add(result)
        if result.state is State.RELEASED:  # it gave its place back: nothing was made
            return
        self._done += 1
        self._bar.update(self._task, advance=1, note=money(self._tally.spent_usd))
        if not self._console.is_terminal and (self._done % self._step == 0 or self._done == self._total):
            self._console.print(f"{self._done}/{count(self._total, 'clip')}, {money(self._tally.spent_usd)}")


def print_report(console: Console, report: RunReport, *, force: bool = False) -> None:
    """How the run ended, where everything is, and what to do next."""
    console.print()
    states = ", ".join(f"{number} {state}" for state, number in report.counts.items()) or nothing(report)
    console.print(
        f"[bold]Run[/] {report.run_id} {report.status}: {states}; {report.kept} kept, {report.blocked} blocked."
    )
    reserved = f" ({money(report.reserved_usd)} still reserved)" if report.reserved_usd else ""
    console.print(f"[bold]Spent[/] {money(report.spent_usd)} of {money(report.planned_usd)} planned{reserved}.")
    console.print(f"[bold]Output[/] {shown(report.output)} (videos in {_folders(report)}, tables in tables/)")
    if report.gallery:
        how = f"(to decide: reelmill review {report.run_id})"
        console.print(f"[bold]Gallery[/] {shown(report.gallery)} {how}", soft_wrap=True)
    if report.softened:
        console.print(f"[bold]Softer[/] {count(report.softened, 'clip')} delivered in softer words after filtering.")
    if report.remade:
        console.print(f"[bold]Remade[/] {count(report.remade, 'clip')} made anew because a finding asked for it.")
    for sentence in _told(report):
        print_text(console, sentence)
    if force and report.status is not RunStatus.COMPLETED:
        print_text(
            console,
            "forced: the same command pays for the first clips again; to go on, name the rest with --only.",
        )
    elif report.status is RunStatus.STOPPED:
        console.print("What was not sent cost nothing: run the same command again to go on.")
    if report.attention or report.blocked:
        console.print("[yellow]attention[/] Some clips need a look: run reelmill status.")


def _told(report: RunReport) -> Iterator[str]:
    """What came of films, what was filtered, left or not to be had, and what stopped the run."""
    yield from (f"film {sentence}" for sentence in stitching_sentences(report.films))
    yield from (f"filtered {sentence}" for sentence in filtered_sentences(report.filtered))
    if report.not_begun:
        clips = count(report.not_begun, "clip")
        yield f"not begun {clips}, as the scenes before are not there: the same command goes on once they are."
    yield from (f"attention {sentence}" for sentence in report.unmet.sentences())
    if report.stopped_by is not None:
        yield f"stopped {report.stopped_by}"


def nothing(report: RunReport) -> str:
    """What came of a run in which no clip was begun."""
    return "nothing made" if report.not_begun else "nothing to make"


def _folders(report: RunReport) -> str:
    return "clips/, films in films/" if report.films.stitched else "clips/"
