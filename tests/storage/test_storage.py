"""What every storage does, on a folder and on Cloud Storage alike."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from reelmill.errors import FixConfiguration

ESCAPES = [
    "", "/etc/passwd", "../up", "a/../../up", "a/..", "..", ".", "a//b", "a/", "nul\0", "back\\slash", "new\nline",
    "x" * 300, "/".join(["a" * 200] * 6), "a/.reelmill-mine", "lone\ud800",
]  # fmt: skip


def test_what_is_created_reads_back(storage):
    assert storage.create("clips/a.mp4", b"one", "video/mp4")
    assert storage.read("clips/a.mp4") == b"one"


def test_create_never_overwrites(storage):
    assert storage.create("a", b"first", "text/plain")
    assert not storage.create("a", b"second", "text/plain")
    assert storage.read("a") == b"first"


def test_of_many_creators_exactly_one_wins(storage):
    writers = 12
    start = Barrier(writers)

    def create(index: int) -> bool:
        start.wait()
        return storage.create("race/won.txt", b"writer %d" % index, "text/plain")

    with ThreadPoolExecutor(writers) as pool:
        won = list(pool.map(create, range(writers)))

    assert won.count(True) == 1
    assert storage.read("race/won.txt") == b"writer %d" % won.index(True)
    assert [found.name for found in storage.list("race/")] == ["race/won.txt"]


def test_replace_writes_and_overwrites(storage):
    storage.replace("tables/t.parquet", b"old", "application/octet-stream")
    storage.replace("tables/t.parquet", b"new and longer", "application/octet-stream")
    assert storage.read("tables/t.parquet") == b"new and longer"


def test_upload_replaces_with_a_file(storage, tmp_path):
    source = tmp_path / "big.bin"
    source.write_bytes(bytes(range(256)) * 40_000)  # 10 MB: beyond one request for Cloud Storage
    storage.replace("big.bin", b"small", "application/octet-stream")
    storage.upload("big.bin", source, "application/octet-stream")
    assert storage.read("big.bin") == source.read_bytes()


def test_list_is_by_name_prefix_and_sorted(storage):
    for name in ("b/2", "b/1", "b/deep/er/3", "bb", "a"):
        storage.create(name, name.encode(), "text/plain")

    assert [found.name for found in storage.list("")] == ["a", "b/1", "b/2", "b/deep/er/3", "bb"]
    assert [found.name for found in storage.list("b")] == ["b/1", "b/2", "b/deep/er/3", "bb"]
    assert [found.name for found in storage.list("b/")] == ["b/1", "b/2", "b/deep/er/3"]
    assert [found.name for found in storage.list("b/de")] == ["b/deep/er/3"]
    assert storage.list("nothing/") == []


def test_listed_objects_know_address_and_size(storage):
    storage.create("x/y.txt", b"12345", "text/plain")
    (found,) = storage.list("x/")
    assert (found.uri, found.size) == (f"{storage.root}/x/y.txt", 5)


def test_names_and_addresses_are_inverse(storage):
    uri = storage.uri("clips/é 1.mp4")
    assert uri == f"{storage.root}/clips/é 1.mp4"
    assert storage.name(uri) == "clips/é 1.mp4"


def test_an_address_outside_the_root_has_no_name(storage):
    for outside in (f"{storage.root}x/a", storage.root, "gs://other/a", "/etc/passwd", f"{storage.root}/../a"):
        with pytest.raises(ValueError, match=r"not below|no object name"):
            storage.name(outside)


def test_reading_what_is_not_there(storage, tmp_path):
    storage.create("folder/file", b"x", "text/plain")
    for missing in ("nope", "folder", "folder/nope"):
        with pytest.raises(FileNotFoundError):
            storage.read(missing)
    with pytest.raises(FileNotFoundError):
        storage.download("nope", tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_download_overwrites_the_target_whole(storage, tmp_path):
    storage.create("video.mp4", b"moving pictures", "video/mp4")
    target = tmp_path / "copy.mp4"
    target.write_bytes(b"something older and much longer")
    storage.download("video.mp4", target)
    assert target.read_bytes() == b"moving pictures"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.mp4"]


@pytest.mark.parametrize("name", ESCAPES, ids=ascii)
def test_no_name_leaves_the_root(storage, name, tmp_path):
    for use in (
        lambda: storage.create(name, b"x", "text/plain"),
        lambda: storage.replace(name, b"x", "text/plain"),
        lambda: storage.read(name),
        lambda: storage.download(name, tmp_path / "copy"),
        lambda: storage.uri(name),
    ):
        with pytest.raises(FixConfiguration, match="no object name"):
            use()
    assert storage.list("") == []


def test_odd_but_harmless_names_are_kept(storage):
    for name in ("a b/ü✓.txt", "100%/q?x#y.txt", "[x]*.txt", "%2e%2e/x", "~", "..."):
        assert storage.create(name, name.encode(), "text/plain")
        assert storage.read(name) == name.encode()
    assert len(storage.list("")) == 6


def test_empty_objects_exist(storage):
    assert storage.create("empty", b"", "text/plain")
    assert not storage.create("empty", b"", "text/plain")
    assert storage.read("empty") == b""


def test_what_is_deleted_is_gone_and_deleting_it_again_says_so(storage):
    for name in ("a/b/1", "a/b/12", "a/c"):
        storage.create(name, b"x", "text/plain")
    assert storage.delete("a/b/1")
    assert not storage.delete("a/b/1")
    assert not storage.delete("a/b")
    assert not storage.delete("never/was")
    assert [found.name for found in storage.list("")] == ["a/b/12", "a/c"]
    assert storage.create("a/b/1", b"anew", "text/plain")


@pytest.mark.parametrize("name", ESCAPES, ids=ascii)
def test_nothing_outside_the_root_is_deleted(storage, name):
    with pytest.raises(FixConfiguration, match="no object name"):
        storage.delete(name)
