from __future__ import annotations

import subprocess
import sys

import pytest

from reelmill.errors import FixConfiguration
from reelmill.settings import Settings
from reelmill.storage.open import open_storage, output_root


def test_folders_and_file_addresses_open_the_same(tmp_path):
    plain = open_storage(str(tmp_path), Settings())
    assert plain.root == open_storage(f"file://{tmp_path}", Settings()).root == str(tmp_path.resolve())
    assert not plain.is_cloud


def test_a_relative_folder_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_storage("out", Settings()).root == str(tmp_path.resolve() / "out")


@pytest.mark.parametrize(
    ("uri", "root"), [("gs://bkt", "gs://bkt"), ("gs://bkt/", "gs://bkt"), ("gs://bkt/a/b/", "gs://bkt/a/b")]
)
def test_gs_addresses(gcs_settings, uri, root):
    storage = open_storage(uri, gcs_settings)
    assert storage.root == root
    assert storage.is_cloud
    assert storage.uri("x") == f"{root}/x"
    assert storage.name(f"{root}/x") == "x"


@pytest.mark.parametrize(
    "uri",
    ["s3://bucket/p", "https://x/y", "gs:/bucket", "gs://", "gs:///x", "gs://UPPER/x", "gs://b/../x", "", "  ", "a\0b"],
)
def test_other_addresses_are_refused(uri):
    with pytest.raises(FixConfiguration):
        open_storage(uri, Settings())


def test_a_local_folder_needs_no_google():
    code = (
        "import sys; from reelmill.storage.open import open_storage; from reelmill.settings import Settings;"
        "open_storage('.', Settings()); "
        "sys.exit(not sys.modules.keys().isdisjoint({'google.auth', 'google.cloud.storage', 'requests'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("uri", ["gs://some-bucket", "gs://some-bucket/", "gs://some-bucket/a/b/", "out", "file:///x/"])
def test_a_root_is_told_without_credentials_as_opening_would_tell_it(uri, gcs_settings, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert output_root(uri) == open_storage(uri, gcs_settings).root
