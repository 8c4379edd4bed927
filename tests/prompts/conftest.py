"""Products and small catalogs for the prompts room."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from reelmill.product import Product, RowRef
from reelmill.prompts.library import PromptLibrary

SHIPPED = Path(__file__).parents[2] / "catalogs"
DEFAULT = {"default/any.j2": "A film of {{ product.name }}."}


@pytest.fixture(scope="session")
def shipped() -> PromptLibrary:
    return PromptLibrary.load(SHIPPED)


@pytest.fixture
def catalogs(tmp_path: Path) -> Callable[..., Path]:
    """Writes a catalogs folder from file names and texts; a default template and an empty brand are there."""

    def write(files: dict[str, str] | None = None, *, brand: str = "", categories: str = "") -> Path:
        texts = {"brand.toml": brand, "prompts/categories.toml": categories}
        texts |= {f"prompts/{name}": text for name, text in (DEFAULT | (files or {})).items()}
        for name, text in texts.items():
            path = tmp_path / "catalogs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path / "catalogs"

    return write


@pytest.fixture(scope="session")
def minimal() -> Product:
    return Product(sku="M-1", title="Thing", category=(), ref=RowRef("feed.csv", 1))


@pytest.fixture(scope="session")
def rich() -> Product:
    return Product(
        sku="R-1",
        title="Linen Midi Dress",
        category=("Apparel & Accessories", "Clothing", "Dresses"),
        ref=RowRef("feed.csv", 7),
        description="A midi dress with a wide skirt and corozo buttons. Woven in Portugal.",
        brand="Fjord & Field",
        color="rust red",
        material="European linen",
        pattern="herringbone",
        size="M",
        gender="female",
        age_group="adult",
        availability="in_stock",
        link="https://shop.example/dress",
        images=("https://shop.example/dress.jpg",),
        price=Decimal("89.00"),
        currency="EUR",
        item_group_id="G-1",
        highlights=("Side pockets", "Wide skirt"),
        extra={"care_label": "Wash at 30 degrees"},
    )
