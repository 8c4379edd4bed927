"""A world: one catalog, one ledger, one output, and workers that are told to make the catalog until all is quiet."""

from __future__ import annotations

import csv
import os
import shutil
import signal
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import certifi

from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import BudgetScope
from reelmill.ledger.states import State
from tests.chaos.bank import Bank
from tests.chaos.caps import watch_caps
from tests.chaos.controls import Control
from tests.chaos.worker import Interference, Worker
from tests.support.making import CONTENT

__all__ = ["PRICE_USD", "World"]

PRICE_USD = Decimal("0.40")
"""What one clip of these catalogs costs: 8 seconds of the cheapest model at 0.05 USD."""

_COLUMNS = ["id", "title", "description", "link", "image_link", "availability", "price", "brand", "product_type"]
_WRITTEN_AGAIN = ("/tables/", "/gallery/")  # projections of the ledger; all else is written once
_TEMPLATE = "{{ product.title }} turns slowly in soft light before a plain backdrop."
_FINDINGS, _REMADE = "[finish.findings]\n", 'truncated = "remake"\ncorrupt = "remake"\nnot_a_video = "remake"\n'
# Whatever was filtered may be tried again, and asks for no fault then.
_SOFTENING = '[[default.step]]\nsay = ["A calm film."]\nreplace = { "fault" = "wish" }\n'
_QUIET_AFTER = 40


@dataclass
class World:
    """``titles`` are the products, one clip each; a title may ask for a fault, as in ``Bowl [[fault:drop_before]]``.

    ``ledger_url`` and ``storage_url`` may name what lies between: a database of its own, a proxy.
    """

    folder: Path
    bank: Bank
    titles: Sequence[str] = ("Walnut bowl",)
    ledger_url: str = ""
    veo_url: str = ""
    storage_url: str = ""
    cap_usd: Decimal | None = None  # of a day; a month may cost twice as much
    run_cap_usd: Decimal | None = None  # the day's, unless it is another
    storyboard: str = ""  # of every product, as its file says it; without one, each is a clip
    image: bytes = b""  # of every product, in storage; without one, clips are made of text alone
    settings: dict[str, str] = field(default_factory=dict)
    control: Control | None = None  # how every worker's engine is broken
    seen: dict[str, str] = field(default_factory=dict)  # objects and their content when they were first seen
    overwritten: list[str] = field(default_factory=list)
    clock_s: float = 0  # how far ahead of the truth the clock of its workers is, unless they are told otherwise
    workers: list[Worker] = field(default_factory=list)
    _names: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._own_ledger = "" if self.ledger_url else self.bank.ledgers.make(self.folder)
        self.ledger_url = self.ledger_url or self._own_ledger
        self.output = f"gs://{self.bank.gcs.bucket()}/reels"
        self._image_uri = self.bank.gcs.put(f"{self.output}-inputs/product.png", self.image) if self.image else ""
        self._write_feed()
        _write_content(self.folder / "content")
        if self.storyboard:
            category = self.folder / "content" / "prompts" / "home"  # of which all products are
            category.mkdir()
            (category / "storyboard.toml").write_text(self.storyboard)
        if self.caps:
            watch_caps(self.ledger_url, self.caps)

    @property
    def feed(self) -> Path:
        """The catalog's file."""
        return self.folder / "feed.csv"

    @property
    def caps(self) -> dict[BudgetScope, Decimal]:
        """The caps of this world's workers, in USD."""
        if self.cap_usd is None:
            return {}
        run = self.run_cap_usd or self.cap_usd
        return {BudgetScope.RUN: run, BudgetScope.DAY: self.cap_usd, BudgetScope.MONTH: 2 * self.cap_usd}

    @property
    def affordable(self) -> bool:
        """Whether the caps let every product have its clip in one run."""
        return all(usd >= PRICE_USD * len(self.titles) for usd in self.caps.values())

    @cached_property
    def environment(self) -> dict[str, str]:
        """What every worker of this world is told; waits are short, the protocol is the one of production."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
        caps = {f"REELMILL_CAP_{scope.value.upper()}_USD": str(usd) for scope, usd in self.caps.items()}
        return {
            **inherited,
            "GOOGLE_CLOUD_PROJECT": "rehearsal",
            "NO_GCE_CHECK": "true",
            "SSL_CERT_FILE": str(_one_certificate(self.folder)),
            "REELMILL_VERTEX_BASE_URL": self.veo_url or self.bank.veo.url,
            "STORAGE_EMULATOR_HOST": self.storage_url or self.bank.gcs.url,
            "REELMILL_LEDGER_URL": self.ledger_url,
            "REELMILL_CATALOGS_DIR": str(self.folder / "content"),
            "REELMILL_MODEL": "veo-3.1-lite-generate-001",
            "REELMILL_QUOTA_PER_MINUTE": "6000",
            "REELMILL_THROTTLED_WAIT_S": "0.1",
            "REELMILL_THROTTLED_WAIT_MAX_S": "0.5",
            "REELMILL_POLL_INTERVAL_S": "0.05",
            "REELMILL_SUBMIT_TIMEOUT_S": "2",
            "REELMILL_POLL_TIMEOUT_S": "2",
            "REELMILL_UNCLEAR_WAIT_S": "0.6",
            "REELMILL_OPERATION_DEADLINE_S": "10",
            "REELMILL_LEASE_S": "30",
            "REELMILL_INSPECT": "header",
            "REELMILL_GALLERY": "false",  # a fifth of a run's work, after the money
            **caps,
            **self.settings,
        }

    # ---- workers

    def start(
        self, verb: str = "run", *more: str, interference: Interference | None = None, **environment: str
    ) -> Worker:
        """Start one worker on a command: ``run`` of the whole catalog unless told otherwise."""
        arguments = [verb, "--output", self.output, "--json", *more]
        if verb == "run":
            arguments += [str(self.feed), "--platforms", "tiktok", "--yes"]
        name = f"{next(self._names)}-{verb}"
        told = interference or Interference(clock_s=self.clock_s)
        if self.control is not None:
            told = replace(told, control=self.control)
        worker = Worker(name, arguments, {**self.environment, **environment}, self.folder, told)
        self.workers.append(worker)
        return worker

    def until_quiet(self) -> None:
        """The same command again until nothing is left open, then settle: what a person does after a bad night.

        Raises TimeoutError if it never gets quiet.
        """
        for _ in range(_QUIET_AFTER):
            self.start("run").wait()
            self.look()
            states = self.states()
            if any(state.open or state.needs_person for state in states):
                self.start("settle").wait()
                self.look()
                states = self.states()
            if not any(state.open for state in states):
                return
        raise TimeoutError("The world never got quiet.")

    def status(self) -> dict[str, Any]:
        """What ``reelmill status --json`` says."""
        worker = self.start("status")
        worker.wait()
        return worker.printed()

    def add(self, title: str) -> None:
        """Let the catalog have one product more."""
        self.titles = [*self.titles, title]
        self._write_feed()

    # ---- the world as it is

    def ledger(self) -> Ledger:
        """The ledger, opened; close it."""
        return Ledger.open(self.ledger_url)

    def states(self) -> list[State]:
        """How every intent stands."""
        with self.ledger() as ledger:
            return [intent.state for _, intent in ledger.intents()]

    def generating(self) -> bool:
        """Whether the bank still works on something that will end."""
        submits = self.bank.accepted(self.output)
        return any(submit.outcome == "running" and submit.fault != "never_done" for submit in submits)

    def look(self) -> dict[str, str]:
        """The objects of this world now; one whose content changed since an earlier look is noted."""
        now = self.bank.objects(self.output)
        made = {uri: content for uri, content in now.items() if not any(folder in uri for folder in _WRITTEN_AGAIN)}
        self.overwritten += [uri for uri, content in made.items() if self.seen.setdefault(uri, content) != content]
        return now

    def close(self) -> None:
        """Leave nothing behind: no worker that stands still, nothing on the disk or in the bank's memory."""
        for worker in self.workers:
            worker.signal(signal.SIGKILL)
        self.bank.forget(self.output)
        if self._own_ledger:
            self.bank.ledgers.drop(self._own_ledger)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write_feed(self) -> None:
        with self.feed.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(_COLUMNS)
            for number, title in enumerate(self.titles, 1):
                image = self._image_uri or f"https://images.example.com/{number}.jpg"
                rest = ["Made well.", "https://shop.example.com/p", image, "in_stock", "19.00 EUR", "Orrin", "Home"]
                rows.writerow([f"C-{number}", title, *rest])


def _write_content(folder: Path) -> None:
    """The shipped platforms and rules with one short template: reading thirty would cost more than the run."""
    (folder / "prompts" / "default").mkdir(parents=True, exist_ok=True)
    for name in ("platforms.toml", "prompts/categories.toml"):
        shutil.copyfile(CONTENT / name, folder / name)
    (folder / "fonts").symlink_to((CONTENT / "fonts").resolve())
    (folder / "prompts" / "soften.toml").write_text(_SOFTENING)
    brand = (CONTENT / "brand.toml").read_text("utf-8")
    (folder / "brand.toml").write_text(brand.replace(_FINDINGS, _FINDINGS + _REMADE), "utf-8")
    for ratio in ("16x9", "9x16"):
        (folder / "prompts" / "default" / f"{ratio}.j2").write_text(_TEMPLATE)


def _one_certificate(folder: Path) -> Path:
    """One authority instead of all: nobody is spoken to by TLS here, and reading them all takes a while."""
    path = folder / "authority.pem"
    if not path.exists():
        first = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----")[0].rpartition("-----BEGIN")[2]
        path.write_text(f"-----BEGIN{first}-----END CERTIFICATE-----\n")
        ssl.create_default_context(cafile=str(path))
    return path
