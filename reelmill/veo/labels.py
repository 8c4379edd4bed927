"""Labels under Google Cloud's rules, so that no SKU or campaign name can break a request."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

__all__ = ["MAX_LABELS", "clean_labels", "request_labels"]

MAX_LABELS = 64
_MAX_LENGTH = 63
_DIGEST_LENGTH = 8


def clean_labels(labels: Mapping[str, str]) -> dict[str, str]:
    """The labels as Cloud accepts them: at most 64; keys and values of at most 63 of ``a-z 0-9 _ -``.

    Keys begin with a letter. Capitals become small, anything else ``_``. A text that is too long is cut and
    ends in a digest of the whole, so that two long SKUs stay apart. Labels without a value are dropped.
    """
    cleaned: dict[str, str] = {}
    for key, value in labels.items():
        if value and len(cleaned) < MAX_LABELS:
            cleaned[_key(key)] = _clean(value)
    return cleaned


def request_labels(*, run: str, clip: str, sku: str, campaign: str, intent: str) -> dict[str, str]:
    """The billing labels of one submit, cleaned: who asked for what, and under which promise to pay."""
    return clean_labels({"run": run, "clip": clip, "sku": sku, "campaign": campaign, "intent": intent})


def _key(text: str) -> str:
    return _clean(text if re.match(r"[A-Za-z]", text) else f"l_{text}")


def _clean(text: str) -> str:
    safe = re.sub(r"[^a-z0-9_-]", "_", text.lower())
    if len(safe) <= _MAX_LENGTH:
        return safe
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_LENGTH]
    return f"{safe[: _MAX_LENGTH - _DIGEST_LENGTH - 1]}-{digest}"
