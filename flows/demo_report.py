"""What the demo shows: the books from four sides, the tables, and where the videos are."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import httpx
from rich.console import Console

from reelmill.cli.printing import money, print_rows
from reelmill.jobs.accounting import RunReport
from reelmill.jobs.galleries import copy_gallery
from reelmill.jobs.outputs import known_run
from reelmill.ledger.ledger import Ledger
from reelmill.settings import load_settings
from reelmill.storage.open import open_storage

__all__ = ["Books", "print_gallery", "print_run", "print_where", "read_books"]

_SHOWN_ROWS = 6
_SHOWN_FILES = 4


@dataclass(frozen=True, slots=True)
class Books:
    """The same money as the simulator, the ledger and the spend table have it, in USD."""

    accepted: int
    journal_usd: Decimal
    ledger_usd: Decimal
    table_usd: Decimal
    audit: tuple[str, ...]

    def disagreements(self, flow_usd: Decimal) -> list[str]:
        """Sentences for whatever does not equal what the flow reported; none if all agree."""
        sides = (
            ("the simulator's journal", self.journal_usd),
            ("the ledger", self.ledger_usd),
            ("spend", self.table_usd),
        )
        wrong = [f"The flow says {money(flow_usd)}, {name} {money(usd)}." for name, usd in sides if usd != flow_usd]
        return [*wrong, *self.audit]


def read_books(veo_url: str, folder: Path, bucket: str) -> Books:
    """Ask each side by itself."""
    import pandas as pd

    journal = httpx.get(f"{veo_url}/simulator/journal", trust_env=False).raise_for_status().json()
    ledger = Ledger.open(load_settings().ledger_url)
    try:
        charged = sum((charge.amount_usd for _, charge in ledger.charges()), Decimal(0))
        charged += sum((verdict.charged_usd for *_, verdict in ledger.judged()), Decimal(0))
        audit = tuple(ledger.audit())
    finally:
        ledger.close()
    spend = pd.read_parquet(_tables(folder, bucket) / "spend")
    return Books(
        accepted=len(journal),
        journal_usd=sum((Decimal(str(entry["amount_usd"])) for entry in journal), Decimal(0)),
        ledger_usd=charged,
        table_usd=sum(spend["amount_usd"], Decimal(0)),
        audit=audit,
    )


def print_run(console: Console, title: str, report: RunReport, books: Books) -> None:
    """Counts and spend of one run."""
    states = ", ".join(f"{count} {state}" for state, count in report.counts.items()) or "nothing to make"
    console.print(
        f"\n[bold]{title}[/] {report.run_id}: {states}; {report.kept} kept, {report.rejects} feed rows rejected. "
        f"Spent {money(report.spent_usd)} of {money(report.planned_usd)} planned."
    )
    rows = [
        ("simulator's journal", str(books.accepted), money(books.journal_usd)),
        ("ledger", "", money(books.ledger_usd)),
        ("spend table", "", money(books.table_usd)),
    ]
    print_rows(console, "", ("So far, according to", "Submits", "USD"), rows)


def print_where(console: Console, folder: Path, bucket: str) -> None:
    """A short view of the tables, and local paths to open."""
    import pandas as pd

    tables, here = _tables(folder, bucket), Path.cwd()
    for name, columns in (
        ("results", ["sku", "title", "aspect_ratio", "status", "cost_usd"]),
        ("spend", ["sku", "platforms", "seconds", "unit_price_usd", "amount_usd"]),
        ("rejects", ["row_number", "field", "reason"]),
    ):
        frame = pd.read_parquet(tables / name)
        console.print(f"\n[bold]{name}[/] ({len(frame)} rows)  {(tables / name).relative_to(here)}")
        latest = frame[frame["run_id"] == frame["run_id"].max()]
        view = latest.sort_values(columns[0])[columns].head(_SHOWN_ROWS)
        print(view.to_string(index=False, max_colwidth=48))  # noqa: T201  # as pandas shows it
    _print_media(console, folder, bucket)


def print_gallery(console: Console, folder: Path, run_id: str) -> None:
    """Copy the run's gallery into a folder that needs nothing else, and say where to open it."""
    settings = load_settings()
    with Ledger.open(settings.ledger_url) as ledger:
        run = known_run(run_id, ledger)
        copied = copy_gallery(ledger, open_storage(run.output, settings), run_id, folder / "gallery")
    console.print(f"\n[bold]Contact sheet[/] {copied.contact_sheet}", soft_wrap=True)
    console.print(f"[bold]Gallery[/] {copied.index.as_uri()}", soft_wrap=True)


def _print_media(console: Console, folder: Path, bucket: str) -> None:
    here, clips = Path.cwd(), folder / "storage" / bucket / "reels" / "clips"
    for title, pattern in (("Videos", "sample_*.mp4"), ("Renditions", "renditions/*.mp4"), ("Posters", "poster.jpg")):
        files = sorted(clips.rglob(pattern))
        console.print(f"\n[bold]{title}[/] ({len(files)})")
        for file in files[:_SHOWN_FILES]:
            console.print(f"  {file.relative_to(here)}", soft_wrap=True)
        if len(files) > _SHOWN_FILES:
            console.print("  …")


def _tables(folder: Path, bucket: str) -> Path:
    return folder / "storage" / bucket / "reels" / "tables"
