"""The finish of brand.toml is checked before anything is paid, and reaches no prompt."""

from __future__ import annotations

import shutil
import struct
import zlib

import pytest

from reelmill.errors import FixConfiguration
from reelmill.finish import Consequence
from reelmill.jobs.finishing import open_finishing
from reelmill.media.findings import FindingCode
from reelmill.prompts.library import PromptLibrary
from reelmill.settings import load_settings
from tests.support.making import CONTENT
from tests.support.pictures import png
from tests.support.videos import make_video


@pytest.fixture
def opened(tmp_path):
    folder = tmp_path / "catalogs"
    folder.mkdir()
    shutil.copy(CONTENT / "platforms.toml", folder)
    shutil.copytree(CONTENT / "fonts", folder / "fonts")

    def opening(finish):
        (folder / "brand.toml").write_text(f'name = "B"\n[finish]\n{finish}')
        return open_finishing(load_settings(catalogs_dir=folder))

    return opening


def test_the_shipped_finish_labels_every_film():
    finishing = open_finishing(load_settings(catalogs_dir=CONTENT))
    assert finishing.finish.disclosure == "AI-generated"
    assert "tiktok" in finishing.platforms


def test_findings_get_the_consequences_that_are_chosen(opened):
    policy = opened('findings = { letterbox = "reject", clipped = "pass" }').policy()
    assert policy.of(FindingCode.LETTERBOX) is Consequence.REJECT
    assert policy.of(FindingCode.CLIPPED) is Consequence.PASS
    assert policy.of(FindingCode.CORRUPT) is Consequence.REJECT
    assert policy.of(FindingCode.QUIET) is Consequence.REVIEW


@pytest.mark.parametrize(
    ("finish", "named"),
    [
        ('findings = { letterbx = "reject" }', "letterbx"),
        ('findings = { letterbox = "burn" }', "letterbox"),
        ('logo = "gone.png"', "logo"),
        ('music = "gone.m4a"', "music"),
        ('disclosure = "AI"', "font"),
        ('font = "../platforms.toml"', "font"),
        ('font = "platforms.toml"\ndisclosure = "AI"', "cannot be used"),
        ('font = "fonts/Geist.ttf"\ndisclosure = "日本"', "日"),
        ('font = "fonts/Geist.ttf"\ncaption = "✨ {title}"', "caption: the font has no letters for ✨"),
        ('font = "fonts/Geist.ttf"\ncaption = "{prize}"', "prize"),
        (f'font = "fonts/Geist.ttf"\ndisclosure = "{"W" * 60}"', "disclosure: it is too long for instagram_reels"),
        ('text_colour = "white"', "text_colour"),
        ("logo_share = 2", "logo_share"),
    ],
)
def test_what_cannot_be_used_is_named(opened, finish, named):
    with pytest.raises(FixConfiguration, match=named):
        opened(finish)


@pytest.mark.parametrize(
    ("finish", "told"),
    [
        ('logo = "platforms.toml"', "logo: platforms.toml cannot be used"),
        ('end_card = "cut.png"', "end_card: cut.png cannot be used"),
        ('logo = "bomb.png"', r"logo: bomb.png cannot be used \(.*more than 40,000,000 pixels"),
        ('music = "platforms.toml"', "music: platforms.toml cannot be used"),
        ('music = "silent.mp4"', "music: silent.mp4 cannot be used .* has no sound"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_before_anything_is_paid(opened, tmp_path, finish, told):
    folder = tmp_path / "catalogs"
    (folder / "cut.png").write_bytes(png(64, 64)[:60])
    (folder / "bomb.png").write_bytes(of_size(20_000, 20_000, png(64, 64)))
    make_video(folder / "silent.mp4", seconds=0.2, sound=None)
    with pytest.raises(FixConfiguration, match=rf"brand.toml: finish.{told}"):
        opened(finish)


def of_size(width, height, picture):
    """The PNG with a header that promises so many pixels."""
    header = b"IHDR" + struct.pack(">II", width, height) + picture[24:29]
    return picture[:12] + header + struct.pack(">I", zlib.crc32(header)) + picture[33:]


def test_a_label_of_as_many_words_as_may_be_has_room_on_every_platform(opened):
    words = "Dieses Video wurde mit künstlicher Intelligenz (KI) erzeugt"
    assert opened(f'font = "fonts/Geist.ttf"\ndisclosure = "{words}"').finish.disclosure == words


def test_files_that_can_be_read_are_taken(opened, tmp_path):
    (tmp_path / "catalogs" / "logo.png").write_bytes(png(64, 64))
    make_video(tmp_path / "catalogs" / "music.mp4", seconds=0.2)
    finish = opened('logo = "logo.png"\nend_card = "logo.png"\nmusic = "music.mp4"').finish
    assert (finish.logo, finish.music) == ("logo.png", "music.mp4")


def test_a_changed_finish_plans_nothing_anew(tmp_path):
    folder = tmp_path / "catalogs"
    shutil.copytree(CONTENT, folder)
    before = PromptLibrary.load(folder).digest
    brand = folder / "brand.toml"
    brand.write_text(brand.read_text().replace('"AI-generated"', '"Made with AI"'))
    assert PromptLibrary.load(folder).digest == before
