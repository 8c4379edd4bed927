"""The shipped platforms: they load, they are consistent, and they share clips."""

from __future__ import annotations

from pathlib import Path

import pytest

from reelmill.delivery_rules import DeliveryRules
from reelmill.errors import FixConfiguration
from reelmill.platforms import NativeRatio, Platform, load_platforms, select_platforms

SHIPPED = Path(__file__).parents[1] / "catalogs" / "platforms.toml"
NAMES = (
    "instagram_reels",
    "instagram_feed",
    "tiktok",
    "youtube",
    "youtube_shorts",
    "linkedin",
    "facebook_feed",
    "pinterest",
    "amazon",
)


def read(tmp_path: Path, text: str) -> dict[str, Platform]:
    path = tmp_path / "platforms.toml"
    path.write_text(text, "utf-8")
    return load_platforms(path)


@pytest.fixture(scope="module")
def platforms():
    return load_platforms(SHIPPED)


def test_every_promised_platform_is_there(platforms):
    assert set(NAMES) <= set(platforms)


@pytest.mark.parametrize("name", NAMES)
def test_size_matches_ratio(platforms, name):
    platform = platforms[name]
    across, down = map(int, platform.ratio.split(":"))
    assert platform.width * down == platform.height * across


@pytest.mark.parametrize("name", NAMES)
def test_derived_means_not_native(platforms, name):
    platform = platforms[name]
    assert platform.derived == (platform.ratio not in {ratio.value for ratio in NativeRatio})


@pytest.mark.parametrize("name", NAMES)
def test_derived_frame_fits_into_the_native_one_without_loss_of_the_shorter_side(platforms, name):
    platform = platforms[name]
    native_across, native_down = map(int, platform.native.split(":"))
    across, down = map(int, platform.ratio.split(":"))
    if platform.native is NativeRatio.PORTRAIT:
        assert across * native_down >= down * native_across
    else:
        assert across * native_down <= down * native_across


@pytest.mark.parametrize("name", NAMES)
def test_duration_obeys_the_platforms_own_bounds(platforms, name):
    platform = platforms[name]
    rules = platform.delivery
    assert (rules.min_s or 0) <= platform.duration_s <= (rules.max_s or 60)


@pytest.mark.parametrize("name", NAMES)
def test_delivery_says_what_a_rendition_needs(platforms, name):
    rules = platforms[name].delivery
    assert (rules.max_bytes or 0) >= 100_000_000
    assert (rules.audio_kbps or 0) >= 96
    assert -24 <= (rules.loudness_lufs or 0) <= -9
    assert (rules.max_fps or 0) >= 24


@pytest.mark.parametrize("name", NAMES)
def test_source_says_where_and_when(platforms, name):
    assert ".com" in platforms[name].source or ".kr" in platforms[name].source
    assert "read 2026" in platforms[name].source


@pytest.mark.parametrize("name", NAMES)
def test_safe_zones_leave_room(platforms, name):
    zones = platforms[name].safe_zones
    assert zones.top + zones.bottom < 0.6
    assert zones.left + zones.right < 0.4


def test_platforms_of_one_native_ratio_share_one_paid_clip(platforms):
    wanted = {(platform.native, platform.duration_s, platform.audio) for platform in platforms.values()}
    assert len(wanted) == len(NativeRatio)


def test_a_native_ratio_can_not_be_derived(tmp_path):
    with pytest.raises(FixConfiguration, match=r"wide.*native = '16:9'"):
        read(
            tmp_path,
            '[wide]\ntitle="W"\nratio="16:9"\nnative="9:16"\nwidth=1920\nheight=1080\nsource="read 2026 somewhere"',
        )


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("delivery = { max_byte = 1 }", r"delivery\.max_byte: is no field.*Did you mean max_bytes"),
        ("delivery = { video_kbps = 8000 }", r"delivery\.video_kbps: is no field.*one of: container, "),
        ("delivery = { video_codec = 'hevc' }", r"delivery\.video_codec: .*'h264'.*nothing else is made"),
        ("delivery = { max_bytes = '2 GB' }", r"delivery\.max_bytes: .*integer.*Correct that field"),
        ("delivery = { min_s = 9, max_s = 5 }", "delivery: min_s is above max_s"),
        ("delivery = { min_width = 1920 }", "the table: delivery.min_width is above width"),
        ("duration_s = 5", "duration_s"),
        ('native = "1:1"', "native"),
        ("colour = 1", "colour"),
        ("width = 5", "width"),
    ],
)
def test_a_wrong_field_is_named(tmp_path, line, field):
    fields = {
        "title": 'title = "W"',
        "ratio": 'ratio = "1:1"',
        "native": 'native = "9:16"',
        "width": "width = 1080",
        "height": "height = 1080",
        "source": 'source = "read 2026 somewhere"',
    }
    fields[line.split(" = ")[0]] = line
    with pytest.raises(FixConfiguration, match=rf"platforms\.toml: platform mine: {field}"):
        read(tmp_path, "[mine]\n" + "\n".join(fields.values()))


@pytest.mark.parametrize(
    ("rules", "name", "value", "words"),
    [
        ({"max_s": 60}, "s", 60.375, "60.375 s, takes at most 60"),
        ({"min_fps": 24}, "fps", 23.976, "23.976 frames a second, wants at least 24"),
        ({"min_video_kbps": 516}, "video_kbps", 515.7, "515.7 kbit/s of picture, wants at least 516"),
        ({"min_bytes": 75_000}, "bytes", 1_200, "1,200 bytes, wants at least 75,000"),
    ],
)
def test_what_is_off_a_rule_is_told_so_finely_that_it_is_off(rules, name, value, words):
    assert [", ".join(off) for off in DeliveryRules(**rules).broken({name: value})] == [words]


def test_a_missing_file_says_what_to_do(tmp_path):
    with pytest.raises(FixConfiguration, match="catalogs_dir"):
        load_platforms(tmp_path / "platforms.toml")


def test_select_keeps_the_order_and_names_strangers(platforms):
    assert [p.name for p in select_platforms(platforms, ["youtube", "tiktok", "youtube"])] == ["youtube", "tiktok"]
    with pytest.raises(FixConfiguration, match="myspace"):
        select_platforms(platforms, ["myspace"])
