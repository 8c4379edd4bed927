"""What only a local folder has: links, permissions, half-written files."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reelmill.errors import FixAccess, FixConfiguration, TryLater
from reelmill.storage.local import LocalStorage


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "theirs.txt").write_bytes(b"theirs")
    return folder


@pytest.fixture
def local(tmp_path):
    (tmp_path / "root").mkdir()
    return LocalStorage(tmp_path / "root")


def test_a_linked_folder_that_leads_outside_is_not_followed(local, outside, tmp_path):
    (tmp_path / "root" / "link").symlink_to(outside)
    for write in (local.create, local.replace):
        with pytest.raises(FixAccess, match="leads outside"):
            write("link/new.txt", b"x", "text/plain")
    with pytest.raises(FileNotFoundError):
        local.read("link/theirs.txt")
    assert local.list("") == local.list("link/") == []
    assert [path.name for path in outside.iterdir()] == ["theirs.txt"]


def test_a_linked_file_is_replaced_and_never_written_through(local, outside, tmp_path):
    (tmp_path / "root" / "f.txt").symlink_to(outside / "theirs.txt")
    assert not local.create("f.txt", b"x", "text/plain")
    local.replace("f.txt", b"ours", "text/plain")
    assert (outside / "theirs.txt").read_bytes() == b"theirs"
    assert local.read("f.txt") == b"ours"


def test_a_link_to_nowhere_is_taken(local, tmp_path):
    (tmp_path / "root" / "dangling").symlink_to(tmp_path / "gone")
    assert not local.create("dangling", b"x", "text/plain")
    assert not (tmp_path / "gone").exists()


def test_a_root_that_is_itself_a_link_works(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    storage = LocalStorage(tmp_path / "alias")
    assert storage.create("a/b", b"x", "text/plain")
    assert (tmp_path / "real" / "a" / "b").read_bytes() == b"x"


def test_nothing_half_written_stays_when_the_disk_is_full(local, monkeypatch, tmp_path):
    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TryLater, match="Free some space"):
        local.create("a.txt", b"x", "text/plain")
    assert list((tmp_path / "root").iterdir()) == []


def test_a_root_whose_name_is_no_text_is_refused(tmp_path):
    with pytest.raises(FixConfiguration, match="names no folder"):
        LocalStorage(tmp_path / os.fsdecode(b"caf\xe9"))


def test_a_file_where_a_folder_should_be_is_said(local, tmp_path):
    local.create("a", b"x", "text/plain")
    with pytest.raises(FixAccess, match="choose another output folder"):
        local.create("a/b", b"x", "text/plain")


def test_create_works_where_there_are_no_hard_links(local, monkeypatch):
    def no_links(*_paths):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "link", no_links)
    assert local.create("a.txt", b"first", "text/plain")
    assert not local.create("a.txt", b"second", "text/plain")
    assert local.read("a.txt") == b"first"
    assert [found.name for found in local.list("")] == ["a.txt"]


def test_a_writer_killed_where_there_are_no_hard_links_leaves_the_name_free(local, monkeypatch):
    def no_links(*_paths):
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    def killed(*_paths):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "link", no_links)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            local.create("a.mp4", b"paid", "video/mp4")
    assert local.create("a.mp4", b"paid", "video/mp4")
    assert local.read("a.mp4") == b"paid"
    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(lambda number: local.create("b.mp4", b"%d" % number, "video/mp4"), range(64)))
    assert [b"%d" % number for number, first in enumerate(won) if first] == [local.read("b.mp4")]


def test_what_a_killed_writer_left_is_not_listed(local, tmp_path):
    (tmp_path / "root" / ".reelmill-0123.part").write_bytes(b"half")
    assert local.list("") == []


def test_what_is_deleted_while_a_folder_is_listed_is_left_out(local, monkeypatch, tmp_path):
    for name in "abc":
        local.create(name, b"1", "text/plain")
    is_symlink = Path.is_symlink

    def deleted_first(path):
        if path.name == "b":
            path.unlink(missing_ok=True)
        return is_symlink(path)

    monkeypatch.setattr(Path, "is_symlink", deleted_first)
    assert [found.name for found in local.list("")] == ["a", "c"]


def test_nothing_is_made_until_something_is_written(tmp_path):
    storage = LocalStorage(tmp_path / "later")
    assert storage.list("") == []
    assert not (tmp_path / "later").exists()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that takes no folders")
def test_a_place_that_takes_no_folders_is_said():
    storage = LocalStorage(Path("/proc/nowhere"))
    with pytest.raises(FixAccess, match=r"/proc/nowhere.*another output folder"):
        storage.create("a.txt", b"x", "text/plain")
    with pytest.raises(FixAccess, match="/proc/nowhere"):
        storage.upload("tables/a.parquet", Path(__file__), "x")
