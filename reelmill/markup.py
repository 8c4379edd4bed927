"""HTML and odd characters to plain text: one line, printable, without tags and without hidden characters."""

from __future__ import annotations

import html
import re

__all__ = ["description_text", "plain_text", "tidy", "unescaped"]

# Characters that a reader cannot see but a model can: direction overrides, zero-width marks, tag characters,
# and lone surrogates, which no file can hold. Joiners (200c, 200d) stay: emoji and Persian need them.
_HIDDEN = re.compile("[\ud800-\udfff\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_ESCAPED_TAG = re.compile("&(?:lt|#0*60|#x0*3c);", re.IGNORECASE).search
_TAG_NAME = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])")

_BLOCK = frozenset({
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol",
    "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "body", "button", "center", "cite", "code", "col", "colgroup",
    "data", "del", "dfn", "em", "font", "head", "html", "i", "img", "input", "ins", "kbd", "label", "link",
    "mark", "meta", "o", "picture", "q", "s", "samp", "small", "source", "span", "strike", "strong", "sub",
    "sup", "time", "title", "tt", "u", "var", "video", "wbr",
})  # fmt: skip
_SILENT = frozenset({"script", "style", "template", "iframe", "noscript", "svg", "object", "select", "textarea"})
_ENDS_SENTENCE = ".!?:;,…"


def tidy(text: str) -> str:
    """The text on one trimmed line: no control or hidden characters, whitespace collapsed, markup untouched."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return " ".join(_CONTROL.sub(" ", _HIDDEN.sub("", text)).split())


def plain_text(text: str) -> str:
    """The text as :func:`tidy` makes it, with HTML tags removed and character references resolved.

    Only names that HTML knows count as tags, so ``size <40 cm`` and ``R&D`` stay as written.
    """
    if "<" in text:
        text = _without_tags(text)
    if "&" in text:
        text = _resolved(text)
    return tidy(text)


def description_text(text: str) -> str:
    """The text as :func:`plain_text` makes it, from HTML that may have been escaped once more."""
    return plain_text(unescaped(text))


def unescaped(text: str) -> str:
    """HTML out of ``&lt;p&gt;``; other text as it is.

    A text with tags of its own is HTML already, and what is escaped in it is to be shown. Inline tags must be closed:
    a text about ``&lt;b&gt;`` is one.
    """
    if _ESCAPED_TAG(text) is None or _without_tags(text) != text:
        return text
    resolved = _resolved(text)
    for start in (match.start() for match in re.finditer("<", resolved)):
        tag = _known_tag(resolved, start)
        if tag in _BLOCK or (tag and resolved.startswith("</", start)):
            return resolved
    return text


def _resolved(text: str) -> str:
    """The text with its character references resolved, once."""
    return _ENTITY.sub(lambda match: html.unescape(match.group()), text)


def _without_tags(text: str) -> str:
    """Walk the markup once, left to right; an unfinished tag is text. Never raises, linear in the length."""
    parts: list[str] = []
    position = 0
    last = ""  # the last character said so far, white space aside
    endless: set[str] = set()  # silent elements that are never closed from here on
    while (start := text.find("<", position)) >= 0:
        said = text[position:start]
        parts.append(said)
        last = said.rstrip()[-1:] or last
        if text.startswith("<!--", start):
            end = text.find("-->", start + 4)
            position = len(text) if end < 0 else end + 3
            continue
        tag = _known_tag(text, start)
        position = _tag_end(text, start) if tag else start + 1
        if not tag:
            parts.append("<")
            last = "<"
        elif position < 0:
            parts.append(text[start:])
            position = len(text)
        elif tag in _SILENT and tag not in endless and text[start + 1] != "/":
            position = _after_silent(text, tag, position, endless)
        elif tag in _BLOCK:
            pause = ". " if last and last not in _ENDS_SENTENCE else " "
            parts.append(pause)
            last = pause.strip() or last
    parts.append(text[position:])
    return "".join(parts)


def _known_tag(text: str, start: int) -> str:
    """The lower-case name of the tag that begins here, or nothing if HTML has no such tag."""
    name = _TAG_NAME.match(text, start)
    tag = name[1].lower() if name else ""
    return tag if tag in _BLOCK or tag in _INLINE or tag in _SILENT else ""


def _tag_end(text: str, start: int) -> int:
    """The position after the tag's ``>``, or -1; a ``>`` inside a quoted attribute does not count."""
    end = text.find(">", start)
    for _ in range(4):
        if end < 0 or text.count('"', start, end) % 2 == 0:
            break
        further = text.find(">", end + 1)
        if further < 0:
            break
        end = further
    return end + 1 if end >= 0 else -1


def _after_silent(text: str, tag: str, position: int, endless: set[str]) -> int:
    """The position after the closing tag of an element whose content nobody reads, or after its opening tag."""
    end = re.compile(rf"</{tag}\s*>", re.IGNORECASE).search(text, position)
    if end is None:
        endless.add(tag)
    return position if end is None else end.end()
