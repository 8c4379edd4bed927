"""Rows of Merchant Center and plain feeds: one row, one product or one reject."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import itemgetter

from reelmill.catalog.category import choose_category
from reelmill.catalog.columns import ColumnMap
from reelmill.catalog.media import MAX_IMAGES, address_problem, normal_address, split_addresses
from reelmill.catalog.price import parse_price
from reelmill.catalog.product import Product, Reject, RowRef
from reelmill.catalog.rejects import (
    broken,
    fit_row,
    is_sheet_error,
    missing,
    reject,
    sku_problem,
    wrong_image,
    wrong_price,
)
from reelmill.catalog.table import Batch, BrokenRow
from reelmill.catalog.text import plain_text, tidy
from reelmill.catalog.values import availability, highlights

__all__ = ["MerchantRows"]

# In this order a row's cells are picked out at once. The nine texts come first: they are cleaned together.
_TEXTS = ("title", "description", "brand", "color", "material", "pattern", "size", "gender", "age_group")
_OTHERS = (
    "sku", "price", "currency", "availability", "link", "image", "item_group_id", "category", "google_category",
    "product_type",
)  # fmt: skip
_TEXT_COUNT = len(_TEXTS)
_NO_GROUP = frozenset({"", "-", "0", "n/a", "na", "none", "null", "nan"})
_CACHE = 10_000


class MerchantRows:
    """Turns batches of one file's rows into products and rejects."""

    def __init__(self, columns: ColumnMap, file: str) -> None:
        self._columns = columns
        self._file = file
        self._width = columns.width
        self._pick = itemgetter(*(columns.fields[name] for name in (*_TEXTS, *_OTHERS)))
        self._extra_keys = [key for key, _ in columns.extra]
        # Two more places make itemgetter return a tuple however few extra columns there are.
        self._pick_extra = itemgetter(*(index for _, index in columns.extra), columns.width, columns.width)
        self._images = columns.lists["images"]
        self._highlights = columns.lists["highlights"]
        self._prices: dict[tuple[str, str], tuple[Decimal, str]] = {}
        self._categories: dict[tuple[str, str, str], tuple[str, ...]] = {}

    def convert(self, batch: Batch) -> list[Product | Reject]:
        """The products and rejects of a batch, in order; blank rows give nothing."""
        file, full = self._file, self._width + 1
        made: list[Product | Reject] = []
        for number, row in enumerate(batch.rows, batch.first):
            if isinstance(row, BrokenRow):
                made.append(broken(RowRef(file, number), row))
            elif len(row) == full:
                item = self._row(row, RowRef(file, number))
                if item is not None:
                    made.append(item)
            else:
                fitted = fit_row(row, self._width, RowRef(file, number))
                if fitted is not None:
                    whole = fitted if isinstance(fitted, Reject) else self._row(fitted, RowRef(file, number))
                    if whole is not None:
                        made.append(whole)
        return made

    def end(self) -> list[Product | Reject]:
        """What is left when the file ends: nothing, a row is a whole product here."""
        return []

    def _row(self, row: Sequence[str], ref: RowRef) -> Product | Reject | None:
        cells = self._pick(row)
        texts = cells[:_TEXT_COUNT]
        joined = "".join(texts)
        clean = tidy if joined.isprintable() and "<" not in joined and "&" not in joined else plain_text
        title, description, brand, color, material, pattern, size, gender, age_group = map(clean, texts)
        sku, price, currency, stock, link, image, group, *categories = map(str.strip, cells[_TEXT_COUNT:])
        problem = self._problem(row, ref, sku, title, group)
        if problem is not None or not sku:
            return problem
        images = self._addresses(row, image, ref, sku)
        if isinstance(images, Reject):
            return images
        amount: Decimal | None = None
        if price:
            try:
                amount, currency = self._price(price, currency)
            except ValueError as error:
                return wrong_price(ref, sku, self._columns.spelled("price"), str(error), price)
        return Product(
            sku=sku, title=title, category=self._category((categories[0], categories[1], categories[2])), ref=ref,
            description=description, brand=brand, color=color, material=material, pattern=pattern, size=size,
            gender=gender, age_group=age_group, availability=availability(stock), link=link, images=images,
            price=amount, currency=currency, item_group_id="" if group.lower() in _NO_GROUP else group,
            highlights=self._highlight(row), extra=self._extra(row),
        )  # fmt: skip

    def _problem(self, row: Sequence[str], ref: RowRef, sku: str, title: str, group: str) -> Reject | None:
        """What is wrong with the row's identity or title; None with an empty sku means a blank row."""
        if not sku:
            blank = not any(map(str.strip, row))
            return None if blank else missing(ref, "", self._columns.spelled("sku"), "product id")
        wrong = sku_problem(sku)
        if wrong is not None:
            return reject(ref, sku, self._columns.spelled("sku"), wrong, sku)
        if not title or is_sheet_error(title):
            return missing(ref, sku, self._columns.spelled("title"), "title")
        wrong = sku_problem(group) if group else None
        if wrong is not None:
            reason = wrong[0].replace("product id", "item group id")
            return reject(ref, sku, self._columns.spelled("item_group_id"), (reason, wrong[1]), group)
        return None

    def _addresses(self, row: Sequence[str], image: str, ref: RowRef, sku: str) -> tuple[str, ...] | Reject:
        """The usable pictures, the main one first. A main one that cannot be used rejects the row."""
        more = [address for index in self._images for address in split_addresses(row[index])]
        field = "image"
        if image:
            several = split_addresses(image)
            image, more = several[0] if several else image, several[1:] + more
        elif more:
            field, image, more = "images", more[0], more[1:]
        if not image:
            return ()
        image = normal_address(image)
        problem = address_problem(image)
        if problem:
            return wrong_image(ref, sku, self._columns.spelled(field), problem, image)
        if not more:
            return (image,)
        usable = [address for address in map(normal_address, more) if not address_problem(address)]
        return tuple(dict.fromkeys((image, *usable)))[:MAX_IMAGES]

    def _price(self, text: str, currency: str) -> tuple[Decimal, str]:
        known = self._prices.get((text, currency))
        if known is None:
            known = parse_price(text, currency)
            if len(self._prices) >= _CACHE:
                self._prices.clear()
            self._prices[text, currency] = known
        return known

    def _category(self, texts: tuple[str, str, str]) -> tuple[str, ...]:
        known = self._categories.get(texts)
        if known is None:
            known = choose_category(*texts)
            if len(self._categories) >= _CACHE:
                self._categories.clear()
            self._categories[texts] = known
        return known

    def _highlight(self, row: Sequence[str]) -> tuple[str, ...]:
        return highlights([row[index] for index in self._highlights]) if self._highlights else ()

    def _extra(self, row: Sequence[str]) -> dict[str, str]:
        if not self._extra_keys:
            return {}
        return dict(zip(self._extra_keys, map(tidy, self._pick_extra(row)), strict=False))
