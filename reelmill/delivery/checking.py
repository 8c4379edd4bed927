"""Holding a row against the published limits: fixed where the platform says how, else refused with a remedy."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.spec import Field, Row, Spec, Value
from reelmill.signatures import unsigned

__all__ = ["Checked", "Complaint", "check_file", "check_row"]

_ELLIPSIS = "…"
_CHANGE = "Change it in the feed, to choose what stands there."
_LONGEST_WORD = 24  # a cut falls back at most so far to the end of a word


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with one field, and what to do about it."""

    field: str
    reason: str
    remedy: str


@dataclass(slots=True)
class Checked:
    """A row as it may be written, what was changed in it, and what keeps it from being written at all."""

    row: Row
    notes: list[Complaint] = field(default_factory=list)
    problems: list[Complaint] = field(default_factory=list)


def check_row(spec: Spec, row: Row, *, retiring: bool = False) -> Checked:
    """Every field of the format, in its order. A row that only takes something away needs no more than its key."""
    done = Checked({})
    for one in spec.fields:
        value = _cleaned(one, row.get(one.name), done)
        if _empty(value):
            if one.required and (not retiring or one.name == spec.key):
                done.problems.append(Complaint(one.name, "is missing", f"The {spec.title} needs it: {one.meaning}"))
        elif isinstance(value, tuple):
            value = _shorter_list(one, value, done)
            for item in value:
                _text(one, item, done)
        else:
            value = _text(one, value, done)
        done.row[one.name] = value
    return done


def check_file(spec: Spec, one: Deliverable) -> Complaint | None:
    """What keeps a file from being listed at all; None if nothing does, or its size is not known."""
    most = spec.most_file_bytes
    if most is None or (one.size_bytes or 0) <= most:
        return None
    if spec.platforms and one.platform not in spec.platforms:
        return None
    reason = f"has a file for {one.platform} of {one.size_bytes:,} bytes; the {spec.title} takes {most:,} at most"
    remedy = f"Set delivery.max_video_kbps of {one.platform} in platforms.toml, then have the clip made anew."
    return Complaint((*spec.carries, spec.key)[0], reason, remedy)


def _empty(value: Value) -> bool:
    return value is None or value in ("", ())


def _cleaned(one: Field, value: Value, done: Checked) -> Value:
    """Without control characters (which no format takes), and with the swaps that the platform makes itself."""
    if isinstance(value, tuple):
        return tuple(text for item in value if (text := str(_cleaned(one, item, done))))
    if not isinstance(value, str):
        return value
    text = value
    if not text.isprintable():
        text = "".join(char if char == "\n" and one.lines else _plain(char) for char in text)
    text = text.strip()
    found = [char for char in one.swaps if char in text]
    if found:
        text = text.translate({ord(char): other for char, other in one.swaps.items()})
        listed = " and ".join(map(repr, found))
        reason = f"has {listed}, which stands as a look-alike now"
        done.notes.append(Complaint(one.name, reason, _CHANGE))
    if one.without and re.search(one.without, text):
        text = " ".join(re.sub(one.without, " ", text).split())
        done.notes.append(Complaint(one.name, "has what the field does not take, which was left out", _CHANGE))
    return text


def _plain(char: str) -> str:
    return " " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char


def _text(one: Field, value: Value, done: Checked) -> Value:
    if not isinstance(value, str):
        return value
    if _too_long(one, value):
        if not one.cut:
            done.problems.append(Complaint(one.name, f"is longer than {_limit(one)}", "Shorten it in the feed."))
            return value
        value = _shortened(one, value)
        done.notes.append(Complaint(one.name, f"was shortened to {_limit(one)}", "Shorten it in the feed yourself."))
    if one.web and (wrong := _no_address(value)):
        done.problems.append(Complaint(one.name, wrong, "Correct public_base_url, or the address in the feed."))
    if one.one_of and value not in one.one_of:
        done.problems.append(Complaint(one.name, f"is {value[:40]!r}", f"It may be: {', '.join(one.one_of)}."))
    if one.pattern and not re.fullmatch(one.pattern, value):
        done.problems.append(Complaint(one.name, f"is {value[:40]!r}", f"It is to be {one.meaning}"))
    return value


def _too_long(one: Field, text: str) -> bool:
    chars, size = one.most_chars, one.most_bytes
    return (chars is not None and len(text) > chars) or (size is not None and len(text.encode()) > size)


def _limit(one: Field) -> str:
    return f"{one.most_bytes:,} bytes" if one.most_bytes is not None else f"{one.most_chars:,} characters"


def _shortened(one: Field, text: str) -> str:
    """The longest beginning that fits with an ellipsis, ended after a word if one ends near."""
    text = text[: one.most_chars] if one.most_chars is not None else text
    if one.most_bytes is not None:
        text = text.encode()[: one.most_bytes].decode(errors="ignore")
    while _too_long(one, text + _ELLIPSIS):
        text = text[:-1]
    head, space, tail = text.rpartition(" ")
    if space and len(tail) <= _LONGEST_WORD:
        text = head
    return text.rstrip(" ,;:.-\n") + _ELLIPSIS


def _shorter_list(one: Field, items: tuple[str, ...], done: Checked) -> tuple[str, ...]:
    kept = items[: one.most_items]
    if one.most_together is not None:
        while kept and _together(kept) > one.most_together:
            kept = kept[:-1]
    if len(kept) == len(items):
        return items
    left_out = len(items) - len(kept)
    most = f"{one.most_items} at most" if one.most_items is not None else f"{one.most_together} characters"
    told = Complaint(one.name, f"takes {most}; {left_out} left out", "Make fewer.")
    (done.notes if one.drops else done.problems).append(told)
    return kept


def _together(items: tuple[str, ...]) -> int:
    """Characters of all tags as YouTube counts them: commas between them, and quotes around those with a space."""
    return sum(len(item) + 2 * (" " in item) for item in items) + len(items) - 1


def _no_address(text: str) -> str:
    """What keeps it from being a public address that lasts; empty if nothing does."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks it
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is no http(s) address"
    if not text.isascii() or any(char.isspace() or char in '"<>\\^`{|}' for char in text):
        return "has characters that must be percent-encoded"
    if parts.username is not None or parts.password is not None:
        return "carries a user or a password"
    if unsigned(text) != text:
        return "is a signed address, which expires"
    return ""
