"""Looking for secrets in everything that a run leaves behind, decoded as far as anybody could."""

from __future__ import annotations

import csv
import gzip
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pyarrow.parquet as pq

from tests.support.feeds import _COLUMNS

__all__ = ["SIGNED", "TOKENS", "leaks", "secret_feed"]

TOKENS = {
    "access token": "ya29.SECRETaccess0123456789",
    "Cloud Storage signature": "SECRETgoog99fe",
    "S3 signature": "SECRETamz88ab",
    "S3 session": "SECRETsession77",
    "Azure signature": "SECRETazure66%3D",
    "CDN signature": "SECRETcdn55",
    "image key": "SECRETkey44",
    "link token": "SECRETlink33",
    "shop password": "SECRETshop22",
    "proxy password": "SECRETproxy11",
    "webhook secret": "SECRETwebhookSECRETwebhookSECRET",  # base64 of 24 bytes
    "webhook path": "SECREThook0",
    "CMS token": "SECRETcms99",
    "CMS path": "SECRETuploads88",
    "telemetry key": "SECRETotlp77",
}
SIGNED = "SECRET"
"""What every signature of the feed holds: the shop opens a picture to whoever sends it."""


def secret_feed(path: Path, origin: str) -> Path:
    """A feed whose good pictures are signed in every way, and whose bad rows carry signatures where none belong."""
    token = TOKENS
    pictures = {
        "goog": f"{origin}/1.png?X-Goog-Date=20261122T000000Z&X-Goog-Signature={token['Cloud Storage signature']}",
        "amz": f"{origin}/2.png?v=2&X-Amz-Security-Token={token['S3 session']}&X-Amz-Signature={token['S3 signature']}",
        "azure": f"{origin}/3.png?sv=2024-11-04&se=2026-11-23&sig={token['Azure signature']}",
        "cdn": f"{origin}/4.png?Expires=1795000000&KeyName=k&Signature={token['CDN signature']}",
        "key": f"{origin}/5.png?w=8&api_key={token['image key']}",
        "expired": f"{origin}/expired.png?X-Goog-Signature={token['Cloud Storage signature']}",
        "nowhere": f"https://nowhere.invalid/6.png?sig={token['Azure signature']}&se=1",
        "inside": f"https://169.254.169.254/7.png?X-Goog-Signature={token['Cloud Storage signature']}",
    }
    link = f"https://shop.example.com/p?token={token['link token']}"
    rows = [
        [name, f"Walnut bowl {name}", "Turned by hand.", link, address, "49.00 EUR", "Marrow & Pine", "Home & Garden"]
        for name, address in pictures.items()
    ]
    signed = pictures["goog"]
    rows += [
        ["http", "Bowl", "", link, signed.replace("https:", "http:"), "1.00 EUR", "", ""],
        ["user", "Bowl", "", link, f"https://me:{token['shop password']}@shop.example/a.jpg", "1.00 EUR", "", ""],
        ["price", "Bowl", "", link, "", signed, "", ""],
        [signed, "", "", link, "", "", "", ""],
        ["long", "Bowl", "", link, "", "", "", "", signed, signed],
        ["fails", "Bowl [[fault:error_13]]", "", link, pictures["amz"], "1.00 EUR", "", ""],
        ["unclear", "Bowl [[fault:500_before]]", "", link, pictures["azure"], "1.00 EUR", "", ""],
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(rows)
    return path


def leaks(
    folders: Iterable[Path], texts: Iterable[str], secrets: Iterable[str], *, but: Iterable[Path] = ()
) -> list[str]:
    """Where a secret stands, plainly or percent-encoded: a file below the folders (not ``but``), or a text."""
    wanted = {form for secret in secrets for form in (secret, quote(secret, safe=""), secret.replace("%3D", "="))}
    apart = {path.resolve() for path in but}
    found = []
    for name, content in [*_contents(folders, apart), *((f"text {n}", text.encode()) for n, text in enumerate(texts))]:
        found += [f"{secret} in {name}" for secret in wanted if secret.encode() in content]
    return found


def _contents(folders: Iterable[Path], apart: set[Path]) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for parent, _, names in os.walk(folder):
            for path in (Path(parent, name) for name in names):
                if path.resolve() in apart or not path.is_file():
                    continue
                yield str(path), path.read_bytes()
                yield f"{path} decoded", _decoded(path)
                yield f"{path} by name", str(path).encode()


def _decoded(path: Path) -> bytes:
    start = path.read_bytes()[:16]
    if start.startswith(b"PAR1"):
        table = pq.read_table(path)
        return repr(table.to_pylist()).encode() + repr(table.schema.metadata).encode()
    if start.startswith(b"SQLite format 3"):
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            return "\n".join(database.iterdump()).encode("utf-8", "replace")
    if start.startswith(b"\x1f\x8b"):
        return gzip.decompress(path.read_bytes())
    return b""
