"""Looking at feeds: a file, a folder, an object, a prefix; any change is another version."""

import os

import pytest

from reelmill.errors import FixAccess, FixFeed
from reelmill.jobs.sensing import feed_name, look_for_feed
from reelmill.settings import load_settings
from reelmill.storage.landing import look_at_feed


@pytest.fixture
def settings(gcs):
    return load_settings(storage_emulator_host=gcs.url, project="rehearsal")


@pytest.fixture
def put(gcs):
    from google.auth.credentials import AnonymousCredentials
    from google.cloud.storage import Client

    client = Client("local", AnonymousCredentials(), client_options={"api_endpoint": gcs.url})

    def write(bucket: str, name: str, data: str) -> None:
        client.bucket(bucket).blob(name).upload_from_string(data)

    return write


def test_a_file_has_another_version_when_it_is_written_again(tmp_path, settings):
    feed = tmp_path / "feed.csv"
    assert look_at_feed(str(feed), settings) is None
    feed.write_text("abc")
    first = look_at_feed(str(feed), settings)
    assert (first.files, first.size) == (1, 3)
    assert look_at_feed(str(feed), settings) == first
    os.utime(feed, (1, 1))
    assert look_at_feed(str(feed), settings).version != first.version


def test_a_folder_is_all_its_files_but_the_hidden_ones(tmp_path, settings):
    (tmp_path / "deep").mkdir()
    assert look_at_feed(str(tmp_path), settings) is None
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "deep" / "b.csv").write_text("bb")
    first = look_at_feed(str(tmp_path), settings)
    assert (first.files, first.size) == (2, 3)
    (tmp_path / ".c.csv.part").write_text("ccc")
    (tmp_path / "_SUCCESS").write_text("")
    assert look_at_feed(str(tmp_path), settings) == first
    (tmp_path / "a.csv").rename(tmp_path / "z.csv")
    assert look_at_feed(str(tmp_path), settings).version != first.version


def test_an_object_and_a_prefix_have_versions_by_generation(gcs, put, settings):
    bucket = gcs.bucket()
    where = f"gs://{bucket}/feeds"
    assert look_at_feed(where, settings) is None
    put(bucket, "feeds/a.csv", "a")
    put(bucket, "feeds/b.csv", "bb")
    put(bucket, "feeds-of-others/c.csv", "ccc")
    folder, one = look_at_feed(where, settings), look_at_feed(f"{where}/a.csv", settings)
    assert (folder.files, folder.size, one.files, one.size) == (2, 3, 1, 1)
    assert look_at_feed(f"{where}/", settings) == folder

    put(bucket, "feeds/a.csv", "a")  # the same bytes, delivered again

    assert look_at_feed(where, settings).version != folder.version
    assert look_at_feed(f"{where}/a.csv", settings).version != one.version


def test_what_cannot_be_looked_at_is_said(settings):
    with pytest.raises(FixFeed, match="https://"):
        look_at_feed("https://shop.example.com/feed.csv?token=abc", settings)
    with pytest.raises(FixFeed, match="not valid"):
        look_at_feed("feed\0.csv", settings)
    with pytest.raises(FixAccess, match="does not exist"):
        look_at_feed("gs://no-such-bucket-anywhere/feed.csv", settings)


def test_two_equal_looks_are_a_landing(tmp_path, settings):
    feed = tmp_path / "shop.csv.gz"
    assert look_for_feed(settings, str(feed)).found is None
    feed.write_text("abc")
    assert [look_for_feed(settings, str(feed)).landed for _ in range(3)] == [False, True, False]


@pytest.mark.parametrize(
    ("feed", "name"),
    [
        ("catalogs/samples/demo.csv", "demo"),
        ("gs://shop/exports/daily/", "daily"),
        ("gs://shop", "shop"),
        ("a shop & more.csv.gz", "a-shop-more"),
        ("größe.csv", "gr-e"),
        (".csv", "feed"),
    ],
)
def test_a_feed_is_called_by_the_last_part_of_its_address(feed, name):
    assert feed_name(feed) == name
