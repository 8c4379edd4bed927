"""One POST, and everything that a receiver may do with it."""

import ssl
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from reelmill.webhooks.posting import post, trust
from reelmill.webhooks.receiver import Receiver
from reelmill.webhooks.signature import parse_secrets
from tests.support.no_answer import no_answer
from tests.support.postcount import answer, drip, drop, half, post_counter, reset, silent
from tests.support.shop import certificate
from tests.support.webhook_receiver import SECRET, verified

BODY = b'{"type":"test","timestamp":"2026-07-15T12:00:00Z","data":{}}'


def receiver(url: str, **changes) -> Receiver:
    return Receiver(url=url, keys=parse_secrets(SECRET), **{"timeout_s": 5.0, **changes})


def sent(*behaviours, path: str = "/hook?key=1", **changes):
    with post_counter(*behaviours) as server:
        found = post(receiver(server.url + path, **changes), "msg_1", BODY, tls=None)
        return found, list(server.seen)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_a_delivery_and_the_request_is_signed(status):
    found, (request,) = sent(answer(status, raw=b""))
    assert found.delivered
    assert (request.method, request.path) == ("POST", "/hook?key=1")
    assert verified(request)["type"] == "test"
    assert request.headers["webhook-id"] == "msg_1"
    assert request.body == BODY


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(status):
    found, requests = sent(answer(status, raw=b"", headers={"Location": "{url}/elsewhere"}))
    assert (found.delivered, found.status, len(requests)) == (False, status, 1)


def test_gone_is_told_apart():
    found, _ = sent(answer(410, {"error": "unsubscribed"}))
    assert (found.gone, found.delivered) == (True, False)
    assert found.said == 'HTTP 410 {"error": "unsubscribed"}'


@pytest.mark.parametrize(("status", "holds"), [(429, True), (503, True), (500, False)])
def test_retry_after_is_heard_and_some_answers_hold_everybody_back(status, holds):
    found, _ = sent(answer(status, raw=b"busy", headers={"Retry-After": "17"}))
    assert (found.asked_s, found.holds_back) == (17, holds)


@pytest.mark.parametrize("behaviour", [drop, reset, silent, half])
def test_what_breaks_off_is_an_answer_too(behaviour):
    found, requests = sent(behaviour, timeout_s=0.5)
    assert len(requests) == 1
    assert found.delivered == (behaviour is half)  # its status had arrived, and the rest says nothing
    assert not found.gone


def test_an_answer_that_drips_ends_at_the_deadline():
    began = time.monotonic()
    found, _ = sent(drip(b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n"), timeout_s=0.5)
    assert found.status == 500
    assert time.monotonic() - began < 10
    found, _ = sent(drip(b"HTTP/1.1 2"), timeout_s=0.5)
    assert found.status is None


def test_a_long_refusal_is_cut_and_has_no_secrets():
    said = b"token Bearer abcdef.ghi https://x.example.com/?X-Goog-Signature=00ff " + b"x" * 100_000
    found, _ = sent(answer(400, raw=said))
    assert len(found.said) < 200
    assert "abcdef" not in found.said
    assert "00ff" not in found.said


@pytest.mark.parametrize(
    ("path", "echo"),
    [
        ("/services/T0/S3CRETPATH", "Cannot POST {path}"),
        ("/services/T0/S3CRETPATH", '{{"no": "S3CRETPATH", "at": "\\/services\\/T0\\/S3CRETPATH"}}'),
        ("/hook?key=S3CRETPATH", "{path} is unknown"),
        ("/hook?key=S3CRETPATH", "no key S3CRETPATH"),
        ("/a%20b/S3CRET%2FPATH", "/a b/S3CRET/PATH"),
        ("/hooks;S3CRETPATH", "hooks S3CRETPATH"),
        ("/services/S3CRETPATH", " " * 380 + "{path}"),  # cut in the middle
    ],
)
def test_an_answer_that_repeats_the_address_does_not_show_it(path, echo):
    found, _ = sent(answer(404, raw=echo.format(path=path).encode()), path=path)
    assert "S3C" not in found.said
    assert found.said.startswith("HTTP 404")


def test_a_closed_port_and_a_name_without_address_are_answers():
    with post_counter(drop) as server:
        url = server.url
    found = post(receiver(url), "msg_1", BODY, tls=None)
    assert found.status is None
    assert "ConnectError" in found.said

    def nowhere(host, port):
        raise OSError

    found = post(receiver("https://cms.invalid/S3CRET", resolver=nowhere), "msg_1", BODY, tls=None)
    assert found.said == "The host of https://cms.invalid has no address."


def test_a_name_with_two_addresses_is_tried_at_both():
    with post_counter(answer(200)) as server:
        port = server.url.rpartition(":")[2]
        both = receiver(f"http://localhost:{port}/", resolver=lambda host, port: ["::1", "127.0.0.1"])
        assert post(both, "msg_1", BODY, tls=None).delivered


def test_an_address_that_answers_to_nothing_leaves_time_for_the_next():
    with post_counter(answer(200)) as server:
        port = int(server.url.rpartition(":")[2])
        with no_answer(port) as deaf:
            both = receiver(f"http://localhost:{port}/", timeout_s=3, resolver=lambda host, port: [deaf, "127.0.0.1"])
            began = time.monotonic()
            assert post(both, "msg_1", BODY, tls=None).delivered
            one = receiver(f"http://localhost:{port}/", timeout_s=1, resolver=lambda host, port: [deaf, deaf])
            assert "ConnectTimeout" in post(one, "msg_1", BODY, tls=None).said
    assert time.monotonic() - began < 15


def test_all_of_the_path_travels():
    found, (request,) = sent(answer(204, raw=b""), path="/hook;key=7/a;b?c=d;e")
    assert (found.status, request.path) == (204, "/hook;key=7/a;b?c=d;e")


def test_an_address_inside_is_not_spoken_to():
    with post_counter(answer(200)) as server:
        port = server.url.rpartition(":")[2]
        inside = receiver(f"https://cms.example.com:{port}/", resolver=lambda host, port: ["127.0.0.1"])
        found = post(inside, "msg_1", BODY, tls=None)
        assert (found.status, server.connections) == (None, 0)
    assert "not public" in found.said


class _Cms(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.hosts.append(self.headers["Host"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def tls_cms(tmp_path):
    """A CMS that speaks TLS as cms.example.com; its port, the trust in it, and the Host headers that it saw."""
    trusting = certificate(tmp_path, "cms.example.com")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Cms)
    server.hosts = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, trusting, server.hosts
    server.shutdown()
    thread.join()
    server.server_close()


def test_tls_is_checked_against_the_name_not_the_address(tls_cms, monkeypatch):
    port, trusting, hosts = tls_cms
    ours = receiver(f"https://cms.example.com:{port}/", private=True, resolver=lambda host, port: ["127.0.0.1"])

    assert post(ours, "msg_1", BODY, tls=trusting).status == 204
    assert hosts == [f"cms.example.com:{port}"]
    other = replace(ours, url=f"https://other.example.com:{port}/")
    assert post(other, "msg_1", BODY, tls=trusting).status is None
    assert post(ours, "msg_1", BODY, tls=trust(ours)).status is None  # nobody vouches for this certificate
    assert len(hosts) == 1
