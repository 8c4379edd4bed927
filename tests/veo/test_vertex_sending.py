"""Permission, proxies, tokens and secrets around the one POST."""

from __future__ import annotations

import threading
import time

import httpx
import pytest

from reelmill.clip import VideoRequest
from reelmill.errors import FixConfiguration, TryLater
from reelmill.platforms import NativeRatio
from reelmill.settings import Settings
from reelmill.veo.credentials import TokenTrust
from reelmill.veo.endpoint import Endpoint
from reelmill.veo.outcomes import Accepted, Pending, Refusal, Refused, Unclear, Unreachable
from reelmill.veo.transport import Shot, StoppedBeforeSending, VertexTransport
from reelmill.veo.vertex import VertexBackend
from tests.support.postcount import OPERATION, answer, drop, post_counter

REQUEST = VideoRequest(model="veo-3.1-generate-001", prompt="a kettle", aspect_ratio=NativeRatio.LANDSCAPE)
OK = answer(200, {"name": OPERATION})


def backend(url, **settings):
    return VertexBackend.from_settings(Settings(project="p", vertex_base_url=url, **settings))


def submit(vertex, before_send=lambda: True):
    return vertex.submit(REQUEST, media={}, storage_uri=None, labels={}, before_send=before_send)


def test_permission_is_asked_once_when_the_connection_stands_and_nothing_has_left():
    asked = []
    with post_counter(OK) as server, backend(server.url) as vertex:

        def permit():
            asked.append((server.connections, len(server.seen)))
            return True

        wait_until = time.monotonic() + 5
        outcome = submit(vertex, permit)
        assert outcome == Accepted(OPERATION)
        assert len(asked) == 1
        assert asked[0][1] == 0
        while server.connections < 1:
            assert time.monotonic() < wait_until
        assert server.posts() == 1


def test_what_permission_raises_comes_out_and_nothing_is_sent():
    def ledger_down():
        raise TryLater("The ledger does not answer.", "Run again.")

    with post_counter(OK) as server, backend(server.url) as vertex:
        with pytest.raises(TryLater):
            submit(vertex, ledger_down)
        assert server.posts() == 0
        assert submit(vertex) == Accepted(OPERATION)


def test_a_permission_that_comes_too_late_is_no_permission():
    with post_counter(OK) as server, backend(server.url, submit_timeout_s=0.2) as vertex:

        def slow():
            threading.Event().wait(0.3)
            return True

        outcome = submit(vertex, slow)
        assert isinstance(outcome, Refused)
        assert outcome.refusal is Refusal.NOT_SENT
        assert server.posts() == 0


def test_each_submit_has_a_connection_of_its_own():
    with post_counter(OK) as server, backend(server.url) as vertex:
        for _ in range(3):
            assert submit(vertex) == Accepted(OPERATION)
        assert server.connections == 3


def test_a_second_request_in_one_shot_is_stopped():
    with post_counter(OK) as server:
        transport = VertexTransport(server.url)
        post = httpx.Request("POST", f"{server.url}/v1/m:predictLongRunning", content=b"{}")
        with transport.during(Shot(time.monotonic() + 5, before_send=lambda: True)):
            assert transport.handle_request(post).status_code == 200
            with pytest.raises(StoppedBeforeSending):
                transport.handle_request(post)
        with pytest.raises(StoppedBeforeSending):
            transport.handle_request(post)
        transport.close()
        assert server.posts() == 1


@pytest.mark.parametrize("name", ["", " ", None, "operations/\0", 7])
def test_a_200_that_names_no_operation_is_unclear(name):
    with post_counter(answer(200, {"name": name})) as server, backend(server.url) as vertex:
        assert isinstance(submit(vertex), Unclear)


def test_a_proxy_carries_the_post_and_a_dropped_one_is_unclear(monkeypatch):
    with post_counter(OK, drop) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://user:p%40ss@"))
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with backend("http://vertex.test", vertex_token="t") as vertex:
            assert submit(vertex) == Accepted(OPERATION)
            assert proxy.seen[0].path.startswith("http://vertex.test/v1/projects/p/")
            assert "proxy-authorization" in proxy.seen[0].headers
            assert isinstance(submit(vertex), Unclear)
        assert proxy.posts() == 2


def test_a_proxy_that_refuses_the_tunnel_has_sent_nothing(monkeypatch):
    with post_counter(answer(407, {})) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        with backend("https://vertex.test", vertex_token="t") as vertex:
            outcome = submit(vertex)
        assert isinstance(outcome, Refused)
        assert outcome.refusal is Refusal.NOT_SENT
        assert [seen.method for seen in proxy.seen] == ["CONNECT"]


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("socks5://proxy.test:1080", "speaks socks5"),
        ("http://ada:s3cret/x@proxy.test:8080", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://", "without a host"),
    ],
)
def test_a_proxy_of_no_use_is_told_with_its_remedy_and_without_its_password(monkeypatch, address, problem):
    monkeypatch.setenv("https_proxy", address)
    with pytest.raises(FixConfiguration, match=f"{problem}.*HTTPS_PROXY") as told:
        VertexTransport("https://vertex.test")
    assert "s3cret" not in str(told.value)


def test_a_proxy_may_be_named_by_an_ipv6_address(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://[::1]:8080")
    VertexTransport("https://vertex.test").close()


class RenewableToken:
    """Credentials that fetch the next of their tokens."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.token = self.tokens.pop(0)
        self.quota_project_id = None

    @property
    def expired(self):
        return False

    def refresh(self, request):
        self.token = self.tokens.pop(0)


def bearer(good):
    def behave(connection, counter):
        fine = counter.seen[-1].headers["authorization"] == f"Bearer {good}"
        reply = OK if fine else answer(401, {"error": {"message": "Expected OAuth 2 access token"}})
        return reply(connection, counter)

    return behave


def test_a_stale_token_costs_one_refused_post_and_the_next_submit_has_a_fresh_one():
    with post_counter(bearer("fresh")) as server:
        with VertexBackend(Endpoint("p", "us-central1", f"{server.url}/"), RenewableToken("stale", "fresh")) as vertex:
            first, second = submit(vertex), submit(vertex)
        assert isinstance(first, Refused)
        assert (first.refusal, first.code) == (Refusal.NOT_SENT, 401)
        assert second == Accepted(OPERATION)
        assert [seen.headers["authorization"] for seen in server.seen] == ["Bearer stale", "Bearer fresh"]


def test_a_fresh_token_that_is_refused_too_means_no_access():
    with post_counter(bearer("never")) as server:
        with VertexBackend(Endpoint("p", "us-central1", f"{server.url}/"), RenewableToken("a", "b", "c")) as vertex:
            outcomes = [submit(vertex) for _ in range(2)]
        assert [outcome.refusal for outcome in outcomes] == [Refusal.NOT_SENT, Refusal.ACCESS]


def test_many_threads_with_one_stale_token_all_get_another_chance():
    credentials = RenewableToken("stale", "fresh")
    trust = TokenTrust(credentials)
    assert [trust.reject("stale") for _ in range(5)] == [True] * 5
    assert credentials.token is None
    credentials.token = "fresh"
    assert trust.reject("stale")
    assert credentials.token == "fresh"
    trust.accept()
    assert trust.reject("fresh")


def test_a_process_that_only_polls_renews_each_token_that_goes_stale():
    with post_counter(*map(bearer, "bbcc")) as server:
        with VertexBackend(Endpoint("p", "us-central1", f"{server.url}/"), RenewableToken("a", "b", "c")) as vertex:
            polled = [vertex.poll(OPERATION) for _ in range(4)]
        assert [type(outcome) for outcome in polled] == [Unreachable, Pending, Unreachable, Pending]
        assert [seen.headers["authorization"] for seen in server.seen] == [f"Bearer {token}" for token in "abbc"]


def test_credentials_that_cannot_be_renewed_are_an_access_problem_and_nothing_is_sent():
    from google.auth.exceptions import RefreshError

    class Revoked(RenewableToken):
        def refresh(self, request):
            raise RefreshError("invalid_grant: Token has been expired or revoked.")

    credentials = Revoked("gone")
    credentials.token = None
    with post_counter(OK) as server:
        with VertexBackend(Endpoint("p", "us-central1", f"{server.url}/"), credentials) as vertex:
            outcome = submit(vertex)
        assert isinstance(outcome, Refused)
        assert outcome.refusal is Refusal.ACCESS
        assert server.connections == 0


@pytest.mark.parametrize("wrapped", [False, True], ids=["as it is", "as on Compute Engine"])
def test_a_token_server_that_cannot_be_reached_passes(wrapped):
    from google.auth.exceptions import RefreshError, TransportError

    class Unreached(RenewableToken):
        def refresh(self, request):
            unreached = TransportError("no route to host")
            if wrapped:
                raise RefreshError(unreached) from unreached
            raise unreached

    credentials = Unreached("gone")
    credentials.token = None
    with post_counter(OK) as server:
        with VertexBackend(Endpoint("p", "us-central1", f"{server.url}/"), credentials) as vertex:
            outcome = submit(vertex)
        assert isinstance(outcome, Refused)
        assert outcome.refusal is Refusal.NOT_SENT
        assert server.connections == 0


def test_no_token_reaches_an_outcome():
    token = "ya29.very-secret_token"
    echo = answer(403, {"error": {"message": f"denied for Bearer {token} at https://x.test/a?X-Goog-Signature=abc"}})
    with post_counter(echo) as server, backend(server.url, vertex_token=token) as vertex:
        outcome = submit(vertex)
    assert isinstance(outcome, Refused)
    assert "secret" not in outcome.message
    assert "Signature" not in outcome.message
