"""Fingerprints: whether anything that decides a product's clips has changed, without rendering them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import orjson

from reelmill.planning.shapes import ClipShape
from reelmill.product import Product
from reelmill.settings import Settings
from reelmill.signatures import unsigned

__all__ = ["configuration_digest", "product_fingerprint"]

_PAID_SETTINGS = (
    "model",
    "resolution",
    "samples",
    "variants",
    "seed",
    "person_generation",
    "image_identity",
    "video_column",
    "rehearsal",
)

# One more where a plan asks for, or writes down, what it did not before: then every product is planned anew, once.
_EDITION = 3


def configuration_digest(
    settings: Settings, library_digest: str, shapes: Sequence[ClipShape], campaign: str, output: str = ""
) -> bytes:
    """A digest over everything except the product that can change a paid request.

    ``output`` is given where products of several outputs are remembered under one name.
    """
    parts: dict[str, Any] = {
        "settings": {name: getattr(settings, name) for name in _PAID_SETTINGS},
        "library": library_digest,
        "shapes": [asdict(shape) for shape in shapes],
        "campaign": campaign,
        "edition": _EDITION,
    }
    if output:
        parts["output"] = output
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).digest()


def product_fingerprint(product: Product, configuration: bytes) -> str:
    """32 hex digits over the product (not where it stood in the feed) and the configuration."""
    facts = orjson.dumps(
        (
            product.sku,
            product.title,
            product.category,
            product.description,
            product.brand,
            product.color,
            product.material,
            product.pattern,
            product.size,
            product.gender,
            product.age_group,
            product.availability,
            unsigned(product.link),
            [unsigned(image) for image in product.images],
            None if product.price is None else str(product.price),
            product.currency,
            product.item_group_id,
            product.highlights,
            product.variants,
            product.extra,
        ),
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.blake2b(facts, digest_size=16, key=configuration).hexdigest()
