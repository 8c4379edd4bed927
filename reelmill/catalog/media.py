"""Picture addresses: which ones can be used, and several of them in one cell."""

from __future__ import annotations

import re

__all__ = ["MAX_IMAGES", "address_problem", "normal_address", "shown_address", "split_addresses"]

MAX_IMAGES = 11  # the main one and the ten more that Merchant Center allows
_MAX_LENGTH = 2048
_UNSAFE = re.compile(r'[\s<>"\\]')
_BETWEEN = re.compile(r"\s*[\n|]\s*|\s*[,;]\s*(?=(?:https?|gs):|//)|\s+(?=(?:https?|gs)://)", re.IGNORECASE)


def split_addresses(cell: str) -> list[str]:
    """Every address in a cell; a comma inside an address does not split it."""
    if not cell:
        return []
    if "://" in cell and cell.count(":") == 1 and cell.isprintable() and "|" not in cell:
        return [cell.strip()]
    return [part for part in (found.strip(' "') for found in _BETWEEN.split(cell)) if part]


def address_problem(address: str) -> str:
    """Why an image address cannot be used, fit for a reject; empty if it can. Nothing is fetched.

    Addresses are ``https://host/...`` or ``gs://bucket/object``.
    """
    scheme, colon, rest = address.partition("://")
    kind = scheme.lower()
    if not colon:
        return "is not an address"
    if kind not in {"https", "gs"}:
        return "is an http:// address" if kind == "http" else "is neither an https:// nor a gs:// address"
    if len(address) > _MAX_LENGTH or _UNSAFE.search(address) or not address.isprintable():
        return f"is longer than {_MAX_LENGTH:,} characters or holds characters that no address has"
    host, _, path = rest.partition("/")
    host = host.partition("?")[0].partition("#")[0]
    if "@" in host:
        return "carries a user name or password"
    named = host and (host[0].isalnum() or host[0] == "[") and (kind == "https" or path)
    return "" if named else "names no host" if kind == "https" else "names no bucket and object"


def normal_address(address: str) -> str:
    """The address with the scheme that ``//host/...`` leaves out."""
    return f"https:{address}" if address.startswith("//") else address


def shown_address(address: str) -> str:
    """The address as it may appear in tables and messages: secrets live after ``?`` and before ``@``."""
    bare = address.partition("?")[0].partition("#")[0]
    scheme, colon, rest = bare.partition("://")
    host, slash, path = rest.partition("/")
    bare = f"{scheme}{colon}{host.rpartition('@')[2]}{slash}{path}" if colon else bare.rpartition("@")[2]
    return bare if bare == address else f"{bare}?…" if "?" in address else bare
