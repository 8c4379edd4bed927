"""The part of docs/delivery.md that lists every format: made from the formats themselves."""

from __future__ import annotations

from collections.abc import Iterator

from reelmill.delivery.formats import FORMATS
from reelmill.delivery.spec import Field, Spec

__all__ = ["render_formats"]

_SAME_AS = {"ndjson": "json", "csv": "json"}


def render_formats() -> str:
    """A section for each format, as Markdown."""
    return "\n".join(line for spec in FORMATS.values() for line in _section(spec))


def _section(spec: Spec) -> Iterator[str]:
    yield from (f"### `{spec.name}`: {spec.title}", "")
    facts = {
        "File": f"`{spec.file}`" + (", cells safe to open in a spreadsheet" if spec.for_people else ""),
        "Videos for": ", ".join(f"`{name}`" for name in spec.platforms) or "every platform",
        "Largest file": f"{spec.most_file_bytes:,} bytes" if spec.most_file_bytes else "",
        "Rows": f"{spec.most_rows} of a product at most" if spec.most_rows else "",
        "Needs": ", ".join(f"`{need.value}`" for need in spec.needs) or "nothing",
        "Gone": spec.retiring,
        "Made by AI": spec.disclosure,
        "Read at": ", ".join(f"<{source.url}> ({source.read})" for source in spec.sources) or "a format of our own",
        "Unverified": "; ".join(spec.unverified) or "nothing",
    }
    yield from (f"- {name}: {text}." for name, text in facts.items() if text)
    yield ""
    if spec.name in _SAME_AS:
        yield from (f"The fields of `{_SAME_AS[spec.name]}`.", "")
        return
    yield from ("| field | limits | meaning |", "|---|---|---|")
    for one in spec.fields:
        yield f"| `{one.name}` | {', '.join(_limits(one))} | {one.meaning} |"
    yield ""


def _limits(one: Field) -> Iterator[str]:
    if one.required:
        yield "required"
    if one.web:
        yield "http(s)"
    if one.most_items is not None:
        yield f"up to {one.most_items}, joined by `{one.joined_by.strip()}`".replace("`|`", "a vertical bar")
    if one.most_chars is not None:
        yield f"{one.most_chars:,} characters" + (" (cut)" if one.cut else "")
    if one.most_bytes is not None:
        yield f"{one.most_bytes:,} bytes" + (" (cut)" if one.cut else "")
    if one.most_together is not None:
        yield f"{one.most_together} characters in all"
    if one.one_of:
        yield " or ".join(f"`{word}`" for word in one.one_of)
