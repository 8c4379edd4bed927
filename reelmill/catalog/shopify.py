"""Rows of a Shopify product export: variant and image rows folded into products by handle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from reelmill.catalog.category import choose_category
from reelmill.catalog.columns import ColumnMap
from reelmill.catalog.dialect import NAMES, Dialect
from reelmill.catalog.folding import MAX_VARIANTS, Leftover
from reelmill.catalog.media import MAX_IMAGES, address_problem, normal_address
from reelmill.catalog.naming import broken_row, named
from reelmill.catalog.nothing import said_column, says_nothing
from reelmill.catalog.price import CurrencyError, parse_price
from reelmill.catalog.rejects import (
    is_sheet_error,
    missing,
    reject,
    sku_problem,
    wrong_currency,
    wrong_image,
    wrong_price,
)
from reelmill.catalog.table import Batch
from reelmill.catalog.text import id_column, strip_column
from reelmill.catalog.values import better_availability
from reelmill.column_names import slug
from reelmill.markup import description_text, plain_text, tidy
from reelmill.product import Product, Reject, RowRef

__all__ = ["ShopifyRows"]

_FIELDS = tuple(NAMES[Dialect.SHOPIFY])
# How cells are cleaned where taking the space around them off is not all.
_CLEAN = dict.fromkeys(("handle", "sku"), id_column) | dict.fromkeys(
    ("description", "brand", "color", "size", "material", "pattern", "gender", "age_group", "price", "currency",
     "image", "variant_image"), said_column,
)  # fmt: skip
_OPTIONS = {
    "color": "color", "colour": "color", "colors": "color", "farbe": "color", "couleur": "color",
    "size": "size", "größe": "size", "taille": "size",
    "material": "material", "fabric": "material", "finish": "material",
    "pattern": "pattern", "print": "pattern",
}  # fmt: skip
_HIDDEN = frozenset({"draft", "archived"})
_MAX_PICTURES = 250  # what Shopify allows a product to have


@dataclass(slots=True)
class _Variant:
    """One sellable variant of a product."""

    ref: RowRef
    sku: str
    options: dict[str, str]  # product field -> value
    label: str  # the option values, for a variant without a SKU
    price: str
    image: str
    stock: str


@dataclass(slots=True)
class _Pending:
    """A handle whose rows are being read."""

    ref: RowRef
    cells: dict[str, str]  # the first non-empty value of every product field
    extra: dict[str, str]
    option_names: list[str] = field(default_factory=list)
    variants: list[_Variant] = field(default_factory=list)
    pictures: list[tuple[int, str]] = field(default_factory=list)


class ShopifyRows:
    """Turns batches of one file's rows into products and rejects; a product ends where the next handle begins."""

    def __init__(self, columns: ColumnMap, file: str, *, split_variants: bool) -> None:
        self._columns = columns
        self._file = file
        self._split = split_variants
        self._pending: _Pending | None = None
        self._typed_price = False

    def convert(self, batch: Batch) -> list[Product | Reject | Leftover]:
        """The products and rejects that a batch completes, in order."""
        width = self._columns.width
        self._typed_price = self._columns.fields["price"] in batch.numeric
        handle, sku = self._columns.fields["handle"], self._columns.fields["sku"]
        naming = (sku, handle) if self._split and sku < width else (handle, sku)
        made: list[Product | Reject | Leftover] = [broken_row(self._file, row, width, *naming) for row in batch.broken]
        blank = [""] * len(batch.numbers)
        places = [(self._columns.fields[name], _CLEAN.get(name, strip_column)) for name in _FIELDS]
        fields = zip(*(clean(batch.columns[at]) if at < width else blank for at, clean in places), strict=True)
        for number, cells, row in zip(batch.numbers, fields, zip(*batch.columns, strict=True), strict=True):
            made.extend(self._row(dict(zip(_FIELDS, cells, strict=True)), row, RowRef(self._file, number)))
        return made

    def end(self) -> list[Product | Reject | Leftover]:
        """The last product of the file."""
        pending, self._pending = self._pending, None
        return [] if pending is None else self._finish(pending)

    def _row(self, cells: dict[str, str], row: Sequence[str], ref: RowRef) -> list[Product | Reject | Leftover]:
        handle = cells["handle"]
        done: list[Product | Reject | Leftover] = []
        if not handle and not cells["title"]:
            if not any(map(str.strip, row)):
                return done
            handle = self._pending.cells["handle"] if self._pending is not None else ""
        if self._pending is None or handle != self._pending.cells["handle"]:
            done = self.end()
            if not handle:
                return [*done, missing(ref, cells["sku"], self._columns.spelled("handle"), "handle")]
            extra = {key: tidy(row[at]) if at < len(row) else "" for key, at in self._columns.extra}
            self._pending = _Pending(ref, cells | {"handle": handle}, extra)
        self._add(self._pending, cells, ref)
        return done

    @staticmethod
    def _add(pending: _Pending, cells: dict[str, str], ref: RowRef) -> None:
        """Note what one row says about the product: fields, a variant, a picture."""
        first = pending.cells
        if first is not cells:
            first.update({name: value for name, value in cells.items() if value and not first[name]})
        if not pending.option_names:
            pending.option_names = [cells[f"option{number}_name"] for number in (1, 2, 3)]
        if cells["image"] and len(pending.pictures) < _MAX_PICTURES:
            position = cells["image_position"]
            place = int(position) if position.isdecimal() and len(position) < 6 else len(pending.pictures) + 1  # noqa: PLR2004 - sane
            pending.pictures.append((place, normal_address(cells["image"])))
        if (cells["sku"] or cells["option1_value"] or cells["price"]) and len(pending.variants) < MAX_VARIANTS:
            pending.variants.append(_variant(cells, pending.option_names, ref))

    def _finish(self, pending: _Pending) -> list[Product | Reject | Leftover]:
        """The product or products of one handle, or what is wrong with it."""
        handle = pending.cells["handle"]
        wrong = self._problem(pending)
        if isinstance(wrong, Leftover):
            return [replace(wrong, reject=_whole(wrong.reject, pending))]
        if wrong is not None:
            return [_whole(wrong, pending)]
        pictures = [address for _, address in sorted(pending.pictures, key=lambda picture: picture[0])]
        if not self._split:
            whole = self._product(pending, pictures, None)
            return [_whole(whole, pending) if isinstance(whole, Reject) else whole]
        variants: list[_Variant | None] = [*pending.variants] or [None]
        made = [(variant, self._product(pending, pictures, variant)) for variant in variants]
        return [
            named(item, _name(handle, variant), handle) if isinstance(item, Reject) else item for variant, item in made
        ]

    def _problem(self, pending: _Pending) -> Reject | Leftover | None:
        cells, ref, handle = pending.cells, pending.ref, pending.cells["handle"]
        wrong = sku_problem(handle)
        if wrong is not None:
            reason = wrong[0].replace("product id", "handle")
            return reject(ref, handle, self._columns.spelled("handle"), (reason, wrong[1]), handle)
        if not cells["title"] or is_sheet_error(cells["title"]):
            told = reject(
                ref, handle, self._columns.spelled("title"),
                ("The title is missing.",
                 "Fill in the title, and keep the rows of a handle together with its title on the first of them."), "",
            )  # fmt: skip
            return Leftover(handle, told)
        status = cells["status"].lower()
        if status in _HIDDEN or (not status and cells["published"].lower() == "false"):
            name = "status" if status else "published"
            hidden = reject(
                ref, handle, self._columns.spelled(name),
                ("The product is not on sale in the shop.", "Set it active in Shopify to have its video made."),
                cells[name],
            )  # fmt: skip
            return replace(hidden, on_sale=False)
        return None

    def _product(self, pending: _Pending, pictures: list[str], variant: _Variant | None) -> Product | Reject:
        """One product: the whole handle, or one variant of it."""
        cells, handle = pending.cells, pending.cells["handle"]
        ref = pending.ref if variant is None else variant.ref
        sku = _name(handle, variant)
        wrong = sku_problem(sku)
        if wrong is not None:
            return reject(ref, sku, self._columns.spelled("sku"), wrong, sku)
        first = variant or (pending.variants[0] if pending.variants else None)
        own = first.image if variant is not None and first is not None else ""
        images = self._images(own, pictures or ([first.image] if first is not None and first.image else []), ref, sku)
        price = self._price(first.price if first is not None else "", cells["currency"], ref, sku)
        if isinstance(images, Reject):
            return images
        if isinstance(price, Reject):
            return price
        options = first.options if first is not None else {}
        sizes = {one.options.get("size", "") for one in pending.variants}
        size = options.get("size", "") if variant is not None or len(sizes) == 1 else ""
        return Product(
            sku=sku, title=plain_text(cells["title"]), ref=ref,
            category=choose_category(cells["category"], cells["google_category"], cells["product_type"]),
            description=description_text(cells["description"]), brand=plain_text(cells["brand"]),
            color=plain_text(options.get("color", "") or cells["color"]), size=plain_text(size or cells["size"]),
            material=plain_text(options.get("material", "") or cells["material"]),
            pattern=plain_text(options.get("pattern", "") or cells["pattern"]),
            gender=plain_text(cells["gender"]), age_group=plain_text(cells["age_group"]), link=cells["link"],
            availability=_stock(pending.variants if variant is None else [variant]), images=images, price=price[0],
            currency=price[1], item_group_id=handle, extra=pending.extra,
            variants=tuple(one.sku for one in pending.variants if one.sku) if variant is None else (),
        )  # fmt: skip

    def _images(self, own: str, pictures: list[str], ref: RowRef, sku: str) -> tuple[str, ...] | Reject:
        """The usable pictures, the variant's own first; a first one that cannot be used rejects the product."""
        addresses = list(dict.fromkeys(filter(None, (own, *pictures))))
        if not addresses:
            return ()
        problem = address_problem(addresses[0])
        if problem:
            return wrong_image(ref, sku, self._columns.spelled("image"), problem, addresses[0])
        return tuple(address for address in addresses if not address_problem(address))[:MAX_IMAGES]

    def _price(self, text: str, currency: str, ref: RowRef, sku: str) -> tuple[Decimal | None, str] | Reject:
        if not text:
            return None, ""
        try:
            return parse_price(text, currency, typed=self._typed_price)
        except CurrencyError as error:
            return wrong_currency(ref, sku, self._columns.spelled("currency"), str(error), currency)
        except ValueError as error:
            return wrong_price(ref, sku, self._columns.spelled("price"), str(error), text)


def _variant(cells: dict[str, str], names: list[str], ref: RowRef) -> _Variant:
    options: dict[str, str] = {}
    values = [cells[f"option{number}_value"] for number in (1, 2, 3)]
    for name, value in zip(names, values, strict=True):
        known = _OPTIONS.get(name.lower())
        if known is not None and value and not says_nothing(value):
            options.setdefault(known, value)
    tracked, policy, left = cells["stock_tracker"], cells["stock_policy"].lower(), cells["stock"]
    out = bool(tracked) and left.lstrip("-").isdecimal() and int(left) <= 0 and policy in {"deny", "false"}
    return _Variant(
        ref=ref,
        sku=cells["sku"].removeprefix("'"),  # the export protects numbers from spreadsheets with an apostrophe
        options=options,
        label=" ".join(value for value in values if value and value != "Default Title"),
        price=cells["price"],
        image=normal_address(cells["variant_image"]),
        stock="out_of_stock" if out else "in_stock",
    )


def _whole(told: Reject, pending: _Pending) -> Reject:
    """A reject of a whole handle, which stands for its variants too."""
    handle = pending.cells["handle"]
    variants = (_name(handle, variant) for variant in pending.variants)
    return named(told, handle, *(name for name in variants if sku_problem(name) is None))


def _name(handle: str, variant: _Variant | None) -> str:
    """What a product goes by: its handle, or with ``split_variants`` the id of its variant."""
    return handle if variant is None else variant.sku or "-".join(filter(None, (handle, slug(variant.label))))


def _stock(variants: list[_Variant]) -> str:
    best = "out_of_stock" if variants else ""
    for variant in variants:
        best = better_availability(best, variant.stock)
    return best
