from __future__ import annotations

from itertools import cycle
from pathlib import Path

import pytest

from reelmill.ledger.states import State
from reelmill.settings import load_settings
from reelmill.storage.open import open_storage
from tests.chaos.bank import Bank
from tests.chaos.storage_faults import PLACES, late_listing, troubled
from tests.chaos.storage_proxy import Trouble, Wrong, storage_proxy
from tests.chaos.tally import Tally

pytestmark = pytest.mark.timeout(600)  # many processes, and some machines are busy


def test_trouble_at_every_place_where_storage_is_needed(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    storm = [Trouble(wrong, *place) for wrong, place in zip((*Wrong, *Wrong), cycle(PLACES), strict=False)]
    proxy = troubled(chaos_bank, tmp_path / "w", tally, storm)
    assert tally.broken == []
    assert [trouble for trouble in proxy.troubles if trouble.times] == []
    assert tally.accepted == 4


def test_videos_that_are_listed_late_are_found_by_settle_and_charged_then(chaos_bank: Bank, tmp_path: Path) -> None:
    tally = Tally()
    by_then = late_listing(chaos_bank, tmp_path / "w", tally)
    assert sorted(by_then) == [State.EXPIRED, State.EXPIRED, State.LOST, State.SUCCEEDED]
    assert tally.broken == []
    assert tally.faults["storage lists late"]


def test_the_proxy_notices_who_overwrites(chaos_bank: Bank) -> None:
    with storage_proxy(chaos_bank.gcs.url) as proxy:
        settings = load_settings(storage_emulator_host=proxy.url, project="p")
        storage = open_storage(f"gs://{chaos_bank.gcs.bucket()}/out", settings)
        assert storage.create("a.txt", b"one", "text/plain")
        assert not storage.create("a.txt", b"two", "text/plain")
        storage.replace("tables/t.csv", b"one", "text/plain")
        storage.replace("tables/t.csv", b"two", "text/plain")
        storage.replace("gallery/run/data.js", b"one", "text/plain")
        storage.replace("gallery/run/data.js", b"two", "text/plain")
        assert proxy.broken() == []
        storage.replace("a.txt", b"two", "text/plain")
        assert proxy.broken() == [
            "out/a.txt was written without ifGenerationMatch=0",
            "out/a.txt was written again with other content",
        ]
