"""Product text on its way into a prompt: made harmless, shortened, measured."""

from __future__ import annotations

import math
import re
import unicodedata
from functools import lru_cache

__all__ = ["MOST_CHARS", "TOKEN_BOUND", "brief", "clean", "estimate_tokens", "fold"]

TOKEN_BOUND = 1024
"""Longest prompt that Google documents, in tokens (Veo page of the Gemini API; Vertex AI names no figure)."""

MOST_CHARS = 4000
"""Longest text taken from one feed cell, in characters; merchant feeds allow 5,000 for a description."""

_SHORT = 160
_DOUBLE_QUOTES = '"“”„‟«»″'
_ODD = re.compile(f"[{_DOUBLE_QUOTES}]|  ")
_QUOTED_WORDS = re.compile(rf"(?<![^\s(\[])[{_DOUBLE_QUOTES}](?=\S)([^{_DOUBLE_QUOTES}]*)[{_DOUBLE_QUOTES}]")
_INCHES = re.compile(r'(?<=\d)\s?["”″]')
_INCHES_BEFORE = re.compile(rf"{_INCHES.pattern}(?=\w)")
_ANY_QUOTE = re.compile(f"[{_DOUBLE_QUOTES}]")
_LAST_STOP = re.compile(r"[.!?](?=\s)")
_LAST_LATIN = "\u024f"  # beyond it a character is often a token of its own
_CLOSING = " .,;:!?"
_NOT_WORD = re.compile(r"[^0-9a-z]+")
_IRREGULAR = {
    "lenses": "lens", "buses": "bus", "gases": "gas", "children": "child", "mice": "mouse", "geese": "goose",
    "shelves": "shelf", "bookshelves": "bookshelf", "scarves": "scarf", "knives": "knife", "loaves": "loaf",
    "leaves": "leaf", "halves": "half", "wolves": "wolf", "calves": "calf", "hooves": "hoof", "thieves": "thief",
}  # fmt: skip


def clean(text: str) -> str:
    """One line of plain characters: what a feed cell is allowed to be inside a prompt.

    Control, invisible and bidirectional-override characters go, runs of white space become one space.
    Double quotation marks go too, because Veo letters quoted words into the picture; after a digit they
    become ``inch``. Everything else, braces and percent signs included, stays as it is.
    """
    return _cleaned_short(text) if len(text) <= _SHORT else _cleaned(text)


def _cleaned(text: str) -> str:
    if text.isprintable() and not _ODD.search(text):
        return text[:MOST_CHARS].strip()
    text = text[:MOST_CHARS]
    if not text.isprintable():
        text = "".join(_printable(char) for char in text)
    if _ANY_QUOTE.search(text):
        text = _QUOTED_WORDS.sub(r"\1", text)
        text = _ANY_QUOTE.sub("", _INCHES.sub(" inch", _INCHES_BEFORE.sub(" inch ", text)))
    return " ".join(text.split())


# Brands, colours, materials and categories repeat by the thousand, and every field is asked for per ratio.
_cleaned_short = lru_cache(maxsize=16_384)(_cleaned)


def _printable(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() or unicodedata.category(char) == "Cc" else ""


def brief(text: object, limit: int = 200) -> str:
    """``text`` in at most ``limit`` characters, cut after a sentence or a word, without its closing stop.

    The template puts the stop, so that a text with and one without end alike. A cut inside a sentence
    shows as an ellipsis.
    """
    words = str(text).strip()
    if len(words) <= limit:
        return words.rstrip(_CLOSING)
    head = words[:limit]
    stops = [match.start() for match in _LAST_STOP.finditer(words[: limit + 1]) if match.start() >= limit // 2]
    if stops:
        return head[: stops[-1]].rstrip(_CLOSING)
    shorter = words[: limit - 1]
    at_word = shorter.rfind(" ")
    if at_word >= limit // 2 and words[limit - 1] != " ":
        shorter = shorter[:at_word]
    return shorter.rstrip(_CLOSING) + "…"


def estimate_tokens(text: str) -> int:
    """How many tokens ``text`` has at most, roughly: conservative for English, cautious for other scripts."""
    foreign = 0 if text.isascii() else sum(1 for char in text if char > _LAST_LATIN)
    by_words = (text.count(" ") + text.count("\n") + 1) * 1.35
    by_chars = (len(text) - foreign) / 3.5 + foreign
    return math.ceil(max(by_words, by_chars))


def fold(text: str) -> tuple[str, ...]:
    """The words of ``text`` for comparing: lower case, no accents, ``&`` as *and*, plurals as singulars."""
    plain = text if text.isascii() else _without_accents(text)
    return tuple(_singular(word) for word in _NOT_WORD.split(plain.lower().replace("&", " and ")) if word)


def _without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _singular(word: str) -> str:
    # Both sides of every comparison pass through here, so a wrong singular does no harm: it is wrong twice.
    word = _IRREGULAR.get(word, word)
    if len(word) <= 2 or word.endswith("ss"):  # noqa: PLR2004
        return word
    if len(word) > 4:  # noqa: PLR2004 - ties, toes and axes only lose their s
        if word.endswith(("sses", "shes", "ches", "xes", "oes")):
            return word[:-2]
        if word.endswith("ies"):
            return word[:-3] + "y"
    if len(word) > 3:  # noqa: PLR2004 - a tie stays one
        if word.endswith("ie"):
            return word[:-2] + "y"
        if word.endswith("oe"):
            return word[:-1]
    return word.removesuffix("s")
