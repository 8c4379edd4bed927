"""A CMS as a process of its own: tus 1.0 (core and creation), the look-up by content, and troubles to order.

    python -m tests.support.cms_server FOLDER [--secret whsec_…] [--token T] [--cut BYTES] [--cuts N]
        [--lose-creations N] [--busy N] [--plain] [--refuse STATUS] [--elsewhere] [--tus VERSION]

Prints its port. Uploads lie in FOLDER, every request is a line of FOLDER/requests. ``--cut`` tears each of the first
``--cuts`` PATCH requests after so many bytes, which are kept; ``--plain`` is a server without the look-up.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TUS = "1.0.0"


class Cms(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.options, self.folder = options, Path(options.folder)
        self.lock = threading.Lock()
        self.folder.mkdir(parents=True, exist_ok=True)

    def take(self, name: str) -> bool:
        """Use up one of the troubles that were ordered."""
        with self.lock:
            left = getattr(self.options, name)
            setattr(self.options, name, left - 1)
            return left > 0


class Handler(BaseHTTPRequestHandler):
    server: Cms
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """What matters is in FOLDER/requests."""

    def do_HEAD(self) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        if self._refused():
            return
        if self.path.startswith("/uploads/"):
            self._standing(name, self.server.folder / name)
        elif self.server.options.plain:
            self._answer(404)
        else:
            known = self.server.folder / f"by-content-{name}"
            upload = known.read_text() if known.exists() else ""
            self._standing(upload, self.server.folder / upload)

    def do_POST(self) -> None:
        if self._refused():
            return
        if self.server.options.refuse:
            self._answer(self.server.options.refuse, body=b"not this one")
            return
        pairs = [pair.split(" ") for pair in self.headers["Upload-Metadata"].split(",")]
        metadata = {name: base64.b64decode(value).decode() for name, value in pairs}
        with self.server.lock:
            name = f"u{len(list(self.server.folder.glob('u*.json')))}"
            about = {"length": int(self.headers["Upload-Length"]), "metadata": metadata}
            (self.server.folder / f"{name}.json").write_text(json.dumps(about))
            (self.server.folder / name).touch()
            (self.server.folder / f"by-content-{metadata['sha256']}").write_text(name)
        if self.server.take("lose_creations"):
            self._tear()
        elif self.server.options.elsewhere:
            self._answer(201, Location="http://127.0.0.1:9/uploads/" + name)
        else:
            self._answer(201, Location=f"/uploads/{name}")

    def do_PATCH(self) -> None:
        if self._refused():
            return
        name = self.path.partition("?")[0].rpartition("/")[2]
        path = self.server.folder / name
        offset, size = int(self.headers["Upload-Offset"]), int(self.headers["Content-Length"])
        if self.headers["Content-Type"] != "application/offset+octet-stream":
            self._answer(415)
        elif not path.exists():
            self._answer(404)
        elif path.stat().st_size != offset:
            self._answer(409)
        else:
            cut = self.server.options.cut if self.server.take("cuts") else 0
            with path.open("ab") as file:
                left = min(size, cut) if cut else size
                while left and (data := self.rfile.read(min(left, 1 << 16))):
                    left -= len(data)
                    file.write(data)
            if cut:
                self._tear()
                return
            about = json.loads((self.server.folder / f"{name}.json").read_text())
            if path.stat().st_size == about["length"]:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                if digest != about["metadata"]["sha256"]:
                    path.unlink()
                    self._answer(460)
                    return
            self._answer(204, **{"Upload-Offset": str(path.stat().st_size)})

    def _standing(self, name: str, path: Path) -> None:
        if not name or not path.is_file():
            self._answer(404)
            return
        about = json.loads((self.server.folder / f"{name}.json").read_text())
        standing = {"Upload-Offset": str(path.stat().st_size), "Upload-Length": str(about["length"])}
        self._answer(200, Location=f"/uploads/{name}?token=s3cret", **standing)

    def _refused(self) -> bool:
        options = self.server.options
        with self.server.lock, (self.server.folder / "requests").open("a") as file:
            size = int(self.headers.get("Content-Length", 0))
            file.write(json.dumps({"method": self.command, "path": self.path, "size": size}) + "\n")
        if self.headers.get("Tus-Resumable") != options.tus:
            self._answer(412, **{"Tus-Version": options.tus})
        elif options.token and self.headers.get("Authorization") != f"Bearer {options.token}":
            self._answer(401)
        elif options.secret and not self._signed(options.secret):
            self._answer(403)
        elif self.server.take("busy"):
            self._answer(503, **{"Retry-After": "0"})
        else:
            return False
        return True

    def _signed(self, secret: str) -> bool:
        """As docs/delivery.md says, in nothing of ours."""
        message, moment = self.headers.get("webhook-id", ""), self.headers.get("webhook-timestamp", "0")
        offset, length = self.headers.get("Upload-Offset", "0"), self.headers.get("Upload-Length", "0")
        text = f"{message}.{moment}.{self.command} {self.path}\n{offset}\n{length}"
        mac = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), text.encode(), hashlib.sha256)
        signature = f"v1,{base64.b64encode(mac).decode()}"
        return signature in self.headers.get("webhook-signature", "").split() and abs(time.time() - int(moment)) < 300

    def _tear(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        if self.command == "PATCH" and status >= 400:
            self.close_connection = True
        self.send_response(status)
        for name, value in {
            "Tus-Resumable": self.server.options.tus,
            "Content-Length": str(len(body)),
            **headers,
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    for name in ("--secret", "--token"):
        parser.add_argument(name, default="")
    parser.add_argument("--tus", default=TUS)
    for name in ("--cut", "--cuts", "--lose-creations", "--busy", "--refuse"):
        parser.add_argument(name, type=int, default=0)
    for name in ("--plain", "--elsewhere"):
        parser.add_argument(name, action="store_true")
    server = Cms(parser.parse_args())
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
