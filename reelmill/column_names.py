"""The columns of a feed by name: however the feed, a setting or a template spells one, it is the same."""

from __future__ import annotations

import unicodedata

__all__ = ["column_name", "slug"]


def column_name(header: str) -> str:
    """The name of a column as dialects know it: ``g:image link`` and ``Image Link`` are ``image_link``."""
    trimmed = header.strip().strip('"')
    return slug(trimmed[2:] if trimmed[:2].lower() == "g:" else trimmed)


def slug(name: str) -> str:
    """A column name as an identifier that templates can use: ``Care & Wash`` becomes ``care_wash``."""
    folded = unicodedata.normalize("NFKD", name.strip()).casefold()  # in this order: the letters of ™ are capitals
    kept = "".join(char if char.isalnum() else "_" for char in folded if not unicodedata.combining(char))
    joined = "_".join(part for part in kept.split("_") if part)
    if not joined or joined.isidentifier():
        return joined
    return f"c_{joined}" if f"c_{joined}".isidentifier() else ""
