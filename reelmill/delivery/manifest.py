"""One manifest: rows from the deliverables, each held against the format's limits, and rows that take away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reelmill.delivery.addresses import PublicAddresses
from reelmill.delivery.checking import Complaint, check_file, check_row
from reelmill.delivery.deliverable import Deliverable
from reelmill.delivery.spec import Group, Row, Spec
from reelmill.delivery.spool import Earlier, Spool
from reelmill.delivery.writing import RowWriter, open_writer, read_rows
from reelmill.product import Product
from reelmill.storage.port import Storage
from reelmill.storage.scratch import own_disk, scratch_folder

__all__ = ["Manifest", "ManifestMaker", "Trouble"]

_STANDS = "stands as it stood"
_GONE = "is taken away, as it is not shown any more, and nothing takes its place"
_REJECTED = "the row of this product, or one of which nobody can tell the product, was rejected from the feed"
_REMEDY = "Correct that row; reelmill plan says what is wrong with it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A row that was refused, or changed (``refused`` is false): which, why, and what to do.

    ``row`` counts the rows that the format would have had, from 1; ``key`` is what tells them apart.
    """

    file: str
    row: int
    key: str
    field: str
    reason: str
    remedy: str
    refused: bool

    def to_dict(self) -> dict[str, Any]:
        """The trouble as plain JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True, kw_only=True)
class Manifest:
    """A file that was written: where, how many rows list a video, how many take one away."""

    format: str
    file: str
    uri: str
    rows: int = 0
    retired: int = 0
    carried: int = 0  # rows that stand as they stood: of items that no feed names, or whose row there was rejected
    refused: int = 0  # rows, and files that were held back from theirs
    changed: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The manifest as plain JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(slots=True, kw_only=True)
class ManifestMaker:
    """Writes manifests of what is in the spool, each whole or not at all.

    ``prefix`` is where below the storage they go. ``whole`` is false for a part of a catalog, which retires nothing.
    ``with_feed`` says that the items of a feed are in the spool. Each trouble is told to ``tell``.
    """

    spool: Spool
    storage: Storage
    prefix: str
    addresses: PublicAddresses
    tell: Callable[[Trouble], None]
    youtube_ids: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    with_feed: bool = False

    def make(self, spec: Spec) -> Manifest:
        """Write the file of one format.

        Raises FixConfiguration if what lies there is no manifest of ours, TryLater without room on this machine.
        """
        name = f"{self.prefix}{spec.file}"
        done = Manifest(format=spec.name, file=spec.file, uri=self.storage.uri(name))
        with own_disk("manifest"), scratch_folder("manifest") as folder:
            earlier = self._earlier(spec, folder)
            path = folder / spec.file
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = open_writer(spec, file)
                _Making(self, spec, done, earlier, writer).write()
                writer.end()
            self.storage.upload(name, path, spec.kind.content_type)
        return done

    def lists_already(self, spec: Spec) -> bool:
        """Whether a file of this format lies there and has rows. Raises FixConfiguration as :meth:`make` does."""
        with scratch_folder("manifest") as folder:
            return any(True for _ in self._rows_before(spec, folder))

    def _earlier(self, spec: Spec, folder: Path) -> Earlier:
        earlier = self.spool.earlier()
        earlier.add((str(row[spec.key]), row) for row in self._rows_before(spec, folder))
        return earlier

    def _rows_before(self, spec: Spec, folder: Path) -> Iterator[Row]:
        path = folder / "earlier"
        try:
            self.storage.download(f"{self.prefix}{spec.file}", path)
        except FileNotFoundError:
            return
        yield from read_rows(spec, path)


@dataclass(slots=True)
class _Making:
    """One file on its way."""

    maker: ManifestMaker
    spec: Spec
    done: Manifest
    earlier: Earlier
    writer: RowWriter
    number: int = 0

    def write(self) -> None:
        for sku, videos, items in self.maker.spool.groups():
            for row in self._rows(sku, videos, items):
                self._add(row)
        if self.maker.whole:
            self._retire_known()
            self._retire_listed()

    def _rows(self, sku: str, videos: tuple[Deliverable, ...], items: tuple[Product, ...]) -> Iterator[Row]:
        taken = tuple(one for one in videos if self._takes(one))
        if not taken:
            return
        addresses = self.maker.addresses
        # Also when no row comes of it: those that its items had may stand.
        self.earlier.show(addresses.url(one.uri) or one.uri for one in taken if self._is_for(one))
        group = Group(
            sku=sku,
            deliverables=taken,
            items=items,
            addresses=addresses,
            youtube_ids=self.maker.youtube_ids,
        )
        rows = list(self.spec.rows(group))
        yield from rows[: self.spec.most_rows]
        if self.spec.most_rows is not None and (left_out := len(rows) - self.spec.most_rows) > 0:
            reason = f"takes {self.spec.most_rows} videos of a product at most; {left_out} left out"
            self._tell(sku, Complaint(self.spec.key, reason, "Make fewer."), refused=False)
            self.done.changed += 1

    def _takes(self, one: Deliverable) -> bool:
        """Whether the format takes the file; one that it does not is held back, and the others of its row go on."""
        complaint = check_file(self.spec, one)
        if complaint is None:
            return True
        self._tell(one.sku, complaint, refused=True, row=self.number + 1)
        self.done.refused += 1
        return False

    def _is_for(self, one: Deliverable) -> bool:
        return not self.spec.platforms or one.platform in self.spec.platforms

    def _add(self, row: Row) -> None:
        self.number += 1
        checked = check_row(self.spec, self._recalled(row))
        key = str(checked.row[self.spec.key] or "")
        for note in checked.notes:
            self._tell(key, note, refused=False)
        for problem in checked.problems:
            self._tell(key, problem, refused=True)
        if checked.problems:
            self.done.refused += 1
            return
        self.done.changed += bool(checked.notes)
        if not self.earlier.list_now(key):
            twice = Complaint(self.spec.key, "was listed already, for another product", "Give each product its own id.")
            self._tell(key, twice, refused=True)
            self.done.refused += 1
            return
        self.writer.write(checked.row)
        self.done.rows += 1

    def _recalled(self, row: Row) -> Row:
        if self.spec.recall is None:
            return row
        earlier = self.earlier.row(str(row[self.spec.key]))
        return row if earlier is None else self.spec.recall(row, earlier)

    def _retire_known(self) -> None:
        """Products that the ledger knows to be gone, listed before or not."""
        keys_of = self.spec.retires_known
        if keys_of is None or self.spec.retire is None:
            return
        for one in self.maker.spool.retired():
            for key in keys_of(one):
                if not self._shows_others(key) and self.earlier.list_now(key):
                    self._retire({self.spec.key: key})

    def _shows_others(self, key: str) -> bool:
        """Whether its earlier row lists what is still shown: then it is an item of a group by now."""
        row = self.earlier.row(key)
        return row is not None and self.earlier.is_shown(self._carried(row))

    def _retire_listed(self) -> None:
        """What an earlier file listed and this one does not; an item's row may stand without the feed."""
        for key, row in self.earlier.gone():
            files = self._carried(row)
            rejected = bool(files) and self.maker.with_feed and self.maker.spool.is_rejected(key)
            stands = (rejected or self._is_unnamed(key)) and self.earlier.is_shown(files)
            if rejected:
                self._tell_rejected(key, stands=stands)
            if stands:
                self.writer.write({name: row.get(name) for name in self.spec.names})
                self.done.carried += 1
            elif self.spec.retire is not None:
                self._retire(row)
            else:
                self.done.retired += 1

    def _is_unnamed(self, key: str) -> bool:
        """Whether the row may be that of a group's item, which only a feed would name."""
        return not self.maker.with_feed and not self.maker.spool.has_sku(key)

    def _carried(self, row: Row) -> tuple[str, ...]:
        values = [row.get(name) for name in self.spec.carries]
        lists = [value if isinstance(value, tuple) else (str(value),) for value in values if value]
        return tuple(address for addresses in lists for address in addresses)

    def _tell_rejected(self, key: str, *, stands: bool) -> None:
        self.number += 1
        self.done.refused += not stands
        reason = f"{_STANDS if stands else _GONE}: {_REJECTED}"
        self._tell(key, Complaint(self.spec.carries[0], reason, _REMEDY), refused=not stands)

    def _retire(self, earlier: Row) -> None:
        assert self.spec.retire is not None
        self.writer.write(check_row(self.spec, self.spec.retire(earlier), retiring=True).row)
        self.done.retired += 1

    def _tell(self, key: str, what: Complaint, *, refused: bool, row: int | None = None) -> None:
        self.maker.tell(
            Trouble(
                file=self.done.file,
                row=row or self.number,
                key=key,
                field=what.field,
                reason=what.reason,
                remedy=what.remedy,
                refused=refused,
            )
        )
