"""What we serve is for this machine alone, unless somebody says otherwise."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reelmill.local import LocalService, start_fake_gcs, start_simulator
from tests.support.listening import listening

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's table of sockets is Linux's")


def places(service: LocalService) -> set[tuple[str, int]]:
    with service:
        return listening(service.pid)


def test_the_search_sees_an_open_door():
    opening = "s = socket.create_server(('0.0.0.0', 0))"
    code = f"import socket, time; {opening}; print(s.getsockname()[1], flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline())
        assert listening(process.pid) == {("0.0.0.0", port)}
        process.kill()
    if socket.has_dualstack_ipv6():
        code = code.replace("('0.0.0.0', 0)", "('::1', 0), family=socket.AF_INET6")
        with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
            port = int(process.stdout.readline())
            assert listening(process.pid) == {("::1", port)}
            process.kill()


def test_the_storage_stand_in(tmp_path):
    service = start_fake_gcs(tmp_path)
    assert places(service) == {("127.0.0.1", service.port)}


def test_the_simulator():
    service = start_simulator("http://127.0.0.1:9")
    assert places(service) == {("127.0.0.1", service.port)}


def test_the_simulator_of_the_command_line():
    command = [sys.executable, "-m", "reelmill", "simulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        ready = process.stdout.readline()
        found = listening(process.pid)
        process.terminate()
    assert found == {("127.0.0.1", int(ready.rpartition(":")[2]))}


def test_nothing_in_the_code_opens_a_door_to_everybody():
    """`reelmill serve` is looked at where it runs, in tests/flows/test_serve.py; this is for whatever comes next."""
    doors = re.compile(r"0\.0\.0\.0|['\"]::['\"]|bind\(\(['\"]{2}")
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("reelmill", "flows", "tasks", "scripts", "deployments")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".yaml", ".yml", ".toml", ".sh") and "__pycache__" not in path.parts
        for line in path.read_text().splitlines()
        if doors.search(line)
    ]
    assert [line for line in found if "insists on 0.0.0.0" not in line] == []
