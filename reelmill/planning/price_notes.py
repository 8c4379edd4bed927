"""What a plan says about captions that show a price: products without one, and kept clips that show an old one."""

from __future__ import annotations

from dataclasses import dataclass, field

from reelmill.clip import Clip
from reelmill.finish import Finish
from reelmill.ledger.records import Standing

__all__ = ["PriceNotes"]


@dataclass(slots=True)
class PriceNotes:
    """Counts, with the first SKU of each as an example; none unless the caption of ``finish`` shows a price."""

    finish: Finish = field(default_factory=Finish)
    unpriced: int = 0
    outdated: int = 0
    _unpriced_sku: str = ""
    _outdated_sku: str = ""

    def made(self, clip: Clip) -> None:
        """Count a clip to make whose product has no price."""
        if self.finish.needs_price and not clip.price:
            self._unpriced_sku = self._unpriced_sku or clip.sku
            self.unpriced += 1

    def kept(self, clip: Clip, standing: Standing) -> None:
        """Count a delivered clip that carries another price than the feed has now."""
        if self.finish.shows_price and standing.state.delivered and _prices(standing) != _prices(clip):
            self._outdated_sku = self._outdated_sku or clip.sku
            self.outdated += 1

    def warnings(self) -> list[str]:
        """A sentence for each, with what to do."""
        said = []
        if self.unpriced:
            said.append(
                f"{_clips(self.unpriced)} to make, the first for {self._unpriced_sku}, will not show a price: the feed "
                "has none for the product. That line of the caption is left out; add the price, or change the caption "
                "in brand.toml."
            )
        if self.outdated:
            said.append(
                f"{_clips(self.outdated)} kept, the first for {self._outdated_sku}, may show the price of the day of "
                "making, which is not the feed's any more. The results table has the price that each carries; "
                "`reelmill run --only SKU --force` pays for new ones."
            )
        return said


def _prices(carrier: Clip | Standing) -> tuple[str, str]:
    return carrier.price, carrier.sale_price


def _clips(number: int) -> str:
    return f"{number} clip" if number == 1 else f"{number} clips"
