from __future__ import annotations

from pathlib import Path

from PIL import Image

from benchmarks.peer_ffmpeg import peer_files
from reelmill.finish import Finish
from reelmill.media.dress import Dress
from reelmill.platforms import load_platforms, select_platforms

CONTENT = Path(__file__).parents[2] / "catalogs"


def test_the_peer_makes_the_engines_sizes_and_lays_the_label_where_nothing_covers_it(tmp_path):
    dress = Dress(Finish(disclosure="AI-generated", font="fonts/Geist.ttf"), CONTENT)
    platforms = select_platforms(
        load_platforms(CONTENT / "platforms.toml"), ["tiktok", "instagram_reels", "instagram_feed"]
    )
    tiktok, reels, feed = (
        next(file for file in peer_files(platforms, (720, 1280), dress, tmp_path) if file.platform.name == name)
        for name in ("tiktok", "instagram_reels", "instagram_feed")
    )
    assert (tiktok.width, tiktok.height, feed.width, feed.height) == (720, 1280, 720, 900)
    assert (tiktok.left, tiktok.top, tiktok.label) == (reels.left, reels.top, reels.label)  # they share a picture
    for file in (tiktok, reels, feed):
        zones, label = file.platform.safe_zones, Image.open(file.label)
        assert file.left >= int(zones.left * file.width) - 1
        assert file.top >= int(zones.top * file.height) - 1
        assert file.left + label.width <= (1 - zones.right) * file.width
        assert file.top + label.height <= (1 - zones.bottom) * file.height
