"""The SKUs that a plan was asked for, and those of them that it cannot make because of the feed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from reelmill.product import Product, Reject

__all__ = ["AskedSkus", "Unmet"]

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Unmet:
    """SKUs that were asked for and that the feed does not have, or only in rows that were rejected. False if none."""

    missing: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.missing or self.rejected)

    def sentences(self) -> Iterator[str]:
        """What is wrong, each with its remedy; the first SKUs by name."""
        if self.missing:
            yield f"Not in the feed: {_named(self.missing)}. Check the SKUs that were asked for."
        if self.rejected:
            yield f"Rejected: {_named(self.rejected)}. Correct their rows; reelmill plan says what is wrong with them."

    def to_dict(self) -> dict[str, list[str]]:
        """All of them, for machines."""
        return {"not_in_feed": list(self.missing), "rejected_skus": list(self.rejected)}


@dataclass(slots=True)
class AskedSkus:
    """The SKUs that are ``wanted`` (none: whatever there is), and what one pass over a feed found of them."""

    wanted: frozenset[str]
    _found: set[str] = field(default_factory=set)
    _rejected: set[str] = field(default_factory=set)

    def take(self, product: Product) -> bool:
        """Whether this product, or a variant folded into it, is wanted."""
        found = self.wanted & {product.sku, *product.variants}
        self._found |= found
        return bool(found) or not self.wanted

    def reject_row(self, reject: Reject) -> None:
        """Note a row that cannot be made."""
        self._rejected |= self.wanted & {reject.sku, *reject.keys}

    def reject_product(self, product: Product) -> None:
        """Note a product that was taken and cannot be made after all."""
        rejected = self.wanted & {product.sku, *product.variants}
        self._found -= rejected
        self._rejected |= rejected

    def unmet(self) -> Unmet:
        """Those that no product was found for, once the whole feed was read."""
        unmet = self.wanted - self._found
        return Unmet(tuple(sorted(unmet - self._rejected)), tuple(sorted(unmet & self._rejected)))


def _named(skus: Sequence[str]) -> str:
    more = f" and {len(skus) - _SHOWN:,} more" if len(skus) > _SHOWN else ""
    return ", ".join(skus[:_SHOWN]) + more
