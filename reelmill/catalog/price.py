"""Prices as feeds write them, to an exact amount and a currency code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

__all__ = ["KNOWN_CURRENCIES", "CurrencyError", "format_price", "parse_price"]

_SYMBOLS = {
    "$": "USD", "us$": "USD", "$us": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₩": "KRW", "₺": "TRY",
    "₽": "RUB", "₴": "UAH", "₪": "ILS", "₫": "VND", "฿": "THB", "zł": "PLN", "kč": "CZK", "fr.": "CHF", "c$": "CAD",
    "ca$": "CAD", "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD", "r$": "BRL", "mx$": "MXN",
    "kr": "", "kr.": "",  # three countries write it: the currency column must tell
}  # fmt: skip
# What else a bare sign may stand for: a code in the same price tells.
_SHARED = {
    "$": frozenset({
        "ARS", "AUD", "BBD", "BMD", "BND", "BRL", "BSD", "BZD", "CAD", "CLP", "COP", "DOP", "FJD", "GYD", "HKD", "JMD",
        "KYD", "LRD", "MXN", "NAD", "NZD", "SBD", "SGD", "SRD", "TTD", "TWD", "USD", "UYU", "XCD",
    }),
    "£": frozenset({"EGP", "FKP", "GBP", "GIP", "LBP", "SHP"}),
    "¥": frozenset({"CNY", "JPY"}),
}  # fmt: skip
_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_NO_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
})  # fmt: skip
KNOWN_CURRENCIES = (
    frozenset(filter(None, _SYMBOLS.values())).union(*_SHARED.values(), _NO_DECIMALS, _THREE_DECIMALS)
    | frozenset({"AED", "BGN", "DKK", "HUF", "IDR", "MYR", "NOK", "PHP", "RON", "SAR", "SEK", "ZAR"})
)  # fmt: skip
"""Codes that are beyond doubt: any three letters are taken for one where a price is expected, also those of 250 GSM."""

_SHAPE = re.compile(r"(?P<before>[^\d]*?)(?P<number>\d(?:[\d.,'\u2019 ]*\d)?|[.,]\d+)(?P<after>[^\d]*)")
_USUAL = re.compile(r"([0-9]{1,12}\.[0-9]{2}) ([A-Z]{3})").fullmatch  # as Merchant Center wants it
_SPACED = re.compile(r"[0-9]{1,3}(?:[ '\u2019][0-9]{3})+(?:[.,][0-9]*)?").fullmatch
_NO_SPACES = str.maketrans("", "", " '\u2019")
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009\t", " "))
_MAX_DIGITS = 15
_PLACES = 6  # decimals that are kept of an amount with more digits than that: computed ones end in noise


class CurrencyError(ValueError):
    """A currency column says what is no currency."""


def parse_price(text: str, currency: str = "", *, typed: bool = False) -> tuple[Decimal, str]:
    """The amount and ISO currency of a price like ``19.99 USD``, ``EUR 1.299,00``, ``$5`` or ``1'299.00``.

    ``currency`` (from a column of its own) wins over what the price says, and there a code over a sign that several
    currencies share: ``$19.99 CAD``. An amount of more than 15 digits is rounded to six decimals.
    Of two kinds of separator the last is the decimal one; one that stands before exactly three digits groups
    thousands, unless the price is ``typed``: a number in its file has no grouping. Raises ValueError with the reason,
    fit for a reject; CurrencyError if it is ``currency`` that is wrong.
    """
    usual = _USUAL(text)
    if usual is not None and not currency:
        return Decimal(usual[1]), usual[2]
    amount, code = _split(text)
    if currency:
        try:
            code = _currency(currency.strip())
        except ValueError:
            raise CurrencyError("is none that we know") from None
    return _typed_number(amount) if typed else _number(amount, code), code


def format_price(amount: Decimal, currency: str) -> str:
    """The price for people: ``19.99 EUR``, ``1999 JPY``, ``5.000 KWD``; without a currency, the amount alone.

    It has the minor units of its currency (ISO 4217), or more if the amount does: nothing is rounded away.
    """
    units = 0 if currency in _NO_DECIMALS else 3 if currency in _THREE_DECIMALS else 2
    whole, _, cents = f"{amount:f}".partition(".")
    cents = cents.rstrip("0").ljust(units, "0")
    return f"{whole}.{cents} {currency}".strip() if cents else f"{whole} {currency}".strip()


def _split(text: str) -> tuple[str, str]:
    """Take sign and currency off: the bare number and the currency code, or an empty one."""
    trimmed = text.translate(_SPACES).strip()
    if trimmed.startswith("(") and trimmed.endswith(")"):
        raise ValueError("is negative")
    match = _SHAPE.fullmatch(trimmed)
    if match is None:
        raise ValueError("is not one amount")
    before, after = match["before"].strip(), match["after"].strip()
    if before.startswith(("-", "\u2212")) or before.endswith(("-", "\u2212")) or after in {"-", "\u2212"}:
        raise ValueError("is negative")
    if after in {",-", ".-", ",\u2013", ".\u2013"}:  # Swiss and German shops write 5.- for 5.00
        after = ""
    return match["number"].strip(), _named(side for side in (before, after) if side not in {"", "+"})


def _named(sides: Iterable[str]) -> str:
    """The currency that stands around a number: ``CAD $`` or ``$`` and ``CAD`` are Canadian dollars."""
    found = {word: _currency(word) for side in sides for word in _words(side)}
    codes = [code for word, code in found.items() if code and not _told_by_code(word, found)]
    for code in codes:
        if code != codes[0]:
            raise ValueError(f"names two currencies, {codes[0]} and {code}")
    return codes[0] if codes else ""


def _words(side: str) -> tuple[str, ...]:
    """What stands on one side of a number: a sign, a code, or both of them."""
    if side.isalpha() or _sign(side) in _SYMBOLS:
        return (side,)
    for code, sign in ((side[:3], side[3:].strip()), (side[-3:], side[:-3].strip())):
        if _is_code(code) and _sign(sign) in _SYMBOLS:
            return code, sign
    return (side,)


def _told_by_code(sign: str, found: Mapping[str, str]) -> bool:
    """Whether this is a sign of several currencies, and another word says which of them is meant."""
    return any(word != sign and code in _SHARED.get(sign, ()) for word, code in found.items())


def _currency(token: str) -> str:
    if _is_code(token):
        return token.upper()
    known = _SYMBOLS.get(_sign(token))
    if known is None:
        raise ValueError("is not one amount")
    return known


def _is_code(token: str) -> bool:
    return len(token) == 3 and token.isascii() and token.isalpha()  # noqa: PLR2004 - ISO 4217 codes


def _sign(token: str) -> str:
    """A sign as ``_SYMBOLS`` spells it."""
    return token.lower().replace(" ", "")


def _number(text: str, currency: str) -> Decimal:
    """The amount without its grouping; every digit must be a plain one."""
    bare = text
    if not text.replace(".", "").replace(",", "").isdigit():
        if _SPACED(text) is None:
            raise ValueError("is not one amount")
        bare = text.translate(_NO_SPACES)
    dot, comma = bare.rfind("."), bare.rfind(",")
    point = max(dot, comma)
    if point >= 0:
        mark = bare[point]
        tail = bare[point + 1 :]
        both = dot >= 0 and comma >= 0
        groups = not both and _groups_thousands(bare, mark, tail, currency)
        whole, cents = (bare, "") if groups else (bare[:point], tail)
        other = mark if groups else ("," if mark == "." else ".")
        if (not groups and mark in whole) or not _well_grouped(whole, other):
            raise ValueError("is not one amount")
        bare = (whole.replace(other, "") or "0") + (f".{cents}" if cents else "")
    if not bare.replace(".", "", 1).isascii() or not bare.replace(".", "", 1).isdigit():
        raise ValueError("is not one amount")
    return _exact(bare)


def _typed_number(text: str) -> Decimal:
    """The amount that a typed column holds; zeros of its scale do not count as digits."""
    return _exact(_without_zeros(text))


def _exact(bare: str) -> Decimal:
    """The amount of a plain number; one with too many decimals is rounded, because it was computed in floats."""
    if len(bare) > _MAX_DIGITS >= len(bare.partition(".")[0]):
        bare = _without_zeros(f"{round(Decimal(bare), _PLACES):f}")
    if len(bare) > _MAX_DIGITS:
        raise ValueError("is not one amount")
    return Decimal(bare)


def _without_zeros(bare: str) -> str:
    """The same number without the zeros that end it, from its third decimal on."""
    whole, point, cents = bare.partition(".")
    return whole + point + cents[:2] + cents[2:].rstrip("0")


def _groups_thousands(bare: str, mark: str, tail: str, currency: str) -> bool:
    if bare.count(mark) > 1:
        return True
    head = bare[: bare.find(mark)]
    fits = len(tail) == 3 and 1 <= len(head) <= 3 and head[0] != "0"  # noqa: PLR2004 - thousands
    return fits and (mark == "," or currency not in _THREE_DECIMALS)


def _well_grouped(whole: str, mark: str) -> bool:
    """Whether the grouping marks can be meant: Indian lakhs group by two, nobody by one or four."""
    first, *rest = whole.split(mark)
    return not rest or (1 <= len(first) <= 3 and all(len(part) in (2, 3) for part in rest) and len(rest[-1]) == 3)  # noqa: PLR2004
