"""Who is told: one address, checked before anything is sent to it, and the keys that sign for it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, unquote, unquote_plus, urlsplit

from reelmill.addresses import is_loopback, is_public
from reelmill.errors import FixConfiguration
from reelmill.network import Resolver, pinned_addresses, resolve
from reelmill.scrub import scrub
from reelmill.settings import Settings
from reelmill.webhooks.signature import parse_secrets

__all__ = ["READ_BYTES", "ForbiddenAddress", "Receiver"]

_PORTS = {"https": 443, "http": 80}
_WEBHOOK = "webhook"
READ_BYTES = 400
"""How much of an answer is read."""
_LONG, _SHORT = 8, 4  # characters: shorter parts are words like "hooks", a shorter path may stand in any text


class ForbiddenAddress(FixConfiguration):
    """The receiver's name leads to where webhooks may not go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """An address that webhooks, or files, go to. ``keys`` and all of the URL but its origin may be secret.

    ``setting`` is how the names of its settings begin: ``webhook`` for ``webhook_url`` and ``webhook_private``.
    """

    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    timeout_s: float = 10
    private: bool = False
    setting: str = _WEBHOOK
    resolver: Resolver = field(default=resolve, repr=False)

    def __post_init__(self) -> None:
        """Raises FixConfiguration, without the address, for one that nothing can be sent to."""
        _check(self.url, self.setting)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Raises FixConfiguration if webhook_url is missing or cannot be sent to, or webhook_secret is no secret."""
        url = settings.webhook_url
        if not url:
            raise FixConfiguration("No webhook_url is set, so nobody is told anything.", _remedy(_WEBHOOK))
        return cls(
            url=url,
            keys=parse_secrets(settings.webhook_secret.get_secret_value()),
            timeout_s=settings.webhook_timeout_s,
            private=settings.webhook_private,
        )

    @property
    def parts(self) -> SplitResult:
        """The URL, taken apart."""
        return urlsplit(self.url)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.parts.port or _PORTS[self.parts.scheme]

    @property
    def origin(self) -> str:
        """What may be shown of it: scheme, host and port. Paths of webhooks are often secrets."""
        parts = self.parts
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")

    def addresses(self) -> Sequence[str]:
        """Where to connect to now, best first. Raises OSError if nowhere, ForbiddenAddress if one is not allowed."""
        host, allowed = self.parts.hostname or "", self._allowed()
        addresses = pinned_addresses(host, self.port, resolver=self.resolver, allowed=allowed)
        if addresses is None:
            raise ForbiddenAddress(
                f"{self.origin} leads to an address that is not public.",
                f"Correct {_variable(self.setting)}_URL, or set {_variable(self.setting)}_PRIVATE=true if it is in "
                "your own network.",
            )
        return addresses

    def words(self, body: bytes, limit: int) -> str:
        """The beginning of an answer, without secrets; some servers repeat the address that was asked for."""
        text = body[:READ_BYTES].decode("utf-8", "replace")
        if len(body) >= READ_BYTES:  # what was cut in the middle is not recognised
            text = text[: max(limit, READ_BYTES - len(self.url))]
        for secret in self._secrets():
            text = text.replace(secret, "…")
        return scrub(text, limit)

    def _secrets(self) -> list[str]:
        """All of the URL but its origin, whole and in parts, as it is and unquoted; the longest first."""
        path, query = self.parts.path, self.parts.query
        parts = [part for part in re.split("[/;?&=]", f"{path}?{query}") if len(part) >= _LONG]
        known = [part for part in (path, query) if len(part) >= _SHORT] + parts
        return sorted({form for one in known for form in (one, unquote(one), unquote_plus(one))}, key=len, reverse=True)

    def _allowed(self) -> Callable[[str], bool]:
        if _is_this_machine(self.parts.hostname or ""):
            return is_loopback
        return _any_host if self.private else is_public


def _check(url: str, setting: str) -> None:
    name, remedy = f"{setting}_url", _remedy(setting)
    if not url.isascii() or any(char.isspace() or not char.isprintable() for char in url):
        raise FixConfiguration(f"{name} has characters that must be percent-encoded.", remedy)
    try:
        parts = urlsplit(url)
        _ = parts.port  # reading it checks it
    except ValueError:
        raise FixConfiguration(f"{name} is no address.", remedy) from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise FixConfiguration(f"{name} is no https:// address.", remedy)
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise FixConfiguration(f"{name} carries a user, a password or a fragment.", remedy)
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise FixConfiguration(f"{name} is http:// to another machine: everybody between could read it.", remedy)


def _remedy(setting: str) -> str:
    return f"Set {_variable(setting)}_URL to an https:// address; http:// only for this machine."


def _variable(setting: str) -> str:
    return f"REELMILL_{setting.upper()}"


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or is_loopback(host)


def _any_host(address: str) -> bool:
    """Whether it can be a host at all: private and link-local ones can."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return not (parsed.is_multicast or parsed.is_unspecified)
