"""One file's header, matched once to product fields, so that reading a row is index work only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from reelmill.catalog.dialect import LIST_FIELDS, NAMES, Dialect
from reelmill.column_names import column_name
from reelmill.errors import FixConfiguration, FixFeed
from reelmill.signatures import hide_secrets

__all__ = ["ColumnMap", "check_mapping", "match_columns"]

_REQUIRED = {
    Dialect.GOOGLE: ("sku", "title"),
    Dialect.PLAIN: ("sku", "title"),
    Dialect.SHOPIFY: ("handle", "title"),
}
_SHOWN_COLUMNS = 12
# Kept for templates too: they are columns of the feed that no product field carries as they stand.
_ALSO_EXTRA = frozenset({"product_type", "google_category", "status", "published", "stock"})


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where each field stands: the indices of its columns."""

    width: int
    fields: Mapping[str, int]  # one column, or `width` if the feed has none
    lists: Mapping[str, tuple[int, ...]]  # the fields that take several columns
    extra: tuple[tuple[str, int], ...]  # identifier -> column
    headers: Mapping[str, str]  # field -> its column as the feed spells it, for rejects

    def spelled(self, field: str) -> str:
        """The column of a field as the feed spells it, or the field's own name."""
        return self.headers.get(field, field)

    def with_extra(self, keys: Iterable[str]) -> ColumnMap:
        """The same with further extra columns, which are always empty."""
        known = {key for key, _ in self.extra}
        return replace(self, extra=(*self.extra, *((key, self.width) for key in keys if key not in known)))


def check_mapping(columns: Mapping[str, str], dialect: Dialect) -> None:
    """Raise FixConfiguration if a ``columns`` mapping names a field that the dialect does not read."""
    for field in columns:
        if field not in NAMES[dialect]:
            raise FixConfiguration(
                f"The columns mapping names {field!r}, which is no field of a {dialect.value} feed.",
                f"Use one of: {', '.join(NAMES[dialect])}.",
            )


def match_columns(header: Sequence[str], dialect: Dialect, columns: Mapping[str, str], file: str) -> ColumnMap:
    """Match a header; ``columns`` wins over the dialect's own names. Raises FixFeed without a product id or title."""
    slugs = [column_name(column) for column in header]
    places: dict[str, list[int]] = {}
    for index, name in enumerate(slugs):
        places.setdefault(name, []).append(index)
    chosen = {field: _mapped(field, column, header, slugs, file) for field, column in columns.items()}
    taken = set(chosen.values())
    found: dict[str, tuple[int, ...]] = {field: (index,) for field, index in chosen.items()}
    for field, names in NAMES[dialect].items():
        if field in found:
            continue
        indices = [index for name in names for index in places.get(name, ()) if index not in taken]
        if indices:
            found[field] = tuple(indices) if field in LIST_FIELDS else (indices[0],)
            taken.update(found[field])
    _check_required(found, dialect, header, file)
    width = len(header)
    fields = {field: found[field][0] if field in found else width for field in {*NAMES[dialect], *found}}
    left = taken - {index for field in _ALSO_EXTRA for index in found.get(field, ())}
    return ColumnMap(
        width=width,
        fields={field: index for field, index in fields.items() if field not in LIST_FIELDS},
        lists={field: found.get(field, ()) for field in sorted(LIST_FIELDS)},
        extra=_extra(slugs, left),
        headers={field: header[indices[0]].strip() for field, indices in found.items()},
    )


def _mapped(field: str, column: str, header: Sequence[str], slugs: Sequence[str], file: str) -> int:
    """The column that the mapping names: spelled exactly, or else up to case, spaces and punctuation."""
    exact = [index for index, name in enumerate(header) if name.strip() == column.strip()]
    near = exact or [index for index, name in enumerate(slugs) if name and name == column_name(column)]
    if not near:
        raise FixFeed(
            f"{file} has no column {column!r}, which the columns mapping names for {field}.",
            f"Its columns are: {_shown(header)}.",
        )
    return near[0]


def _check_required(found: Mapping[str, object], dialect: Dialect, header: Sequence[str], file: str) -> None:
    missing = [field for field in _REQUIRED[dialect] if field not in found]
    if missing:
        words = " and ".join(
            {"sku": "the product id", "title": "the title", "handle": "the handle"}[m] for m in missing
        )
        raise FixFeed(
            f"{file} is no product feed that we understand: it has no column for {words}; "
            f"its first line reads: {_shown(header)}.",
            "Export it with a header line, or map its columns: --column sku=ItemNo --column title=Name.",
        )


def _shown(header: Sequence[str]) -> str:
    names = [repr(hide_secrets(name.strip())[:40]) for name in header[:_SHOWN_COLUMNS]]
    return ", ".join(names) + (f" and {len(header) - _SHOWN_COLUMNS} more" if len(header) > _SHOWN_COLUMNS else "")


def _extra(slugs: Sequence[str], taken: set[int]) -> tuple[tuple[str, int], ...]:
    """The columns that no field took, each under an identifier of its own."""
    extra: dict[str, int] = {}
    for index, name in enumerate(slugs):
        if index in taken or not name:
            continue
        key, number = name, 2
        while key in extra:
            key, number = f"{name}_{number}", number + 1
        extra[key] = index
    return tuple(extra.items())
