"""Pictures that runs have kept: found by content or by address, with one listing, and without fetching any."""

from dataclasses import replace

import orjson
import pytest

from reelmill.production.kept_pictures import KeptPictures
from reelmill.production.media_inputs import pointer
from reelmill.storage.local import LocalStorage
from tests.support.production import clip

LAMP, TENT, GONE, BENT = (f"https://shop.example/{name}.png" for name in ("lamp", "tent", "gone", "bent"))


class Counting(LocalStorage):
    """Counts what it is asked for."""

    def __init__(self, root):
        super().__init__(root)
        self.listed, self.read_names = 0, []

    def list(self, prefix):
        self.listed += 1
        return super().list(prefix)

    def read(self, name):
        self.read_names.append(name)
        return super().read(name)


@pytest.fixture
def storage(tmp_path):
    """Two kept pictures with their pointers; pointers to what is gone, and to what is no picture."""
    found = Counting(tmp_path)
    for digest, address in (("a" * 64, LAMP), ("b" * 64, TENT)):
        found.create(f"inputs/{digest}.png", b"picture", "image/png")
        point(found, address, f"inputs/{digest}.png")
    point(found, GONE, f"inputs/{'c' * 64}.png")
    point(found, BENT, "tables/results.parquet")
    return found


def point(storage, address, name):
    storage.create(pointer(address), orjson.dumps({"name": name}), "application/json")


def test_a_clip_is_found_by_what_it_was_made_from_or_by_its_products_picture(storage):
    of = {
        "image": clip(image=LAMP),
        "reference": clip(reference_images=(TENT, LAMP)),
        "product": replace(clip(), picture=TENT),
        "first": replace(clip(image=LAMP), picture=TENT),
        "second": replace(clip(image=GONE), picture=TENT),
        "nothing": clip(),
        "gone": clip(image=GONE),
        "no picture": clip(image=BENT),
        "never kept": clip(image="https://shop.example/new.png"),
    }
    kept = KeptPictures(storage)
    kept.look_up(of.values())
    lamp, tent = f"inputs/{'a' * 64}.png", f"inputs/{'b' * 64}.png"
    assert {name: kept(one) for name, one in of.items()} == {
        "image": lamp,
        "reference": tent,
        "product": tent,
        "first": lamp,
        "second": tent,
        "nothing": None,
        "gone": None,
        "no picture": None,
        "never kept": None,
    }


def test_a_clip_that_knows_its_picture_by_content_needs_no_pointer(storage):
    storage.create(f"inputs/{'d' * 64}.jpg", b"picture", "image/jpeg")
    kept = KeptPictures(storage)
    kept.look_up([])
    assert kept(replace(clip(image=LAMP), content_hashes=("d" * 64,))) == f"inputs/{'d' * 64}.jpg"
    assert kept(replace(clip(image=LAMP), content_hashes=("e" * 64,))) is None
    assert storage.read_names == []


def test_one_listing_and_one_read_for_each_address_are_enough(storage):
    kept = KeptPictures(storage)
    for _ in range(3):
        kept.look_up([clip(image=LAMP), clip(image=TENT), clip(image=LAMP, prompt="Another.")])
    kept.look_up([clip(image=GONE), clip(image="https://shop.example/new.png")])
    assert storage.listed == 1
    assert sorted(storage.read_names) == sorted(map(pointer, (LAMP, TENT, GONE)))


def test_a_pointer_that_is_none_of_ours_counts_as_none(storage):
    for number, junk in enumerate((b"", b"{", b"[]", b'{"other": 1}', b'{"name": 7}')):
        address = f"https://shop.example/junk-{number}.png"
        storage.create(pointer(address), junk, "application/json")
        kept = KeptPictures(storage)
        kept.look_up([clip(image=address)])
        assert kept(clip(image=address)) is None
    assert KeptPictures(storage)(clip(image=LAMP)) is None  # never looked up
