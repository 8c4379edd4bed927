"""The formats, one file each: what their owners publish, and how a product becomes rows."""

from __future__ import annotations

from reelmill.delivery.formats.amazon import AMAZON
from reelmill.delivery.formats.google_ads import GOOGLE_ADS
from reelmill.delivery.formats.merchant import MERCHANT
from reelmill.delivery.formats.meta import META
from reelmill.delivery.formats.plain import PLAIN_CSV, PLAIN_JSON, PLAIN_NDJSON
from reelmill.delivery.formats.tiktok import TIKTOK
from reelmill.delivery.formats.youtube import YOUTUBE
from reelmill.delivery.spec import Spec
from reelmill.errors import FixConfiguration

__all__ = ["FORMATS", "formats_named"]

FORMATS: dict[str, Spec] = {
    spec.name: spec
    for spec in (MERCHANT, META, TIKTOK, YOUTUBE, AMAZON, GOOGLE_ADS, PLAIN_JSON, PLAIN_NDJSON, PLAIN_CSV)
}
"""Every format by name."""


def formats_named(names: tuple[str, ...]) -> list[Spec]:
    """The formats of these names, each once; all if none is given. Raises FixConfiguration for an unknown one."""
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise FixConfiguration(
            f"Unknown manifest {', '.join(map(repr, unknown))}.", f"Choose from: {', '.join(FORMATS)}."
        )
    return [FORMATS[name] for name in dict.fromkeys(names)] or list(FORMATS.values())
