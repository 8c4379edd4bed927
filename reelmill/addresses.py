"""What kind of address it is: of the public internet, of this machine, or of neither."""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback", "is_public"]

# Special ranges that ipaddress takes for global, at least in some versions of Python.
_SPECIAL_V4 = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
_SPECIAL_V6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "3fff::/20")))
_UNICAST = ipaddress.IPv6Network("2000::/3")  # everything that the registries have given out


def is_public(address: str) -> bool:
    """Whether ``address`` belongs to the public internet.

    False for private, loopback, link-local (with cloud metadata), multicast, reserved and shared ranges, for
    text that is no address, and for IPv6 forms that carry such an IPv4 address inside.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if not parsed.is_global or parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return not any(parsed in special for special in _SPECIAL_V4)
    if parsed not in _UNICAST or any(parsed in special for special in _SPECIAL_V6):
        return False
    return parsed.sixtofour is None or is_public(str(parsed.sixtofour))


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this very machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
