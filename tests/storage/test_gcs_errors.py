"""What Cloud Storage's refusals and silences become. A real HTTP server gives the answers."""

from __future__ import annotations

import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from reelmill.errors import FixAccess, TryLater
from reelmill.settings import Settings
from reelmill.storage.gcs import GcsStorage
from reelmill.storage.gcs_client import make_client
from reelmill.storage.open import open_storage
from reelmill.waits import Waits


class Answering(ThreadingHTTPServer):
    """Answers every request with one status, or hands it on but drops the answer to the first upload."""

    dropped = False

    def __init__(self, status: int, upstream: str = "") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.upstream, self.requests = status, upstream, 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def _answer(self) -> None:
        self.server.requests += 1
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = json.dumps({"error": {"code": self.server.status, "message": "as said", "errors": []}}).encode()
        status = self.server.status
        if self.server.upstream:
            kept = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept-encoding")}
            reply = httpx.request(
                self.command, self.server.upstream + self.path, content=body, headers={**kept, "Accept-Encoding": ""}
            )
            if self.command == "POST" and not self.server.dropped:
                self.server.dropped = True
                self.close_connection = True  # it did arrive, but nobody hears of it
                return
            answer, status = reply.content, reply.status_code
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def answering():
    servers = []

    def start(status: int = 200, upstream: str = "") -> Answering:
        server = Answering(status, upstream)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def reach(url: str, bucket: str = "some-bucket", patience_s: float = 0.1) -> GcsStorage:
    return GcsStorage(make_client(Settings(storage_emulator_host=url)), bucket, "p", timeout_s=5, patience_s=patience_s)


def uses(storage):
    return [
        lambda: storage.list(""),
        lambda: storage.read("a"),
        lambda: storage.create("a", b"x", "text/plain"),
        lambda: storage.replace("a", b"x", "text/plain"),
    ]


def test_a_refusal_names_bucket_and_role(answering):
    for use in uses(reach(answering(403).url)):
        with pytest.raises(FixAccess, match=r"Grant roles/storage\.object\w+ on gs://some-bucket"):
            use()


def test_credentials_that_are_not_accepted_are_said(answering):
    for use in uses(reach(answering(401).url)):
        with pytest.raises(FixAccess, match=r"some-bucket.*gcloud auth"):
            use()


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_failing_service_means_later(answering, status):
    server = answering(status)
    for use in uses(reach(server.url)):
        with pytest.raises(TryLater, match="Run the same command again"):
            use()
    assert server.requests >= 4


def test_a_service_that_is_not_there_means_later():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    for use in uses(reach(url)):
        with pytest.raises(TryLater):
            use()


def test_a_missing_bucket_is_told_from_a_missing_object(gcs_settings):
    storage = open_storage("gs://no-such-bucket-here/p", gcs_settings)
    for use in uses(storage):
        with pytest.raises(FixAccess, match="Bucket no-such-bucket-here does not exist"):
            use()


def test_another_error_is_said_without_addresses(answering):
    with pytest.raises(FixAccess, match="did not accept") as caught:
        reach(answering(400).url).list("")
    assert "http" not in str(caught.value)


def test_a_create_whose_answer_was_lost_knows_its_own_object(answering, gcs_url, bucket):
    server = answering(upstream=gcs_url)
    assert reach(server.url, bucket, patience_s=20).create("a", b"ours", "text/plain")
    assert server.dropped
    assert server.requests >= 3  # lost, refused as existing, looked at
    assert not reach(gcs_url, bucket).create("a", b"theirs", "text/plain")


def test_a_broken_key_file_is_said(tmp_path):
    key = tmp_path / "key.json"
    key.write_text('{"private_key": "s3cret"}')
    with pytest.raises(FixAccess, match="service-account key") as caught:
        open_storage("gs://some-bucket/p", Settings(storage_emulator_host="", credentials_file=key))
    assert "s3cret" not in str(caught.value)


def test_no_credentials_at_all_are_said(tmp_path, monkeypatch):
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(FixAccess, match="gcloud auth application-default login"):
        open_storage("gs://some-bucket/p", Settings(storage_emulator_host=""))


def test_default_credentials_that_cannot_be_read_are_said(tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path))  # a secret that was not mounted is a folder
    with pytest.raises(FixAccess, match="gcloud auth application-default login"):
        open_storage("gs://some-bucket/p", Settings(storage_emulator_host=""))


def test_a_wait_ends_as_soon_as_nobody_waits_any_more(answering):
    server = answering(503)
    asked = []

    def given_up() -> bool:
        asked.append(server.requests)
        return len(asked) > 2

    storage = GcsStorage(
        make_client(Settings(storage_emulator_host=server.url)), "some-bucket", "p", waits=Waits(given_up)
    )
    with pytest.raises(TryLater, match="some-bucket"):
        storage.list("")
    assert len(asked) == 3


def test_every_kind_of_call_can_be_given_up(answering, tmp_path):
    server = answering(503)
    client = make_client(Settings(storage_emulator_host=server.url))
    storage = GcsStorage(client, "some-bucket", "p", waits=Waits(lambda: True))
    (tmp_path / "f").write_bytes(b"x")
    more = [lambda: storage.upload("a", tmp_path / "f", "x"), lambda: storage.download("a", tmp_path / "g")]
    for use in [*uses(storage), *more]:
        before = server.requests
        with pytest.raises(TryLater):
            use()
        assert server.requests <= before + 2  # the library asks for some things twice by itself
