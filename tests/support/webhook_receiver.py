"""What a receiver does with a webhook: verified by the specification's words alone, nothing of ours is used."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from tests.support.postcount import PostCounter, Seen

__all__ = ["OTHER_SECRET", "SECRET", "told", "verified"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER_SECRET = "whsec_" + base64.b64encode(b"another key of thirty-two bytes!").decode()
_TOLERANCE_S = 300


def verified(request: Seen, secret: str = SECRET) -> dict[str, Any]:
    """The message of a request. Raises AssertionError for a signature or a time that is wrong."""
    headers = request.headers
    moment = int(headers["webhook-timestamp"])
    assert abs(time.time() - moment) < _TOLERANCE_S, "too old or too new"
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), request.body])
    mac = hmac.digest(base64.b64decode(secret.split("_", 1)[1]), content, hashlib.sha256)
    expected = base64.b64encode(mac)
    versions = [part.split(",", 1) for part in headers["webhook-signature"].split(" ")]
    assert any(v == "v1" and hmac.compare_digest(expected, given.encode()) for v, given in versions), "not signed"
    assert headers["content-type"] == "application/json"
    message = json.loads(request.body)
    assert set(message) == {"type", "timestamp", "data"}
    return message


def told(receiver: PostCounter, secret: str = SECRET) -> dict[str, list[dict[str, Any]]]:
    """Every verified message that arrived, by webhook-id, in the order of the tries."""
    found: dict[str, list[dict[str, Any]]] = {}
    for request in list(receiver.seen):
        found.setdefault(request.headers["webhook-id"], []).append(verified(request, secret))
    return found
