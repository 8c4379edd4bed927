"""Texts from elsewhere made fit for logs, tables and errors: short, on one line, without secrets."""

from __future__ import annotations

import re

__all__ = ["scrub"]

_SECRETS = (
    (re.compile(r"(?i)\bbearer\s+[^\s\"',;]+"), "Bearer [removed]"),
    (re.compile(r"\bya29\.[A-Za-z0-9_.-]+"), "[token removed]"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+"), "[token removed]"),
    (re.compile(r"\bAIza[A-Za-z0-9_-]{20,}"), "[key removed]"),
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|$)", re.DOTALL), "[key removed]"),
    (re.compile(r"(https?://)[^/@\s\"']+@"), r"\1"),  # user:password@
    (re.compile(r"((?:https?|gs)://[^\s\"'?<>]+)\?[^\s\"'<>]+"), r"\1"),  # signatures live in query strings
)


def scrub(text: object, limit: int = 400) -> str:
    """``text`` without tokens, keys, passwords and query strings, at most ``limit`` characters long."""
    clean = str(text)
    for pattern, replacement in _SECRETS:
        clean = pattern.sub(replacement, clean)
    clean = " ".join("".join(char if char.isprintable() else " " for char in clean).split())
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"
