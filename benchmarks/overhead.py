"""What Prefect costs around a clip: processor, time and memory of flow process, Prefect server and ledger database.

The same clips are made by Reelmill's flow, by a flow that submits a task for each clip, and by the engine alone.
Each measurement has a Prefect server, a simulator, a storage stand-in and a ledger of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from benchmarks.child import ROOT, clean_environment, run_child
from benchmarks.feed import write_feed
from benchmarks.report import Ratio, Report
from benchmarks.server import MeasuredServer
from benchmarks.usage import cpu_seconds
from reelmill.local import create_bucket, start_fake_gcs, start_simulator
from tests.support.postgres import PostgresServer, postgres_server

__all__ = ["LEDGERS", "PEERS", "run"]

PEERS = ("ours", "each", "submit", "asyncio")
LEDGERS = ("sqlite", "postgresql")

_START = 20  # clips whose own cost hardly counts beside what starting and ending a run costs
_SIZES = (1_000, 10_000)
_QUICK_SIZES = (100, 300)
_BUCKET = "benchmark"
_UNPACED = 60_000  # a minute: more than anything here sends
_PACED = 600  # the most at which every clip has a task run of its own; see tasks/grouping.py
_FLAT = 1.5


@dataclass(frozen=True, slots=True)
class _Peer:
    """Who makes the clips: ``makes`` as benchmarks.overhead_flow calls it."""

    name: str
    makes: str
    per_minute: int = _UNPACED
    prefect: bool = True


_PEERS = {
    "ours": _Peer("Reelmill, 100 clips a task run", "flow"),
    "each": _Peer("Reelmill, a task run a clip", "flow", _PACED),
    "submit": _Peer(".submit for each clip", "submit"),
    "asyncio": _Peer("asyncio, no Prefect", "asyncio", prefect=False),
}


@dataclass(frozen=True, slots=True)
class _Used:
    """One run's figures; ``*_s`` are processor seconds but for ``wall_s``. None: there is no such process."""

    clips: int
    wall_s: float
    flow_s: float
    server_s: float | None
    database_s: float | None
    services_s: float
    flow_mib: float
    server_mib: float | None
    task_runs: int | None

    @property
    def cpu_s(self) -> float:
        """Of everything that is not a stand-in for Google."""
        return self.flow_s + (self.server_s or 0) + (self.database_s or 0)


def run(
    folder: Path,
    *,
    quick: bool,
    say: Callable[[str], None],
    clips: Sequence[int] = (),
    peers: Sequence[str] = PEERS,
    ledger: str = "sqlite",
) -> Report:
    """Measure in ``folder``; ``say`` hears what is going on.

    ``clips`` are the sizes, if not those of a whole or ``quick`` run; ``peers`` are of PEERS, ``ledger`` is of LEDGERS.
    Raises ValueError for a size that would show little but the start.
    """
    sizes = sorted(set(clips)) or (_QUICK_SIZES if quick else _SIZES)
    if sizes[0] <= _START:
        raise ValueError(f"a run of {_START} clips shows what starting costs: sizes must be larger")
    found: dict[tuple[str, int], _Used] = {}
    with postgres_server(durable=True) if ledger == "postgresql" else nullcontext() as postgres:
        for size, peer in product((_START, *sizes), dict.fromkeys(peers)):  # what is compared is measured side by side
            say(f"{_PEERS[peer].name}: {size:,} clips")
            own = folder / f"{peer}-{size}"
            own.mkdir()
            found[peer, size] = _measure(own, _PEERS[peer], size, postgres)
    return _report(found, ledger)


def _report(found: Mapping[tuple[str, int], _Used], ledger: str) -> Report:
    """``found`` by peer and clips, each peer with the same sizes, the smallest of which is a start."""
    peers = tuple(dict.fromkeys(peer for peer, _ in found))
    start, *sizes = sorted({size for _, size in found})
    return Report(
        "overhead",
        (
            *("sender", "clips", "wall ms", "flow cpu ms", "server cpu ms", "database cpu ms"),
            *("stand-ins' cpu ms", "flow peak MiB", "server peak MiB", "task runs kept"),
        ),
        [_row(_PEERS[peer].name, used) for (peer, _), used in found.items()],
        [ratio for size in sizes for ratio in _against(found, peers, size)] + _growths(found, peers, sizes),
        [*_notes(ledger), *(_slope(_PEERS[peer].name, found[peer, start], found[peer, sizes[-1]]) for peer in peers)],
    )


def _measure(folder: Path, peer: _Peer, clips: int, postgres: PostgresServer | None) -> _Used:
    feed = write_feed(folder / "feed.csv", clips)
    options = ("--quota-per-minute", "0", "--latency", "0:0.05", "--fast-videos")
    server_of = MeasuredServer.started(folder / "prefect") if peer.prefect else nullcontext()
    with (
        start_fake_gcs(folder / "storage") as storage,  # in memory it looks through all objects for each one
        start_simulator(storage.url, *options) as simulator,
        server_of as server,
    ):
        create_bucket(storage.url, _BUCKET)
        environment = clean_environment(
            GOOGLE_CLOUD_PROJECT="benchmark",
            STORAGE_EMULATOR_HOST=storage.url,
            REELMILL_VERTEX_BASE_URL=simulator.url,
            REELMILL_LEDGER_URL=postgres.url(postgres.create()) if postgres else f"sqlite:///{folder / 'ledger.db'}",
            REELMILL_CATALOGS_DIR=str(ROOT / "catalogs"),
            REELMILL_QUOTA_PER_MINUTE=str(peer.per_minute),
            REELMILL_POLL_INTERVAL_S="0.2",  # a generation is shorter than that: one poll a clip
            REELMILL_INSPECT="off",
            **(server.environment if server else {}),
        )
        watched = _Watched(server, postgres, (storage.pid, simulator.pid))
        before = watched.cpu_s()
        began = time.monotonic()
        report = run_child(
            *("benchmarks.overhead_flow", peer.makes, str(feed), f"gs://{_BUCKET}/reels"),
            folder=folder,
            environment=environment,
        )
        wall_s = time.monotonic() - began
        if report["made"] != clips:
            raise RuntimeError(f"{peer.name} made {report['made']} of {clips} clips: {report}")
        if server:
            server.settle()
        used = {name: after - before[name] for name, after in watched.cpu_s().items()}
        return _Used(
            clips=clips,
            wall_s=wall_s,
            flow_s=report["process_cpu_s"],
            server_s=used.get("server"),
            database_s=used.get("database"),
            services_s=used["services"],
            flow_mib=report["peak_mib"],
            server_mib=server.peak_mib() if server else None,
            task_runs=server.task_runs() if server else None,
        )


@dataclass(frozen=True, slots=True)
class _Watched:
    """The processes besides the flow's own."""

    server: MeasuredServer | None
    postgres: PostgresServer | None
    services: tuple[int, ...]

    def cpu_s(self) -> dict[str, float]:
        """Processor seconds until now, of those that are there."""
        seconds = {"services": cpu_seconds(*self.services)}
        if self.server:
            seconds["server"] = self.server.cpu_s()
        if self.postgres:
            seconds["database"] = cpu_seconds(self.postgres.pid)
        return seconds


def _row(name: str, used: _Used) -> tuple[object, ...]:
    each = 1000 / used.clips
    seconds = (used.wall_s, used.flow_s, used.server_s, used.database_s, used.services_s)
    rest = (used.flow_mib, used.server_mib, used.task_runs)
    return (name, used.clips, *(_there(second, each) for second in seconds), *(_there(value) for value in rest))


def _there(value: float | None, times: float = 1) -> float | int | str:
    return "" if value is None else value * times


def _against(found: Mapping[tuple[str, int], _Used], peers: Sequence[str], clips: int) -> list[Ratio]:
    """Processor time of each way with Prefect, beside the engine alone and beside .submit."""
    ratios = []
    for peer, other in product(peers, ("asyncio", "submit")):
        if peer in (other, "asyncio") or (other, clips) not in found:
            continue
        one, two = found[peer, clips], found[other, clips]
        names = f"{_PEERS[peer].name} / {_PEERS[other].name}, {clips:,} clips"
        ratios.append(Ratio(f"cpu of the flow process, {names}", one.flow_s / two.flow_s))
        ratios.append(Ratio(f"cpu of flow, server and database, {names}", one.cpu_s / two.cpu_s))
    return ratios


def _growths(found: Mapping[tuple[str, int], _Used], peers: Sequence[str], sizes: Sequence[int]) -> list[Ratio]:
    """Peak memory at the largest size beside the smallest. Promised of our flow, and of the server that it talks to."""
    small, large = sizes[0], sizes[-1]
    ratios = []
    for peer in peers if small < large else ():
        one, ten = found[peer, small], found[peer, large]
        bound = _FLAT if peer in ("ours", "each") else None
        what = f"{_PEERS[peer].name}, {large:,} / {small:,} clips"
        ratios.append(Ratio(f"peak memory of the flow process, {what}", ten.flow_mib / one.flow_mib, at_most=bound))
        if one.server_mib and ten.server_mib:
            grown = ten.server_mib / one.server_mib
            ratios.append(Ratio(f"peak memory of the server, {what}", grown, at_most=bound))
    return ratios


def _notes(ledger: str) -> list[str]:
    database = "in the flow process" if ledger == "sqlite" else "that of all PostgreSQL processes"
    return [
        "All figures in ms are of the whole run, from the process's start to its end, divided by its clips.",
        f"The ledger is on {ledger}: its database's cost is {database}.",
        "The server's cpu is until it has recorded everything; idle, it takes about 30 ms a second.",
        f"A task run a clip is paced at {_PACED} a minute, so its wall time is the quota's; all others send at will.",
        "Simulator and storage stand-in stand for Google and are in no ratio. No inspection, no generation time.",
    ]


def _slope(name: str, start: _Used, most: _Used) -> str:
    """What starting costs, and what each clip adds to it."""
    parts = (
        ("wall", start.wall_s, most.wall_s),
        ("flow cpu", start.flow_s, most.flow_s),
        ("server cpu", start.server_s, most.server_s),
        ("database cpu", start.database_s, most.database_s),
    )
    told = []
    for what, first, last in parts:
        if first is not None and last is not None:
            each = (last - first) / (most.clips - start.clips)
            told.append(f"{what} {first - start.clips * each:.1f} s + {1000 * each:.1f} ms a clip")
    return f"{name}: {', '.join(told)}"
