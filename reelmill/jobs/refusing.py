"""Why nothing is paid for a clip that a person asks for without a feed: it is of no use any more, or not here."""

from __future__ import annotations

from collections.abc import Iterable

from reelmill.clip import Clip
from reelmill.errors import FixConfiguration
from reelmill.jobs.engine import Engine
from reelmill.ledger.ledger import Ledger

__all__ = ["refuse_other_stage", "refuse_out_of_reach", "vanished", "vanished_skus"]


def refuse_other_stage(engine: Engine, clip: Clip, *, was: str, remedy: str) -> None:
    """Raises FixConfiguration for a clip of a rehearsal at Google, or for one of Google in a rehearsal.

    Google would be paid for what nobody may show, or a rehearsed video would pass for a bought one. ``was`` says what
    the clip was there (``drafted``), ``remedy`` how to have one here.
    """
    rehearsal = engine.settings.rehearsal
    if clip.rehearsed is not rehearsal:
        there = "at Google, and this is a rehearsal" if rehearsal else "in a rehearsal, and this is Google"
        raise FixConfiguration(f"It was {was} {there}.", f"{remedy}, or set vertex_base_url as it was.")


def refuse_out_of_reach(engine: Engine, clip: Clip) -> None:
    """Raises FixConfiguration for a clip whose picture only a fresh feed can give again."""
    if engine.media_inputs().out_of_reach(clip):
        raise FixConfiguration("Its picture was signed in the feed.", "Run the catalog again with a fresh feed.")


def vanished(then: str) -> FixConfiguration:
    """Why nothing is paid for a clip of a product that is not in the feed any more. ``then`` follows another run."""
    return FixConfiguration("Its product vanished from the feed.", f"Run again with a feed that has it, then {then}.")


def vanished_skus(ledger: Ledger, catalog: str, clips: Iterable[Clip]) -> set[str]:
    """The SKUs of these clips whose products are known to have left the feed of a catalog."""
    known = ledger.known_products(catalog, {clip.sku for clip in clips})
    return {product.sku for product in known.values() if product.retired}
