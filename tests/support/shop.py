"""A shop's picture server: https with a certificate of its own, pictures behind signed addresses."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from reelmill.veo.images import ImageFetcher
from tests.support.pictures import png

__all__ = ["PictureShop", "certificate", "fetcher_for", "picture_shop"]

_NAME = "shop.invalid"


@dataclass
class PictureShop:
    """A running shop. It shows a picture to whoever has ``signature`` in the query (to everybody while it is empty)."""

    port: int
    authority: Path
    signature: str = ""
    closed: set[str] = field(default_factory=set)  # paths that open to nobody
    asked: list[str] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"https://{_NAME}:{self.port}"

    def fetcher(self) -> ImageFetcher:
        """A fetcher that may reach this one server although it is on this machine."""
        return fetcher_for(self.origin, self.authority)


def fetcher_for(origin: str, authority: Path | str) -> ImageFetcher:
    """A fetcher that trusts the shop's certificate and finds its name on this machine."""
    return ImageFetcher(
        rehearsal_origin=origin,
        resolver=lambda host, port: ["127.0.0.1"],
        tls=ssl.create_default_context(cafile=str(authority)),
    )


@contextmanager
def picture_shop(folder: Path) -> Iterator[PictureShop]:
    """Serve on a free port of 127.0.0.1 until the block ends."""
    certificate(folder, _NAME)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    shop = PictureShop(server.server_port, folder / "authority.pem")
    server.shop = shop
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        shop = self.server.shop
        shop.asked.append(self.path)
        path, _, query = self.path.partition("?")
        opens = shop.signature in query and path not in shop.closed
        body = shop.pictures.get(path, png(64, 48)) if opens else b"expired"
        self.send_response(200 if opens else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A self-signed certificate for ``name`` in tls.pem, and a client context that trusts it and nothing else."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "authority.pem").write_bytes(pem)
    (folder / "tls.pem").write_bytes(pem + key.private_bytes(serialization.Encoding.PEM, *plain))
    return ssl.create_default_context(cadata=pem.decode())
