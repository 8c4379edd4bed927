"""Object names: make one out of any text, and refuse one that could leave the root."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from reelmill.errors import FixConfiguration

__all__ = ["PRIVATE_PREFIX", "check_name", "check_prefix", "is_name", "safe_name"]

PRIVATE_PREFIX = ".reelmill-"  # parts of a name that begin so are ours while a file is being written

_HASH_DIGITS = 12
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?<!\.)")
_LOOKS_HASHED = re.compile(rf"-[0-9a-f]{{{_HASH_DIGITS}}}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_NAME_BYTES = 1024  # Cloud Storage's bound for a whole name, in UTF-8 bytes
_MAX_PART_BYTES = 255  # a local folder's bound for one part


def safe_name(text: str, limit: int = 80) -> str:
    """One part of an object name for any text, at most ``limit`` characters (at least 24) of ``[A-Za-z0-9._-]``.

    Harmless text stays as it is; it starts with a letter or digit, because table readers pass over names that
    begin with ``_`` or ``.``. Everything else keeps what is readable and gets a hash of the whole text, so that
    different texts never share a name. A text that already ends like such a hash gets one too, which keeps the
    two kinds apart.
    """
    if limit < 24:  # noqa: PLR2004 - said in the docstring: room for the hash and something to read
        raise ValueError("limit must be at least 24")
    if len(text) <= limit and _SAFE.fullmatch(text) and not _LOOKS_HASHED.fullmatch(text[-_HASH_DIGITS - 1 :]):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", plain)[: limit - _HASH_DIGITS - 1].strip("._-")
    return f"{stem or 'x'}-{digest}"


def check_name(name: str) -> str:
    """Return ``name`` if it is a plain relative object name. Raises FixConfiguration if it could leave the root."""
    parts = name.split("/")
    wrong = (
        "\\" in name
        or _CONTROL.search(name)
        or any(part in ("", ".", "..") or part.startswith(PRIVATE_PREFIX) for part in parts)
        or not _fits(parts)
    )
    if wrong:
        raise FixConfiguration(
            f"{name[:200]!r} is no object name below the output root.", "Use safe_name() parts joined by '/'."
        )
    return name


def is_name(name: str) -> bool:
    """Whether :func:`check_name` takes it. Nothing of ours has another name; lists also show what others wrote."""
    try:
        check_name(name)
    except FixConfiguration:
        return False
    return True


def check_prefix(prefix: str) -> str:
    """Return ``prefix`` if objects could be named so: empty, or a name, perhaps with a slash at its end."""
    if prefix:
        check_name(prefix.removesuffix("/"))
    return prefix


def _fits(parts: list[str]) -> bool:
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:  # a lone surrogate: no service can store it
        return False
    return sum(sizes) + len(sizes) - 1 <= _MAX_NAME_BYTES and max(sizes) <= _MAX_PART_BYTES
