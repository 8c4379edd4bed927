"""What a feed, a shop's server or a name server may try with our picture fetcher; each is refused with its reason."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import tracemalloc

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reelmill.addresses import is_public
from reelmill.veo.images import ImageFetcher, ImageRefused, ImageUnreachable
from tests.support.postcount import answer, drip, post_counter
from tests.veo.test_image_header import jpeg, png

PICTURE = jpeg(1280, 720) + bytes(2000)
OK = answer(200, raw=PICTURE)
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody, and is made in no time
SECRETS = ("SECRET", "hunter2")


def unasked(*_):
    return pytest.fail("must not even be looked up")


def refusal(url, error=ImageRefused, **options):
    with pytest.raises(error) as caught:
        ImageFetcher(tls=NO_TLS, **options).fetch(url)
    text = str(caught.value)
    assert caught.value.remedy
    assert not any(secret in text for secret in SECRETS)
    return text


def fetched(server, path="/a.jpg", **options):
    return ImageFetcher(tls=NO_TLS, rehearsal_origin=server.url, **options).fetch(f"{server.url}{path}")


# The system's resolver reads these spellings as IPv4 addresses, which is what a plain check of the text misses.
@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xA9FEA9FE",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "127.1",
        "0177.0.0.1",
        "0x7f000001",
        "017700000001",
        "0",
        "10.1",
        "192.168.257",
        "[::ffff:169.254.169.254]",
        "[0:0:0:0:0:ffff:a9fe:a9fe]",
        "[::ffff:0:127.0.0.1]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[fe80::1%25eth0]",
        "[::]",
        "[ff02::1]",
        "[fc00::1]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "255.255.255.255",
        "198.18.0.1",
        "192.0.0.192",
        "localhost",
        "LOCALHOST",
        "localhost.",
    ],
)
def test_no_spelling_of_an_inner_address_is_fetched(host):
    text = refusal(f"https://{host}/latest/meta-data?X-Goog-Signature=SECRET", error=(ImageRefused, ImageUnreachable))
    assert "not public" in text or "has no address" in text or "is no address" in text


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("metadata.google.internal", "169.254.169.254"),
        ("metadata.google.internal.", "169.254.169.254"),
        ("metadata", "169.254.169.254"),
        ("instance-data.ec2.internal", "fd00:ec2::254"),
        ("intranet.shop.example", "10.0.0.7"),
        ("mapped.shop.example", "::ffff:192.168.0.1"),
        ("nat64.shop.example", "64:ff9b::a00:1"),
        ("scoped.shop.example", "fe80::1%eth0"),
    ],
)
def test_no_name_of_an_inner_address_is_fetched(host, address):
    assert "not public" in refusal(f"https://{host}/computeMetadata/v1/", resolver=lambda *_: [address])
    assert "not public" in refusal(f"https://{host}/", resolver=lambda *_: ["93.184.216.34", address])


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://shop.example/a.jpg", "not https"),
        ("ftp://shop.example/a.jpg", "no https:// address"),
        ("file:///etc/passwd", "no https:// address"),
        ("gopher://shop.example:70/_x", "no https:// address"),
        ("dict://shop.example:11211/stat", "no https:// address"),
        ("data:image/png;base64,iVBORw0KGgo=", "no https:// address"),
        ("javascript:alert(1)", "no https:// address"),
        ("//shop.example/a.jpg", "no https:// address"),
        ("https:///a.jpg", "no https:// address"),
        ("https:shop.example/a.jpg", "no https:// address"),
        ("", "no https:// address"),
        ("https://user@shop.example/a.jpg", "user name or password"),
        ("https://user:hunter2@shop.example/a.jpg", "user name or password"),
        ("https://shop.example:@10.0.0.1/a.jpg", "user name or password"),
        ("https://shop.example:99999/a.jpg", "no address"),
        ("https://[::1/a.jpg", "no address"),
        ("https://a..b/a.jpg", "no address"),
        (f"https://{'a' * 64}.example/a.jpg", "no address"),
        ("https://shop.example/a.jpg\r\nHost: inner", "percent-encoded"),
        ("https://shop.example/a\x00.jpg", "percent-encoded"),
        ("https://shop。example/a.jpg", "percent-encoded"),
        ("https://①⑥⑨.254.169.254/", "percent-encoded"),
    ],
)
def test_what_is_no_plain_https_address_is_not_looked_up(url, said):
    assert said in refusal(url, resolver=unasked)


@pytest.mark.parametrize("port", [0, 21, 22, 25, 80, 110, 445, 587, 1023])
def test_ports_of_other_services_are_refused(port):
    assert f"port {port}" in refusal(f"https://shop.example:{port}/a.jpg", resolver=unasked)


@pytest.mark.parametrize("port", [443, 1024, 8443])
def test_ports_of_web_servers_are_looked_up(port):
    asked = []
    refusal(f"https://shop.example:{port}/a.jpg", resolver=lambda host, port: asked.append(port) or ["10.0.0.1"])
    assert asked == [port]


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name server that says another address to whoever asks again is not asked again, whatever is tried again."""
    connected, answers = [], [["93.184.216.34"], ["127.0.0.1"]]

    def connect(address, *arguments, **options):
        connected.append(address)
        raise OSError("nobody leaves this machine in a test")

    monkeypatch.setattr(socket, "create_connection", connect)
    monkeypatch.setattr(socket, "getaddrinfo", unasked)
    refusal("https://rebinding.example/a.jpg", error=ImageUnreachable, resolver=lambda *_: answers.pop(0))
    assert len(connected) > 1
    assert set(connected) == {("93.184.216.34", 443)}
    assert answers == [["127.0.0.1"]]


@pytest.mark.parametrize(
    "where",
    ["//169.254.169.254/", "https://metadata.google.internal/", "https://shop.example:22/", "http://["],
)
def test_a_redirect_is_checked_like_the_first_address(where):
    with (
        post_counter(answer(302, raw=b"", headers={"Location": where}), OK) as server,
        pytest.raises((ImageRefused, ImageUnreachable)) as caught,
    ):
        fetched(server, timeout_s=2)
    assert caught.value.remedy
    assert len(server.seen) <= 2


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "GZIP"])
def test_a_compressed_answer_is_refused_unread(encoding):
    bomb = gzip.compress(bytes(50_000_000), 9)
    behaviour = answer(200, raw=bomb, headers={"Content-Encoding": encoding, "Content-Type": "image/png"})
    with post_counter(behaviour) as server, pytest.raises(ImageRefused, match="compressed"):
        fetched(server)


def test_the_length_that_is_announced_is_refused_before_a_byte_is_read():
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    with post_counter(drip(head)) as server, pytest.raises(ImageRefused, match="larger than"):
        fetched(server, timeout_s=30)


def test_an_endless_body_takes_no_more_memory_than_the_bound():
    def endless(connection, server):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n" + PICTURE)
        while not server.stop.is_set():
            connection.sendall(bytes(65536))
        return False

    bound = 3_000_000
    with post_counter(endless) as server:
        tracemalloc.start()
        try:
            with pytest.raises(ImageRefused, match="larger than"):
                fetched(server, max_bytes=bound)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 3 * bound


@pytest.mark.parametrize(
    "start",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"],
)
def test_a_drip_anywhere_in_the_answer_ends_at_the_deadline(start):
    with post_counter(drip(start)) as server:
        started = time.monotonic()
        with pytest.raises(ImageUnreachable):
            fetched(server, timeout_s=0.4)
        assert time.monotonic() - started < 5


def test_an_endless_head_is_cut_off():
    def heads(connection, server):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not server.stop.is_set():
            connection.sendall(b"X-Header: y\r\n" * 1000)
        return False

    with post_counter(heads) as server, pytest.raises(ImageUnreachable):
        fetched(server, timeout_s=20)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (png(2_000_000_000, 2_000_000_000), "2000000000x2000000000 pixels"),
        (jpeg(65_535, 65_535), "65535x65535 pixels"),
        (png(10_001, 10_000), "10001x10000 pixels"),
        (png(0, 10), "a damaged PNG"),
        (b"<!DOCTYPE html><html><body>Sign in</body></html>", "an HTML page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>', "SVG"),
        (b"#!/bin/sh\n", "no image"),
        (b"%PDF-1.7", "no image"),
        (b"GIF89a" + bytes(40), "GIF"),
        (b"\x00\x00\x00\x20ftypavif" + bytes(40), "AVIF"),
        (b"PK\x03\x04" + bytes(40), "no image"),
    ],
)
def test_the_bytes_decide_whatever_the_type_says(body, said):
    for claimed in ("image/png", "image/jpeg"):
        with post_counter(answer(200, raw=body, headers={"Content-Type": claimed})) as server:
            with pytest.raises(ImageRefused) as caught:
                fetched(server)
            assert said in str(caught.value)


@given(st.ip_addresses(v=4))
def test_an_address_inside_an_address_is_as_public_as_the_inner_one(inner):
    value = int(inner)
    for outer in (f"::ffff:{inner}", f"64:ff9b::{value >> 16:x}:{value & 0xFFFF:x}"):
        assert not is_public(outer) or is_public(str(inner))


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=60)
    | st.from_regex(r"https?://[!-~]{0,40}", fullmatch=True)
    | st.builds("https://{}:{}/{}".format, st.text(max_size=20), st.integers(-1, 70_000), st.text(max_size=20))
)
@example("https://[::1]]/")
@example("https://\u2100/")
def test_any_address_is_refused_or_looked_up(url):
    """Nothing is reached: every name leads inside."""
    with pytest.raises((ImageRefused, ImageUnreachable)):
        ImageFetcher(tls=NO_TLS, resolver=lambda *_: ["10.0.0.1"]).fetch(url)


@pytest.fixture(scope="module")
def shop():
    with post_counter(OK) as server:
        yield server


@settings(max_examples=120, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200)
    | st.builds(lambda head, rest: b"HTTP/1.1 " + head + b"\r\n" + rest, st.binary(max_size=20), st.binary(max_size=99))
    | st.builds(
        lambda status, where, body: b"HTTP/1.1 %d X\r\nLocation: %s\r\n\r\n%s" % (status, where, body),
        st.sampled_from([200, 204, 301, 302, 307, 308, 401, 404, 503]),
        st.binary(max_size=60).map(lambda where: where.replace(b"\r", b"").replace(b"\n", b"")),
        st.sampled_from([b"", PICTURE, b"x" * 50]),
    )
)
@example(b"HTTP/1.1 302 X\r\nLocation: https://[\r\n\r\n")
@example(b"HTTP/1.1 200 X\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n")
@example(b"HTTP/1.1 302 X\r\nLocation: \xff\xfe\r\n\r\n")
@example(b"HTTP/1.1 100 Continue\r\n\r\n" * 50)
def test_any_answer_is_a_picture_or_a_refusal(shop, raw):
    def behave(connection, server):
        connection.sendall(raw)
        return False

    shop.behaviours[:] = [behave]
    try:
        image = fetched(shop, timeout_s=1, resolver=lambda *_: ["127.0.0.1"])
    except (ImageRefused, ImageUnreachable) as refused:
        assert refused.remedy  # noqa: PT017 - either outcome is right
    else:
        assert image.data.startswith(b"\xff\xd8\xff")
