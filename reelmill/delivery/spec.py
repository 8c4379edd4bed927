"""What a format is: its fields with the limits that its owner publishes, where they were read, and how it retires."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from reelmill.delivery.addresses import PublicAddresses
from reelmill.delivery.deliverable import Deliverable
from reelmill.product import Product

__all__ = ["Field", "FileKind", "Group", "Need", "Row", "Source", "Spec", "Value"]

Value: TypeAlias = str | int | float | bool | tuple[str, ...] | None
Row: TypeAlias = dict[str, Value]


class FileKind(StrEnum):
    """How rows become a file; the value is the file's ending."""

    CSV = "csv"
    TSV = "tsv"
    JSON = "json"
    NDJSON = "ndjson"

    @property
    def content_type(self) -> str:
        """The media type."""
        return {
            FileKind.CSV: "text/csv; charset=utf-8",
            FileKind.TSV: "text/tab-separated-values; charset=utf-8",
            FileKind.JSON: "application/json",
            FileKind.NDJSON: "application/x-ndjson",
        }[self]

    @property
    def is_table(self) -> bool:
        """Whether every value is a cell of text."""
        return self in (FileKind.CSV, FileKind.TSV)


class Need(StrEnum):
    """What a format cannot be written without, and what to do about it."""

    WEB = "web"
    FEED = "feed"
    YOUTUBE_IDS = "youtube_ids"

    @property
    def remedy(self) -> str:
        """What to do."""
        return {
            Need.WEB: "Set REELMILL_PUBLIC_BASE_URL to the https:// address at which the output can be read.",
            Need.FEED: "Give --feed, the product feed that has the fields it needs.",
            Need.YOUTUBE_IDS: "Upload the youtube manifest first, then give --youtube-ids.",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a fact was read, and in which month."""

    url: str
    read: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field. Limits that nobody publishes are None, and are not invented.

    ``cut`` shortens what is too long at a word, ``drops`` leaves out the last items of a list that has too many; both
    tell it, and without them such a row is refused. ``swaps`` are characters that the field does not take with what
    stands for them, ``without`` is a pattern of what is left out. ``web`` wants a public http(s) address, ``lines``
    permits line breaks. A list is written with ``joined_by`` between its items.
    """

    name: str
    meaning: str
    required: bool = False
    most_chars: int | None = None
    most_bytes: int | None = None
    most_items: int | None = None
    most_together: int | None = None  # characters of a whole list, as YouTube counts tags
    pattern: str | None = None
    one_of: tuple[str, ...] = ()
    web: bool = False
    lines: bool = False
    cut: bool = False
    drops: bool = False
    swaps: Mapping[str, str] = field(default_factory=dict)
    without: str | None = None
    joined_by: str = "|"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All deliverables of one product, with its items if a feed was given.

    A product that is an item group was made once for all its items; a catalog knows the items only. ``addresses``
    gives public addresses, ``youtube_ids`` the ids under which YouTube keeps deliverables, by key.
    """

    sku: str
    deliverables: tuple[Deliverable, ...]
    items: tuple[Product, ...]
    addresses: PublicAddresses
    youtube_ids: Mapping[str, str] = field(default_factory=dict)

    @property
    def product(self) -> Product | None:
        """The product, or the first of its items; None without a feed."""
        return self.items[0] if self.items else None

    @property
    def ids(self) -> tuple[str | None, ...]:
        """What a catalog calls it: the id of each item. None for a group whose items nobody has named."""
        if self.items:
            return tuple(dict.fromkeys(item.sku for item in self.items))
        return (None,) if any(one.is_group for one in self.deliverables) else (self.sku,)

    def chosen(self, platforms: tuple[str, ...]) -> list[Deliverable]:
        """Those for these platforms, in that order and the first variant first; all platforms if none are named."""
        order = {name: number for number, name in enumerate(platforms)}
        wanted = [one for one in self.deliverables if not platforms or one.platform in order]
        return sorted(wanted, key=lambda one: (one.variant, order.get(one.platform, 0), one.platform))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A format: what it is called, its fields, and how a product becomes rows of it.

    ``key`` is the field that tells rows apart. ``retire`` makes the row that takes away what an earlier file listed,
    from that row; None if leaving it out is all that the format has. ``retires_known`` also takes away products that
    the ledger knows to be retired, listed before or not. ``carries`` are the fields with the files: the earlier row of
    an item that no row can be made of (no feed names it, or its row there was rejected) stands while all its files are
    shown. ``recall`` completes a row with what the earlier one of its key says. Of a product's rows those after the
    first ``most_rows`` are left out, and told. ``most_file_bytes`` is the largest file that may be listed; None if
    nobody publishes one. No cell of a file ``for_people`` can act as a formula.
    """

    name: str
    title: str
    kind: FileKind
    fields: tuple[Field, ...]
    key: str
    rows: Callable[[Group], Iterable[Row]]
    retire: Callable[[Row], Row] | None
    retiring: str  # for people: what becomes of a row that is gone
    platforms: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    retires_known: Callable[[Deliverable], Iterable[str]] | None = None
    carries: tuple[str, ...] = ()
    recall: Callable[[Row, Row], Row] | None = None
    most_rows: int | None = None
    most_file_bytes: int | None = None
    for_people: bool = False
    disclosure: str = ""  # for people: how it says that a video was made by AI
    sources: tuple[Source, ...] = ()
    unverified: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.name}.{self.kind.value}"

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its fields, in order."""
        return tuple(one.name for one in self.fields)

    def field(self, name: str) -> Field:
        """One field by name."""
        return next(one for one in self.fields if one.name == name)
