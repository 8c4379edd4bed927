"""Which addresses a feed may make us talk to: public ones only."""

from __future__ import annotations

import ipaddress

__all__ = ["is_loopback", "is_public"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")


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
        return True
    return parsed not in _NAT64_LOCAL and all(is_public(str(inner)) for inner in _carried(parsed))


def is_loopback(address: str) -> bool:
    """Whether ``address`` is this very machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _carried(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """IPv4 addresses that an IPv6 address leads to: mapped, compatible, 6to4, Teredo, NAT64."""
    carried = [inner for inner in (address.ipv4_mapped, address.sixtofour) if inner is not None]
    if address.teredo is not None:
        carried.extend(address.teredo)
    low = int(address) & 0xFFFF_FFFF
    if address in _NAT64 or int(address) >> 32 == 0:
        carried.append(ipaddress.IPv4Address(low))
    return carried
