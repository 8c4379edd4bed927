"""Signatures as the Standard Webhooks specification has them: symmetric, version 1.

What is signed is ``id.timestamp.body``, so that neither a message nor its time can be changed, and an old one cannot
be replayed for long. While a secret is being changed, each message carries a signature of both.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Sequence

from reelmill.errors import FixConfiguration

__all__ = ["parse_secrets", "sign", "signed_headers"]

_PREFIX = "whsec_"
_LINE_END = re.compile(rf"\r?\n(?!{_PREFIX})")  # openssl parts long base64 into lines
_SHORTEST, _LONGEST = 24, 64  # bytes, as the specification bounds them
_MOST = 2
_REMEDY = (
    "Set REELMILL_WEBHOOK_SECRET to whsec_ and the base64 of 24 to 64 random bytes, "
    "like whsec_$(openssl rand -base64 32); two while you change it, separated by a space."
)


def parse_secrets(text: str) -> tuple[bytes, ...]:
    """The keys of one or two ``whsec_…`` secrets, separated by spaces or commas. Raises FixConfiguration."""
    words = _LINE_END.sub("", text).replace(",", " ").split()
    if not words:
        raise FixConfiguration("Webhooks are signed, and there is no secret to sign with.", _REMEDY)
    if len(words) > _MOST:
        raise FixConfiguration(f"webhook_secret holds {len(words)} secrets.", _REMEDY)
    return tuple(_key(word) for word in words)


def _key(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not word.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise FixConfiguration("webhook_secret holds what is no secret of a webhook.", _REMEDY)
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """``v1,`` and the base64 of the HMAC-SHA256; ``timestamp`` in whole seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def signed_headers(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers by which a receiver knows the message."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(key, message_id, timestamp, body) for key in keys),
    }
