"""Which products retire: those that are remembered and no longer in the feed, unless nobody can tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from reelmill.ledger.listed import chunks
from reelmill.planning.seen import SeenSkus
from reelmill.product import Product, Reject

__all__ = ["Remembered", "Retiring"]

_CHUNK = 1000
_A_FEW = 10  # products that may always retire: small catalogs change by large shares


class Remembered(Protocol):
    """What retiring asks the ledger."""

    def all_known_skus(self, catalog: str) -> Iterator[str]:
        """Every product of the catalog that is not retired."""
        ...

    def count_known(self, catalog: str) -> int:
        """How many those are."""
        ...


@dataclass(slots=True)
class Retiring:
    """What one pass over a whole feed saw of the products that are remembered.

    A rejected row is still in the feed, so its product does not retire. Neither does any other while there are rows of
    which nobody can tell what they are: each product that seems to be gone could be one of them. Nor does any if more
    than ``most_percent`` of those that are remembered seem to be gone: then it is more likely half a feed, or that of
    another shop.
    """

    ledger: Remembered
    catalog: str
    seen: SeenSkus
    most_percent: int
    still_there: int = 0  # products that are remembered, not retired, and planned from this feed
    nameless: int = 0  # rejected rows of which nobody can tell the product

    def add(self, products: Sequence[Product]) -> None:
        """Note products of the feed."""
        self.seen.add([product.sku for product in products])

    def add_reject(self, reject: Reject) -> None:
        """Note a row that cannot be made, unless the shop has taken its product away."""
        if not reject.on_sale:
            return
        if reject.keys:
            self.seen.add(reject.keys)
        else:
            self.nameless += 1

    def doubt(self) -> str:
        """Why nothing retires although products seem to be gone; empty if there is no doubt."""
        known = self.ledger.count_known(self.catalog)
        most = max(_A_FEW, known * self.most_percent // 100)
        if not self.nameless and known - self.still_there <= most:
            return ""  # no need to count: rejects can only lower it
        gone = sum(map(len, self.gone()))
        if gone and self.nameless:
            return self._nameless(gone)
        return self._too_many(gone, known) if gone > most else ""

    def gone(self) -> Iterator[list[str]]:
        """The products that are remembered and not in the feed, in chunks. Nothing is noted after the first."""
        if self.ledger.count_known(self.catalog) == self.still_there:
            return  # every one of them is in the feed
        for skus in chunks(self.ledger.all_known_skus(self.catalog), _CHUNK):
            if gone := self.seen.missing(skus):
                yield gone

    def _nameless(self, gone: int) -> str:
        rows = "1 row cannot be told" if self.nameless == 1 else f"{self.nameless:,} rows cannot be told"
        products = "1 product seems" if gone == 1 else f"{gone:,} products seem"
        return (
            f"The product of {rows}, as it is broken or has no usable id, and {products} to be gone from the feed: "
            "nothing is retired. Correct the rejected rows; the next feed without them retires what is gone."
        )

    def _too_many(self, gone: int, known: int) -> str:
        return (
            f"{gone:,} of the {known:,} products of this catalog seem to be gone from the feed, more than "
            f"retire_most_percent = {self.most_percent} allows: nothing is retired. Check that the feed is whole and "
            "of this catalog; if they are to go, run once with REELMILL_RETIRE_MOST_PERCENT=100."
        )
