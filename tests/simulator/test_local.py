from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from reelmill.errors import TryLater
from reelmill.local import create_bucket, start_fake_gcs, start_simulator
from tests.support.services import fake_gcs, simulator
from tests.support.vertex_http import VertexHttp


def gone(pid, deadline_s=10):
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline:
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_storage_keeps_objects_in_its_folder(tmp_path):
    with fake_gcs(tmp_path / "gcs") as storage:
        bucket = storage.bucket("shop")
        create_bucket(storage.url, bucket)
        storage.put(f"gs://{bucket}/a/b.txt", b"hello")
        assert (tmp_path / "gcs" / "shop" / "a" / "b.txt").read_bytes() == b"hello"
    with fake_gcs(tmp_path / "gcs") as again:
        assert again.read("gs://shop/a/b.txt") == b"hello"


def test_two_storages_live_side_by_side():
    with fake_gcs() as one, fake_gcs() as two:
        assert one.url != two.url
        one.put(f"gs://{one.bucket('same')}/x", b"1")
        two.bucket("same")
        assert not list(two.client().list_blobs("same"))


def test_a_taken_port_is_told_and_not_mistaken_for_ours():
    with fake_gcs() as storage:
        with pytest.raises(TryLater, match="in use"):
            start_fake_gcs(port=storage.service.port)
        with pytest.raises(TryLater, match="cannot listen"):
            start_simulator(storage.url, port=storage.service.port)


def test_stopping_twice_is_fine_and_the_simulator_ends_cleanly(storage):
    service = start_simulator(storage.url, "--latency", "60")
    VertexHttp(service.url).accepted()
    assert service.running
    assert service.stop() == 0
    assert service.stop() == 0
    assert not service.running
    with pytest.raises(httpx.ConnectError):
        VertexHttp(service.url).submit()


def test_the_simulator_takes_its_port_again_after_a_crash(storage):
    with simulator(storage.url) as first:
        port = first.service.port
        VertexHttp(first.url).request("GET", "/simulator/health")
        first.kill()
        with simulator(storage.url, port=port) as second:
            assert second.url == first.url
            assert second.journal() == []


def test_a_wrong_option_shows_what_the_simulator_said(storage):
    with pytest.raises(TryLater, match="nonsense"):
        start_simulator(storage.url, "--fault", "nonsense=1")


if sys.platform == "linux":  # elsewhere a killed parent leaves them running

    def test_a_killed_parent_takes_its_services_along():
        script = (
            "from reelmill.local import start_fake_gcs, start_simulator\n"
            "a = start_fake_gcs(); b = start_simulator(a.url)\n"
            "print(a.pid, b.pid, flush=True); input()"
        )
        parent = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with parent:
            children = [int(pid) for pid in parent.stdout.readline().split()]
            assert len(children) == 2
            os.kill(parent.pid, signal.SIGKILL)
        assert all(gone(pid) for pid in children)


def test_leaving_without_stopping_stops_them_too():
    script = "from reelmill.local import start_fake_gcs; print(start_fake_gcs().pid)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert gone(int(done.stdout))


def test_ctrl_c_in_the_terminal_reaches_only_the_parent(storage):
    with simulator(storage.url) as service:
        assert os.getpgid(service.service.pid) != os.getpgid(os.getpid())


def test_a_request_in_pieces_is_read_whole(veo):
    address = ("127.0.0.1", veo.service.port)
    body = b'{"instances":[{"prompt":"x"}]}'
    path = VertexHttp(veo.url).path("predictLongRunning")
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.create_connection(address, timeout=10) as connection:
        for piece in (head[:10], head[10:60], head[60:] + body[:5], body[5:] + head + body):
            connection.sendall(piece)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 2 or not answers.endswith(b"}"):
            answers += connection.recv(65536)
    assert answers.count(b'{"name"') == 2


def test_what_is_no_http_is_refused(veo):
    with socket.create_connection(("127.0.0.1", veo.service.port), timeout=10) as connection:
        connection.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 400")
