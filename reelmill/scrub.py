"""Texts from elsewhere made fit for logs, tables and errors: short, on one line, without secrets."""

from __future__ import annotations

import re

from pydantic import ValidationError

from reelmill.signatures import hide_secrets

__all__ = ["scrub", "without_secrets"]

_LOOKED_AT = 100_000
_SECRETS = (
    (re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"), "Bearer [removed]"),
    (re.compile(r"\bya29\.[A-Za-z0-9_.-]+"), "[token removed]"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+"), "[token removed]"),
    (re.compile(r"\bAIza[A-Za-z0-9_-]{20,}"), "[key removed]"),
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|$)", re.DOTALL), "[key removed]"),
)


def scrub(text: object, limit: int = 400) -> str:
    """``text`` without tokens, keys, passwords and query strings, at most ``limit`` characters long."""
    clean = without_secrets(_unquoted(text) if isinstance(text, ValidationError) else str(text))
    clean = " ".join("".join(char if char.isprintable() else " " for char in clean).split())
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"


def _unquoted(error: ValidationError) -> str:
    """Why data is not valid, without the data: it is quoted with a hole in the middle, and no pattern fits that."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(": ".join([".".join(map(str, one["loc"])), one["msg"]]) for one in problems)


def without_secrets(text: str) -> str:
    """``text`` without tokens, keys, passwords and query strings, its lines as they are; cut if very long."""
    clean = hide_secrets(text[:_LOOKED_AT])
    for pattern, replacement in _SECRETS:
        clean = pattern.sub(replacement, clean)
    return clean
