"""What a template sees of a product: clean text only, no methods, nothing to climb out through."""

from __future__ import annotations

from collections.abc import Mapping

from reelmill.column_names import column_name
from reelmill.markup import plain_text
from reelmill.product import UNCATEGORISED, Product
from reelmill.prompts.text import brief, clean
from reelmill.signatures import unsigned

__all__ = ["PRODUCT_FIELDS", "VOLATILE_FIELDS", "ExtraView", "ProductView"]

_NAME_CHARS = 140


class ExtraView:
    """The columns of the feed that are no product field, by their own name: ``product.extra.care_label``.

    In brackets they may be spelled as the feed spells them: ``product.extra["Care label"]``.
    They are kept as the feed has them, because some are addresses; a template gets their plain text.
    """

    __slots__ = ("_columns",)

    def __init__(self, columns: Mapping[str, str]) -> None:
        self._columns = columns

    def __getitem__(self, name: str) -> str:
        return clean(plain_text(self._columns[column_name(name)]))


class ProductView:
    """A product as plain text. Fields are cleaned when a template asks for them, not before."""

    __slots__ = ("_product",)

    def __init__(self, product: Product) -> None:
        self._product = product

    @property
    def sku(self) -> str:
        """The stock-keeping unit."""
        return clean(self._product.sku)

    @property
    def title(self) -> str:
        """The title as the feed has it."""
        return clean(self._product.title)

    @property
    def name(self) -> str:
        """The title, with ``by <brand>`` unless the title says so already; at most 140 characters or so."""
        title, brand = brief(self.title, _NAME_CHARS), self.brand
        if not brand:
            return title
        if f" {brand} ".casefold() in f" {title} ".casefold():
            return title
        return f"{title} by {brief(brand, 60)}"

    @property
    def kind(self) -> str:
        """The most special level of the category, like ``Dresses``; empty if there is none or only a number."""
        category = self._product.category
        last = clean(category[-1]) if category and category != UNCATEGORISED else ""
        return "" if last.isdigit() else last

    @property
    def category(self) -> tuple[str, ...]:
        """The category path, general first."""
        return tuple(clean(level) for level in self._product.category)

    @property
    def category_text(self) -> str:
        """The category path as merchants write it."""
        return clean(self._product.category_text)

    @property
    def description(self) -> str:
        """The description, one line; use ``| brief(200)``."""
        return clean(self._product.description)

    @property
    def brand(self) -> str:
        """The product's own brand, which may differ from the shop's."""
        return clean(self._product.brand)

    @property
    def color(self) -> str:
        """The colour as the merchant names it."""
        return clean(self._product.color)

    @property
    def material(self) -> str:
        """The material."""
        return clean(self._product.material)

    @property
    def pattern(self) -> str:
        """The pattern or print."""
        return clean(self._product.pattern)

    @property
    def size(self) -> str:
        """The size as the merchant names it."""
        return clean(self._product.size)

    @property
    def gender(self) -> str:
        """Whom it is for, in lower case: ``female``, ``male``, ``unisex`` or empty."""
        return clean(self._product.gender).lower()

    @property
    def age_group(self) -> str:
        """The age group in lower case: ``adult``, ``kids``, ``toddler``, ``infant``, ``newborn`` or empty."""
        return clean(self._product.age_group).lower()

    @property
    def availability(self) -> str:
        """The stock state. It changes often, and every change makes a new paid clip."""
        return clean(self._product.availability)

    @property
    def link(self) -> str:
        """The product page."""
        return clean(unsigned(self._product.link))

    @property
    def price(self) -> str:
        """The price as text. It changes often, and every change makes a new paid clip."""
        return "" if self._product.price is None else str(self._product.price)

    @property
    def currency(self) -> str:
        """The currency of the price."""
        return clean(self._product.currency)

    @property
    def item_group_id(self) -> str:
        """The identity that variants of one item share."""
        return clean(self._product.item_group_id)

    @property
    def highlights(self) -> tuple[str, ...]:
        """The selling points of the feed, in its order."""
        return tuple(clean(point) for point in self._product.highlights)

    @property
    def extra(self) -> ExtraView:
        """Every other column of the feed, by its name."""
        return ExtraView(self._product.extra)


PRODUCT_FIELDS = frozenset(name for name in vars(ProductView) if not name.startswith("_"))
"""Every name that may follow ``product.`` in a template."""

VOLATILE_FIELDS = frozenset({"price", "currency", "availability", "link"})
"""Fields that change without the product changing: in a prompt each change is a new paid clip."""
