"""Pictures are fetched from public addresses only, whatever a feed, a redirect or a name server says."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time

import pytest

from reelmill.addresses import is_loopback, is_public
from reelmill.settings import Settings
from reelmill.veo.images import ImageFetcher, ImageRefused, ImageUnreachable
from tests.support.postcount import answer, drip, drop, half, post_counter, silent
from tests.support.shop import certificate
from tests.veo.test_image_header import jpeg, png

PICTURE = jpeg(1280, 720) + bytes(2000)
OK = answer(200, raw=PICTURE, headers={"Content-Type": "text/plain"})


def moved(where, status=302):
    return answer(status, raw=b"", headers={"Location": where})


def fetch_from(*behaviours, path="/a.jpg", **options):
    with post_counter(*behaviours) as server:
        fetcher = ImageFetcher(rehearsal_origin=server.url, **options)
        return fetcher.fetch(f"{server.url}{path}"), server


def refusal_of(*behaviours, error=ImageRefused, path="/a.jpg", **options):
    with pytest.raises(error) as caught:
        fetch_from(*behaviours, path=path, **options)
    assert caught.value.remedy
    return str(caught.value)


def test_a_picture_with_its_type_size_and_hash():
    image, server = fetch_from(OK, path="/a.jpg?width=1")
    assert (image.data, image.mime_type, image.suffix) == (PICTURE, "image/jpeg", ".jpg")
    assert (image.width, image.height) == (1280, 720)
    assert image.sha256 == hashlib.sha256(PICTURE).hexdigest()
    (seen,) = server.seen
    assert (seen.method, seen.path) == ("GET", "/a.jpg?width=1")
    assert seen.headers["host"] == server.url.removeprefix("http://")
    assert not {"authorization", "cookie", "referer"} & set(seen.headers)
    assert seen.headers["accept-encoding"] == "identity"


def test_png_too():
    image, _ = fetch_from(answer(200, raw=png(10, 20)))
    assert (image.mime_type, image.suffix, image.width, image.height) == ("image/png", ".png", 10, 20)


def test_redirects_are_followed_by_hand_up_to_five():
    hops = [moved(f"/hop{n}", status) for n, status in enumerate((301, 302, 303, 307, 308))]
    image, server = fetch_from(*hops, OK)
    assert image.width == 1280
    assert [seen.path for seen in server.seen] == ["/a.jpg", "/hop0", "/hop1", "/hop2", "/hop3", "/hop4"]
    assert "more than 5" in refusal_of(*hops, moved("/hop5"), OK)


@pytest.mark.parametrize(
    "where",
    [
        "https://169.254.169.254/computeMetadata/v1/",
        "https://10.1.2.3/a.jpg",
        "https://192.168.0.1/a.jpg",
        "https://172.16.0.1/a.jpg",
        "https://100.64.0.1/a.jpg",
        "https://127.0.0.1/a.jpg",
        "https://2130706433/a.jpg",
        "https://0x7f.1/a.jpg",
        "https://[::1]/a.jpg",
        "https://[::ffff:127.0.0.1]/a.jpg",
        "https://[::ffff:a00:1]/a.jpg",
        "https://[64:ff9b::a9fe:a9fe]/a.jpg",
        "https://[2002:7f00:1::]/a.jpg",
        "https://[fe80::1]/a.jpg",
        "https://[fd00:ec2::254]/a.jpg",
        "https://224.0.0.1/a.jpg",
        "https://0.0.0.0/a.jpg",
        "https://localhost/a.jpg",
    ],
)
def test_a_redirect_to_an_address_that_is_not_public_is_refused(where):
    assert "not public" in refusal_of(moved(where), OK)


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("http://shop.example/a.jpg", "not https"),
        ("http://127.0.0.1:1/a.jpg", "not https"),
        ("ftp://shop.example/a.jpg", "no https:// address"),
        ("file:///etc/passwd", "no https:// address"),
        ("gopher://127.0.0.1:6379/_x", "no https:// address"),
        ("https://user:pw@shop.example/a.jpg", "user name or password"),
        ("https://", "no https:// address"),
        ("https://shop.example:x/a.jpg", "no address"),
    ],
)
def test_a_redirect_to_another_kind_of_address_is_refused(where, said):
    text = refusal_of(moved(where), OK)
    assert said in text
    assert "pw" not in text


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/a.jpg", "https://127.0.0.1:9/a.jpg", "https://[::1]/a.jpg"])
def test_without_the_rehearsal_origin_this_machine_is_out_of_reach(url):
    with pytest.raises(ImageRefused):
        ImageFetcher().fetch(url)


@pytest.mark.parametrize("url", ["https://shop.example/a b.jpg", "https://shop.example/ü.jpg", "https://x/\r\nHost: y"])
def test_addresses_that_could_smuggle_are_refused(url):
    with pytest.raises(ImageRefused, match="percent-encoded"):
        ImageFetcher(resolver=lambda *_: pytest.fail("must not resolve")).fetch(url)


def test_every_checked_address_is_tried():
    with post_counter(OK) as server:
        fetcher = ImageFetcher(rehearsal_origin=server.url, resolver=lambda *_: ["127.0.0.2", "127.0.0.1"])
        assert fetcher.fetch(f"{server.url}/a.jpg").width == 1280


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    fetcher = ImageFetcher(resolver=lambda host, port: ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(ImageRefused, match="not public"):
        fetcher.fetch("https://shop.example/a.jpg")


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked():
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    with post_counter(OK) as server:
        port = server.url.rpartition(":")[2]
        origin = f"http://rebinding.invalid:{port}"
        fetcher = ImageFetcher(rehearsal_origin=origin, resolver=lambda host, port: answers.pop(0))
        assert fetcher.fetch(f"{origin}/a.jpg").width == 1280
        assert answers == [["10.0.0.1"]]
        with pytest.raises(ImageRefused, match="not public"):
            fetcher.fetch(f"{origin}/a.jpg")
        assert len(server.seen) == 1


def test_a_name_that_rebinds_between_hops_is_refused():
    answers = [["127.0.0.1"], ["169.254.169.254"]]
    with post_counter(moved("/again"), OK) as server:
        origin = server.url.replace("127.0.0.1", "rebinding.invalid")
        fetcher = ImageFetcher(rehearsal_origin=origin, resolver=lambda host, port: answers.pop(0))
        with pytest.raises(ImageRefused, match="not public"):
            fetcher.fetch(f"{origin}/a.jpg")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"RIFF\0\0\0\0WEBPVP8 ", "is WebP, not a JPEG or PNG. Export the picture as JPEG or PNG."),
        (b"<!doctype html><html>login", "an HTML page"),
        (b"", "empty"),
        (png(20000, 20000), "20000x20000 pixels"),
        (jpeg(10, 10)[:9], "a damaged JPEG"),
    ],
)
def test_what_is_no_usable_picture_is_refused(body, said):
    assert said in refusal_of(answer(200, raw=body, headers={"Content-Type": "image/jpeg"}))


def test_too_many_bytes_are_refused_with_and_without_an_announcement():
    assert "larger than 1,000 bytes" in refusal_of(OK, max_bytes=1000)

    def endless(connection, server):
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + PICTURE)
        while not server.stop.is_set():
            connection.sendall(bytes(65536))
        return False

    assert "larger than 100,000 bytes" in refusal_of(endless, max_bytes=100_000)


def test_a_compressed_answer_is_refused():
    assert "compressed" in refusal_of(answer(200, raw=PICTURE, headers={"Content-Encoding": "gzip"}))


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_missing_picture_is_refused(status):
    text = refusal_of(answer(status, raw=b""), path="/a.jpg?width=abc")
    assert f"HTTP {status}" in text
    assert "abc" not in text


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_signature_that_no_longer_opens_may_be_renewed(status):
    text = refusal_of(answer(status, raw=b""), path="/a.jpg?X-Goog-Signature=abc", error=ImageUnreachable)
    assert f"HTTP {status}" in text
    assert "Export the feed again" in text
    assert "abc" not in text


@pytest.mark.parametrize("behaviour", [answer(503, raw=b""), answer(429, raw=b""), drop, half])
def test_what_may_pass_later_says_so(behaviour):
    refusal_of(behaviour, error=ImageUnreachable)


@pytest.mark.parametrize("behaviour", [silent, drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")])
def test_the_deadline_is_for_the_whole_download(behaviour):
    started = time.monotonic()
    refusal_of(behaviour, error=ImageUnreachable, timeout_s=0.3)
    assert time.monotonic() - started < 5


def test_an_unknown_host_may_be_known_later():
    def nobody(host, port):
        raise socket.gaierror("no such host")

    with pytest.raises(ImageUnreachable, match="no address"):
        ImageFetcher(resolver=nobody).fetch("https://shop.example/a.jpg")


def test_limits_come_from_the_settings():
    fetcher = ImageFetcher.from_settings(Settings(image_max_bytes=2048, image_timeout_s=1.5))
    assert (fetcher._max_bytes, fetcher._timeout_s) == (2048, 1.5)


def serve_tls_once(folder, names):
    """One TLS answer on a free port; ``names`` receives the name that the client asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve():
        with listener:
            plain, _ = listener.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(PICTURE)}\r\n\r\n"
                    connection.sendall(head.encode() + PICTURE)
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listener.getsockname()[1], thread


@pytest.mark.parametrize(("name", "fits"), [("shop.invalid", True), ("other.invalid", False)])
def test_tls_is_for_the_name_although_the_connection_is_to_the_checked_address(tmp_path, name, fits):
    tls, asked = certificate(tmp_path, "shop.invalid"), []
    port, thread = serve_tls_once(tmp_path, asked)
    origin = f"https://{name}:{port}"
    fetcher = ImageFetcher(rehearsal_origin=origin, resolver=lambda *_: ["127.0.0.1"], tls=tls)
    if fits:
        assert fetcher.fetch(f"{origin}/a.jpg").width == 1280
    else:
        with pytest.raises(ImageUnreachable, match="ConnectError"):
            fetcher.fetch(f"{origin}/a.jpg")
    thread.join(10)
    assert asked == [name]


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "2a00:1450:4001:80b::200e"])
def test_public_addresses(address):
    assert is_public(address)
    assert not is_loopback(address)


@pytest.mark.parametrize("address", ["", "shop.example", "::", "::7f00:1", "2001:db8::1", "192.0.2.1", "fe80::1%eth0"])
def test_addresses_that_are_not_public(address):
    assert not is_public(address)
