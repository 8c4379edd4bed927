"""From rows to products: duplicates found, variants of one item group folded, with flat memory.

The first row of a group speaks for the product; rows right after it fill what it left empty and add their pictures
and ids. A row of the group that comes later, after other products, adds nothing and makes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reelmill.catalog.build import changed_products
from reelmill.catalog.media import MAX_IMAGES
from reelmill.catalog.naming import named
from reelmill.catalog.notes import FeedNotes
from reelmill.catalog.rejects import duplicate
from reelmill.catalog.seen import SeenKeys
from reelmill.catalog.values import better_availability
from reelmill.product import Product, Reject, RowRef

__all__ = ["MAX_VARIANTS", "Folder", "Leftover"]

MAX_VARIANTS = 2000  # ids remembered per product; memory stays flat even if one group is the whole feed
_ROW_BITS = 40
_FILLED = (
    "description",
    "brand",
    "color",
    "material",
    "pattern",
    "gender",
    "age_group",
    "link",
    "currency",
    "highlights",
)


@dataclass(frozen=True, slots=True)
class Leftover:
    """A reject that counts only if nothing was made of its ``key`` elsewhere in the feed so far."""

    key: str
    reject: Reject


@dataclass(slots=True)
class _Group:
    """The product that the last rows belong to, while more of them may come."""

    key: str
    product: Product
    rows: int = 1
    variants: list[str] | None = None  # made when a second row comes
    images: list[str] | None = None
    empty: list[str] | None = None  # the fields that a later row may still fill
    holds_ungrouped: bool = False  # a row without a group id whose own id is the group's
    sizes_differ: bool = False

    def add(self, row: Product) -> None:
        """Fold one more row in."""
        self.rows += 1
        if self.variants is None or self.images is None:
            self.variants, self.images = [self.product.sku], list(self.product.images)
        if len(self.variants) < MAX_VARIANTS:
            self.variants.append(row.sku)
        first = self.product
        if self.empty is None:
            self.empty = [name for name in _FILLED if not getattr(first, name)]
        changes: dict[str, object] = {name: value for name in self.empty if (value := getattr(row, name))}
        if first.price is None and row.price is not None:
            changes |= {"price": row.price, "currency": row.currency}
        if (stock := better_availability(first.availability, row.availability)) != first.availability:
            changes["availability"] = stock
        if not first.item_group_id and row.item_group_id:
            changes["item_group_id"] = row.item_group_id
        self.sizes_differ = self.sizes_differ or first.size != row.size
        if (
            row.color in (first.color, "") and len(self.images) < MAX_IMAGES
        ):  # pictures of another colour would show another product
            self.images += row.images
        if changes:
            self.product = replace(first, **changes)  # type: ignore[arg-type]  # names and values of the same fields
            self.empty = None


class Folder:
    """Takes the rows of all files of one feed in order. ``fold`` is off when variants stay apart."""

    def __init__(self, seen: SeenKeys, files: Sequence[str], notes: FeedNotes, *, fold: bool) -> None:
        self._seen = seen
        self._notes = notes
        self._files = files
        self._numbers = {name: number for number, name in enumerate(files)}
        self._fold = fold
        self._group: _Group | None = None
        self._any_group = False

    @staticmethod
    def new_seen() -> SeenKeys:
        """The memory that a folder needs."""
        return SeenKeys("ids", "item_groups")

    def take(self, items: Sequence[Product | Reject | Leftover], id_field: str) -> list[Product | Reject]:
        """What these rows complete: products and rejects."""
        kept = self._without_duplicates(items, id_field)
        if not self._fold:
            return kept
        done: list[Product | Reject | _Group] = []
        for item in self._skip_ungrouped(kept, done):
            if isinstance(item, Reject):
                done.append(item)
                continue
            key = item.item_group_id or item.sku
            group = self._group
            if group is not None and group.key == key:
                group.add(item)
                group.holds_ungrouped = group.holds_ungrouped or not item.item_group_id
                continue
            if group is not None:
                done.append(group)
            self._group = _Group(key, item, holds_ungrouped=not item.item_group_id)
        return self._settle(done, id_field)

    def _skip_ungrouped(
        self, kept: list[Product | Reject], done: list[Product | Reject | _Group]
    ) -> list[Product | Reject]:
        """Most feeds have no groups: then every product but the last is whole, and goes straight to ``done``.

        Rows without a group are never folded into each other, because their ids differ.
        """
        waiting = self._group
        if self._any_group or (waiting is not None and waiting.product.item_group_id):
            return kept
        if any(isinstance(item, Product) and item.item_group_id for item in kept):
            return kept
        last = next((at for at in range(len(kept) - 1, -1, -1) if isinstance(kept[at], Product)), None)
        if last is None:
            return kept
        if waiting is not None:
            done.append(waiting)
            self._group = None
        done += kept[:last] + kept[last + 1 :]
        return [kept[last]]

    def finish(self, id_field: str) -> list[Product | Reject]:
        """The product that was still waiting for more rows when the feed ended."""
        group, self._group = self._group, None
        return [] if group is None else self._settle([group], id_field)

    def _without_duplicates(
        self, items: Sequence[Product | Reject | Leftover], id_field: str
    ) -> list[Product | Reject]:
        at = [place for place, item in enumerate(items) if isinstance(item, Product)]
        products = [item for item in items if isinstance(item, Product)]
        codes = [self._code(item.ref) | (not item.item_group_id) for item in products]
        skus = [item.sku for item in products]
        self._notes.add_ids(skus)
        earlier = self._seen.claim("ids", skus, codes)
        late = [item for item in items if isinstance(item, Leftover)]
        made = self._seen.holders("ids", [item.key for item in late]) if late else {}
        if not earlier and not late:
            return [item for item in items if not isinstance(item, Leftover)]
        told = {at[place]: self._ref(code) for place, code in earlier.items()}
        silent = {id(late[place]) for place in made}
        kept: list[Product | Reject] = []
        for place, item in enumerate(items):
            if isinstance(item, Leftover):
                if id(item) not in silent:
                    kept.append(item.reject)
            elif place in told and isinstance(item, Product):
                twice = duplicate(item.ref, item.sku, id_field, told[place], item.sku)
                kept.append(named(twice, item.sku, item.item_group_id))
            else:
                kept.append(item)
        return kept

    def _settle(self, done: list[Product | Reject | _Group], id_field: str) -> list[Product | Reject]:
        """Make products of finished groups, unless their key was used by earlier rows that were not beside them."""
        grouped = [item for item in done if isinstance(item, _Group) and item.product.item_group_id]
        single = [item for item in done if isinstance(item, _Group) and not item.product.item_group_id]
        gone: dict[int, RowRef | None] = {}
        if grouped:
            self._any_group = True
            self._check_groups(grouped, gone)
        if self._any_group and single:
            holders = self._seen.holders("item_groups", [item.key for item in single])
            for place, code in holders.items():
                if code < self._code(single[place].product.ref):
                    gone[id(single[place])] = self._ref(code)
        folded = iter(_finished(grouped))
        made: list[Product | Reject] = []
        for item in done:
            if not isinstance(item, _Group):
                made.append(item)
                continue
            product = next(folded) if item.product.item_group_id else item.product
            first = gone.get(id(item), item)
            if first is item:
                made.append(product)
            elif isinstance(first, RowRef):
                made.append(named(duplicate(item.product.ref, item.key, id_field, first, item.key), item.key))
            else:
                self._notes.add_late(item.key, item.product.ref, item.rows)
        return made

    def _check_groups(self, grouped: list[_Group], gone: dict[int, RowRef | None]) -> None:
        keys = [item.key for item in grouped]
        codes = [self._code(item.product.ref) for item in grouped]
        for place in self._seen.claim("item_groups", keys, codes):
            gone[id(grouped[place])] = None
        for place, code in self._seen.holders("ids", keys).items():
            item = grouped[place]
            if code & 1 and code < codes[place] and not item.holds_ungrouped:
                gone.setdefault(id(item), self._ref(code))

    def _code(self, ref: RowRef) -> int:
        """File and row as one number that grows through the feed; the last bit is free for a mark."""
        return (self._numbers[ref.file] << _ROW_BITS | ref.row) << 1

    def _ref(self, code: int) -> RowRef:
        return RowRef(self._files[code >> (_ROW_BITS + 1)], (code >> 1) & ((1 << _ROW_BITS) - 1))


def _finished(groups: Sequence[_Group]) -> list[Product]:
    """The finished products. A folded one goes by its group's id, which stays when a variant is gone."""
    images = [tuple(dict.fromkeys(one.images))[:MAX_IMAGES] if one.images else one.product.images for one in groups]
    columns: dict[str, list[object]] = {
        "sku": [one.key for one in groups],
        "variants": [tuple(one.variants) if one.variants else (one.product.sku,) for one in groups],
        "images": [*images],
        "size": ["" if one.sizes_differ else one.product.size for one in groups],
    }
    return changed_products([one.product for one in groups], columns)
