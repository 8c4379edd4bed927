"""Rows of Merchant Center and plain feeds: one row, one product or one reject.

Worked column by column: a check over a whole column is one call, and only columns that fail it are looked at cell by
cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from reelmill.catalog.build import build_products, build_refs
from reelmill.catalog.category import choose_category
from reelmill.catalog.columns import ColumnMap
from reelmill.catalog.media import MAX_IMAGES, address_problem, normal_address, split_addresses
from reelmill.catalog.memo import Memo
from reelmill.catalog.naming import broken_row, named
from reelmill.catalog.nothing import NO_WORDS, says_nothing, without_nothing
from reelmill.catalog.price import CurrencyError, parse_price
from reelmill.catalog.rejects import (
    is_sheet_error,
    missing,
    reject,
    sku_problem,
    sound_skus,
    wrong_currency,
    wrong_image,
    wrong_price,
)
from reelmill.catalog.table import Batch
from reelmill.catalog.text import description_column, id_column, plain_column, strip_column, tidy_column
from reelmill.catalog.values import availability, highlights
from reelmill.product import Product, Reject, RowRef

__all__ = ["MerchantRows"]

_TEXTS = ("brand", "color", "material", "pattern", "size", "gender", "age_group")
_NO_GROUP = frozenset({"", "0", "0.0"}) | NO_WORDS  # pandas writes 0.0 in a column where others are missing
# An address that needs no closer look. Colons and bars have one because several addresses may share a cell.
_GOOD_ADDRESS = re.compile(r"https://[A-Za-z0-9][A-Za-z0-9.-]*/[!#-9;=?-\[\]-{}~]{0,1900}").fullmatch

Wrong = dict[int, Reject | None]  # position in the batch -> what is wrong with that row; None: the row is blank


class MerchantRows:
    """Turns batches of one file's rows into products and rejects."""

    def __init__(self, columns: ColumnMap, file: str) -> None:
        self._columns = columns
        self._file = file
        self._prices = Memo(_price)
        self._typed_prices = Memo(partial(_price, typed=True))
        self._categories = Memo(_category)
        self._stock = Memo(availability)

    def convert(self, batch: Batch) -> list[Product | Reject]:
        """The products and rejects of a batch; blank rows give nothing."""
        columns = self._columns
        places = columns.width, columns.fields["sku"], columns.fields["item_group_id"]
        made: list[Product | Reject] = [broken_row(self._file, row, *places) for row in batch.broken]
        count = len(batch.numbers)
        if not count:
            return made
        refs = build_refs(self._file, batch.numbers, count)
        wrong: Wrong = {}
        texts = {name: without_nothing(plain_column(self._cells(batch, name))) for name in _TEXTS}
        texts["title"] = plain_column(self._cells(batch, "title"))
        texts["description"] = without_nothing(description_column(self._cells(batch, "description")))
        skus = id_column(self._cells(batch, "sku"))
        groups = self._groups(batch, skus, refs, wrong)
        self._check_identity(batch, skus, texts["title"], refs, wrong)
        images = self._images(batch, skus, refs, wrong)
        prices, currencies = self._prices_of(batch, skus, refs, wrong)
        products = build_products(count, {
            **texts, "sku": skus, "ref": refs, "images": images, "price": prices, "currency": currencies,
            "category": self._category_of(batch), "availability": self._stock_of(batch),
            "link": strip_column(self._cells(batch, "link")), "item_group_id": groups,
            "highlights": self._highlights(batch), "variants": [()] * count, "extra": self._extra(batch),
        })  # fmt: skip
        if not wrong and not made:
            return [*products]
        for place, product in enumerate(products):
            row = wrong.get(place, product)
            if row is not None:
                made.append(named(row, skus[place], groups[place]) if isinstance(row, Reject) else row)
        return sorted(made, key=lambda row: row.ref.row)

    def end(self) -> list[Product | Reject]:
        """What is left when the file ends: nothing, a row is a whole product here."""
        return []

    def _cells(self, batch: Batch, field: str) -> Sequence[str]:
        index = self._columns.fields[field]
        return batch.columns[index] if index < self._columns.width else [""] * len(batch.numbers)

    def _check_identity(
        self, batch: Batch, skus: Sequence[str], titles: Sequence[str], refs: Sequence[RowRef], wrong: Wrong
    ) -> None:
        """Note every row without a usable product id or title."""
        if not sound_skus(skus):
            field = self._columns.spelled("sku")
            for place, sku in enumerate(skus):
                if not sku:
                    blank = not any(column[place].strip() for column in batch.columns)
                    wrong[place] = None if blank else missing(refs[place], "", field, "product id")
                elif (told := sku_problem(sku)) is not None:
                    wrong[place] = reject(refs[place], sku, field, told, sku)
        if not all(titles) or any(title[0] == "#" for title in titles):
            field = self._columns.spelled("title")
            for place, title in enumerate(titles):
                if not title or is_sheet_error(title):
                    wrong.setdefault(place, missing(refs[place], skus[place], field, "title"))

    def _groups(self, batch: Batch, skus: Sequence[str], refs: Sequence[RowRef], wrong: Wrong) -> Sequence[str]:
        groups = id_column(self._cells(batch, "item_group_id"))
        if not any(groups):
            return groups
        for place, group in enumerate(groups):
            told = sku_problem(group) if group else None
            if told is not None:
                reason = told[0].replace("product id", "item group id")
                field = self._columns.spelled("item_group_id")
                wrong[place] = reject(refs[place], skus[place], field, (reason, told[1]), group)
        return ["" if group.lower() in _NO_GROUP else group for group in groups]

    def _images(self, batch: Batch, skus: Sequence[str], refs: Sequence[RowRef], wrong: Wrong) -> list[tuple[str, ...]]:
        """The usable pictures of each row, the main one first. A main one that cannot be used is wrong."""
        mains = strip_column(self._cells(batch, "image"))
        more = [batch.columns[index] for index in self._columns.lists["images"]]
        if not any(map(any, more)):
            more = []
        found: list[tuple[str, ...]] = []
        for place, main in enumerate(mains):
            if not more and (not main or _GOOD_ADDRESS(main)):
                found.append((main,) if main else ())
                continue
            addresses = _addresses(main)
            field = "image" if addresses else "images"
            for column in more:
                addresses += _addresses(column[place].strip())
            usable, problem = _usable(addresses)
            if problem:
                told = wrong_image(refs[place], skus[place], self._columns.spelled(field), problem, addresses[0])
                wrong.setdefault(place, told)
            found.append(usable)
        return found

    def _prices_of(
        self, batch: Batch, skus: Sequence[str], refs: Sequence[RowRef], wrong: Wrong
    ) -> tuple[list[Decimal | None], list[str]]:
        texts, named = self._cells(batch, "price"), self._cells(batch, "currency")
        memo = self._typed_prices if self._columns.fields["price"] in batch.numeric else self._prices
        parsed = list(map(memo.__getitem__, zip(texts, named, strict=True)))
        for place, (_, _, problem, field) in enumerate(parsed):
            if problem:
                tell, raw = (wrong_price, texts) if field == "price" else (wrong_currency, named)
                told = tell(refs[place], skus[place], self._columns.spelled(field), problem, raw[place])
                wrong.setdefault(place, told)
        return [one[0] for one in parsed], [one[1] for one in parsed]

    def _category_of(self, batch: Batch) -> list[tuple[str, ...]]:
        texts = [self._cells(batch, name) for name in ("category", "google_category", "product_type")]
        return list(map(self._categories.__getitem__, zip(*texts, strict=True)))

    def _stock_of(self, batch: Batch) -> list[str]:
        return list(map(self._stock.__getitem__, self._cells(batch, "availability")))

    def _highlights(self, batch: Batch) -> list[tuple[str, ...]]:
        columns = [batch.columns[index] for index in self._columns.lists["highlights"]]
        if not any(map(any, columns)):
            return [()] * len(batch.numbers)
        return [highlights(cells) for cells in zip(*columns, strict=True)]

    def _extra(self, batch: Batch) -> list[dict[str, str]]:
        """The other columns of each row: a mapping of its own for every product."""
        keys = [key for key, _ in self._columns.extra]
        if not keys:
            return [{} for _ in batch.numbers]
        blank = [""] * len(batch.numbers)
        width = self._columns.width
        columns = [tidy_column(batch.columns[index]) if index < width else blank for _, index in self._columns.extra]
        return [dict(zip(keys, values, strict=True)) for values in zip(*columns, strict=True)]


def _addresses(cell: str) -> list[str]:
    return [] if not cell or says_nothing(cell) else split_addresses(cell)


def _usable(addresses: list[str]) -> tuple[tuple[str, ...], str]:
    """The addresses that can be used, and the problem of the first one if it cannot."""
    if not addresses:
        return (), ""
    complete = list(map(normal_address, addresses))
    problem = address_problem(complete[0])
    if problem:
        return (), problem
    return tuple(dict.fromkeys(one for one in complete if not address_problem(one)))[:MAX_IMAGES], ""


def _price(texts: tuple[str, str], *, typed: bool = False) -> tuple[Decimal | None, str, str, str]:
    """Amount and currency of a price and currency cell; or the problem, and the field that has it."""
    price, currency = texts[0].strip(), texts[1].strip()
    if not price or says_nothing(price):
        return None, "", "", ""
    if says_nothing(currency):
        currency = ""
    try:
        return *parse_price(price, currency, typed=typed), "", ""
    except CurrencyError as error:
        return None, "", str(error), "currency"
    except ValueError as error:
        return None, "", str(error), "price"


def _category(texts: tuple[str, str, str]) -> tuple[str, ...]:
    return choose_category(*texts)
