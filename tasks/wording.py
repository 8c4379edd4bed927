"""How feed text and lists reach an artifact: as text, whatever a feed cell contains."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["bullets", "plain"]

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|!])")
_LONGEST = 300


def plain(text: str) -> str:
    """Text that Markdown and HTML leave alone, on one line."""
    line = " ".join(text.split())
    return _MARKUP.sub(r"\\\1", line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…")


def bullets(title: str, items: Sequence[str], total: int) -> list[str]:
    """A headed list, saying how many more there are; nothing at all when there are none."""
    if not total:
        return []
    lines = [f"- {plain(item)}" for item in items]
    if total > len(items):
        lines.append(f"- … and {total - len(items)} more")
    return [f"### {title} ({total})", "\n".join(lines)]
