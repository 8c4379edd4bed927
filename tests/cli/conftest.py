import csv
from collections.abc import Callable

import pytest

from tests.support.command_line import reelmill, reelmill_json  # noqa: F401 - fixtures

HEADER = ["id", "title", "description", "link", "image_link", "availability", "price", "brand", "product_type"]


@pytest.fixture
def write_feed(tmp_path) -> Callable[..., str]:
    """Write a Merchant Center feed of these titles; returns its path."""

    def write(*titles: str, name: str = "feed.csv") -> str:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(HEADER)
            for number, title in enumerate(titles, 1):
                link, image = "https://shop.example.com/p", f"https://images.example.com/{number}.jpg"
                rows.writerow(
                    [f"C-{number}", title, "Made well.", link, image, "in_stock", "19.00 EUR", "Orrin", "Home"]
                )
        return str(path)

    return write


@pytest.fixture
def rehearsal(monkeypatch, veo, gcs) -> str:
    """Point the command line at the local services; returns an output of its own."""
    settings = {
        "GOOGLE_CLOUD_PROJECT": "rehearsal",
        "REELMILL_VERTEX_BASE_URL": veo.url,
        "STORAGE_EMULATOR_HOST": gcs.url,
        "REELMILL_MODEL": "veo-3.1-lite-generate-001",
        "REELMILL_QUOTA_PER_MINUTE": "6000",
        "REELMILL_POLL_INTERVAL_S": "0.05",
        "REELMILL_UNCLEAR_WAIT_S": "0.5",
        "REELMILL_OPERATION_DEADLINE_S": "60",
        "REELMILL_INSPECT": "header",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return f"gs://{gcs.bucket()}/reels"
