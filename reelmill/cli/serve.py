"""``reelmill serve``: Prefect server and UI, our deployments, a worker, and by default the simulator behind them."""

from __future__ import annotations

import errno
import signal
import socket
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators
from rich.console import Console

from reelmill.cli.options import settings_with
from reelmill.cli.prefect_server import PrefectServer
from reelmill.cli.printing import out
from reelmill.errors import ExitCode, FixConfiguration, TryLater
from reelmill.local import LocalService, create_bucket, start_fake_gcs, start_simulator

__all__ = ["Backend", "serve"]

_FOLDER = Path(".reelmill")
_BUCKET = "reelmill"
_AT_ONCE = 4
_QUOTA = 60
_LOOK_EVERY_S = 1.0


class Backend(StrEnum):
    """What stands behind the flows."""

    SIMULATOR = "simulator"  # nothing leaves this machine and nothing is paid
    GOOGLE = "google"  # Vertex AI and Cloud Storage, by the settings and credentials of the environment


def serve(
    *,
    backend: Annotated[
        Backend, Parameter(help="simulator: rehearse, free of charge. google: real clips, real money.")
    ] = Backend.SIMULATOR,
    port: Annotated[
        int, Parameter(help="Port of the Prefect UI on 127.0.0.1.", validator=validators.Number(gte=0, lte=65_535))
    ] = 4200,
    quota_per_minute: Annotated[
        int | None,
        Parameter(help="Submits a minute that the simulator permits. Default: 60.", validator=validators.Number(gte=1)),
    ] = None,
) -> int:
    """Start Prefect with our deployments and a worker, print one address, and stop everything on Ctrl-C."""
    project = _project()
    if backend is Backend.GOOGLE and quota_per_minute is not None:
        raise FixConfiguration("--quota-per-minute is the simulator's.", "Set REELMILL_QUOTA_PER_MINUTE for Google.")
    _refuse_taken(port)
    console, stop = out(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as running:
        services: list[LocalService] = []
        extra = _stand_ins(running, services, quota_per_minute or _QUOTA) if backend is Backend.SIMULATOR else _google()
        server = PrefectServer.on(project / _FOLDER / "prefect", port, extra)
        console.print(f"Starting Prefect on {server.url} …")
        services.append(running.enter_context(server.start()))
        server.deploy(project)
        services.append(running.enter_context(server.start_worker(project, _AT_ONCE)))
        _welcome(console, server, backend)
        _wait(services, stop)
        console.print("Stopping: no new clips; what is in flight is left for the next run. This may take a minute.")
        server.cancel_runs()
    return ExitCode.OK


def _project() -> Path:
    here = Path.cwd()
    if not (here / "prefect.yaml").is_file() or not (here / "flows").is_dir():
        raise FixConfiguration(
            f"{here} has no prefect.yaml with flows/ beside it.", "Run reelmill serve in a clone of the project."
        )
    return here


def _refuse_taken(port: int) -> None:
    """Raises TryLater if somebody listens there: whoever it is would be taken for our own server."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that has just ended is no obstacle
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            what = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used: {error.strerror}"
            raise TryLater(f"Port {port} {what}.", "Stop what listens there, or choose another with --port.") from None


def _stand_ins(running: ExitStack, services: list[LocalService], quota: int) -> dict[str, str]:
    """Cloud Storage and Veo on this machine, with a ledger of their own: a rehearsal is no money."""
    folder = (Path.cwd() / _FOLDER / "simulator").resolve()
    storage = running.enter_context(start_fake_gcs(folder / "storage"))
    create_bucket(storage.url, _BUCKET)
    options = ("--quota-per-minute", str(quota), "--journal", str(folder / "journal.jsonl"))
    veo = running.enter_context(start_simulator(storage.url, *options))
    services += [storage, veo]
    return {
        "GOOGLE_CLOUD_PROJECT": "rehearsal",
        "STORAGE_EMULATOR_HOST": storage.url,
        "REELMILL_VERTEX_BASE_URL": veo.url,
        "REELMILL_LEDGER_URL": f"sqlite:///{folder / 'ledger.db'}",
        "REELMILL_OUTPUT": f"gs://{_BUCKET}/reels",
        "REELMILL_QUOTA_PER_MINUTE": str(quota),
        "REELMILL_POLL_INTERVAL_S": "2",
    }


def _google() -> dict[str, str]:
    settings = settings_with()
    if not settings.project or not settings.output:
        raise FixConfiguration(
            "The google backend needs a project and an output.",
            "Set GOOGLE_CLOUD_PROJECT and REELMILL_OUTPUT=gs://bucket/prefix, then run reelmill doctor.",
        )
    return {}


def _welcome(console: Console, server: PrefectServer, backend: Backend) -> None:
    behind = "the simulator: nothing is paid" if backend is Backend.SIMULATOR else "Google Cloud: runs cost money"
    console.print(f"\n[bold]{server.url}[/]  Open Deployments, choose one, press Run. Behind it: {behind}.")
    if backend is Backend.SIMULATOR:
        console.print(f"Videos: {_FOLDER / 'simulator' / 'storage' / _BUCKET / 'reels'}", markup=False)
    console.print("Ctrl-C stops all of it.")


def _wait(services: Sequence[LocalService], stop: threading.Event) -> None:
    """Until somebody stops us, or a part of it dies."""
    while not stop.wait(_LOOK_EVERY_S):
        for service in services:
            if not service.running:
                raise TryLater(f"The {service.name} has ended: {service.log}", "Run reelmill serve again.")
