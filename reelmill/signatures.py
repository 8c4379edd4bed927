"""Signed addresses: what in them is a secret that changes, and what stays the same picture.

A shop may sign its pictures' addresses anew for every export. The signature opens the picture, so it must not be
kept; and it says nothing about the picture, so it must not decide what is bought.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import quote, unquote, unquote_plus

__all__ = ["hide_secrets", "is_incomplete", "unsigned"]

_MARK = "#signed"  # a fragment never travels, so it can say that something was taken out
_DIGEST = re.compile(r"~[0-9a-f]{16}")
_NESTED = 3  # an address in an address in an address: nobody has more

# Taken out wherever they stand: nothing but the signatures of Cloud Storage and S3 is called so.
_ALWAYS = ("x-goog-", "x-amz-")
# Taken out together, when at least one name of the first and one of the second set is there.
_SCHEMES: tuple[tuple[frozenset[str], frozenset[str], frozenset[str]], ...] = (
    (  # Cloud CDN, CloudFront, older Cloud Storage, S3 and OSS, and frameworks that sign their own links
        frozenset({"signature"}),
        frozenset({"expires", "key-pair-id", "keyname", "googleaccessid", "awsaccesskeyid", "ossaccesskeyid"}),
        frozenset({"policy", "security-token"}),
    ),
    (  # shared access signatures of Azure
        frozenset({"sig"}),
        frozenset({"se", "sv"}),
        frozenset({"sp", "sr", "ss", "st", "srt", "spr", "sip", "ses", "sdd", "saoid", "suoid", "scid"})
        | {"skoid", "sktid", "skt", "ske", "sks", "skv"},
    ),
    (
        frozenset({"x-oss-signature"}),
        frozenset({"x-oss-credential", "x-oss-date", "x-oss-expires"}),
        frozenset({"x-oss-signature-version", "x-oss-security-token", "x-oss-additional-headers"}),
    ),
    (
        frozenset({"q-signature"}),
        frozenset({"q-ak", "q-sign-time", "q-key-time"}),
        frozenset({"q-sign-algorithm", "q-header-list", "q-url-param-list", "x-cos-security-token"}),
    ),
)
# Secret by their name, but perhaps the only thing that tells two pictures apart: kept as a digest.
_CREDENTIALS = frozenset({
    "access_key", "access_token", "accesstoken", "api-key", "api_key", "apikey", "auth", "auth_token", "authorization",
    "client_secret", "credential", "credentials", "hdnea", "hdntl", "hdnts", "hmac", "jwt", "key", "pass", "passwd",
    "password", "pwd", "q-signature", "sas", "secret", "session", "session_id", "sessionid", "sig", "sign", "signature",
    "token", "__token__", "x-api-key", "x-oss-signature", "x-oss-security-token",
})  # fmt: skip

_WORD = re.compile(r"[^\s\"'<>|]+")
_NAMED = re.compile(
    rf"(?<![a-z0-9_-])((?:x-goog|x-amz)-[a-z-]+|{'|'.join(sorted(map(re.escape, _CREDENTIALS), reverse=True))})"
    r"=[^&\s\"',;<>|]+",
    re.IGNORECASE,
)


def unsigned(address: str) -> str:
    """The address without its signature: equal for two signatures of one picture, different for two pictures.

    An address without secrets comes back as it is. Any other ends in ``#signed`` and does not open the picture:
    signatures with their expiry are left out, other credentials stand as a digest. Never raises.
    """
    return _unsigned(address, _NESTED)


def is_incomplete(address: str) -> bool:
    """Whether :func:`unsigned` took something out of this address, so that nothing can be fetched with it."""
    return address.endswith(_MARK)


def hide_secrets(text: str) -> str:
    """A text without the queries of addresses, their users and passwords, and values of parameters that are secret."""
    if "//" in text:
        text = _WORD.sub(_hidden, text)
    return _NAMED.sub(r"\1=…", text) if "=" in text else text


def _hidden(word: re.Match[str]) -> str:
    """A word without what is secret in an address. Linear in its length, whatever it says."""
    before, slashes, rest = word[0].partition("//")
    bare, question, _ = rest.partition("?")
    shown = []
    for part in bare.split("//"):  # several addresses may share a word
        host, slash, path = part.partition("/")
        shown.append(f"{host.rpartition('@')[2]}{slash}{path}")
    return f"{before}{slashes}{'//'.join(shown)}{'?…' if question else ''}"


def _unsigned(address: str, depth: int) -> str:
    if "=" not in address:
        return address
    bare, _, fragment = address.partition("#")
    base, _, query = bare.partition("?")
    kept = _kept(query, depth)
    if kept == query and "=" not in fragment:
        return address
    return f"{base}?{kept}{_MARK}" if kept else f"{base}{_MARK}"


def _kept(query: str, depth: int) -> str:
    """The query without signatures. A semicolon parts parameters for some servers, for others it belongs to values."""
    parts = query.split("&")
    present = {_name(piece) for part in parts for piece in _pieces(part)}
    dropped = {name for name in present if name.startswith(_ALWAYS)}
    for first, second, others in _SCHEMES:
        if present & first and present & second:
            dropped |= first | second | others
    left = [part for part in parts if _name(part) not in dropped]
    return "&".join(
        ";".join(_shown(piece, depth) for piece in _pieces(part) if _name(piece) not in dropped) for part in left
    )


def _pieces(part: str) -> list[str]:
    return [part] if _name(part) in _CREDENTIALS else part.split(";")


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0]).strip().lower()


def _shown(part: str, depth: int) -> str:
    before, _, value = part.partition("=")
    if not value:
        return part
    if _name(part) in _CREDENTIALS:
        return part if _DIGEST.fullmatch(value) else f"{before}=~{_digest(value)}"
    inner = unquote(value)
    if depth and "//" in inner and (plain := _unsigned(inner, depth - 1)) != inner:
        return f"{before}={quote(plain, safe='', errors='surrogatepass')}"
    return part


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]
