"""The port through which files are published: one method, and a receipt for what the target has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from reelmill.delivery.deliverable import Deliverable

__all__ = ["Publisher", "Receipt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The target has the file: ``size`` bytes of this ``sha256`` (hex), kept at ``address``.

    ``sent`` are the bytes that were sent now; 0 if it had them all.
    """

    sha256: str
    size: int
    address: str
    sent: int


class Publisher(Protocol):
    """Somewhere that files can be published to. Publishing the same bytes twice is harmless."""

    @property
    def target(self) -> str:
        """Names the target for good, without secrets; receipts are kept under it."""
        ...

    def publish(self, deliverable: Deliverable) -> Receipt:
        """Bring the file to the target, or find that it is there.

        Raises FixDeliverable for this file alone; TryLater, FixAccess or FixConfiguration if no file would pass.
        """
        ...
