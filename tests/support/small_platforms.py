"""Platforms so small that their files are made at once."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_small_platforms"]

_PLATFORMS = """
[small]
title = "Small"
ratio = "9:16"
native = "9:16"
width = 90
height = 160
source = "made up for tests"
[small.delivery]
audio_kbps = 64
loudness_lufs = -16
true_peak_dbtp = -1

[square]
title = "Square"
ratio = "1:1"
native = "9:16"
width = 96
height = 96
source = "made up for tests"
"""


def write_small_platforms(folder: Path) -> Path:
    """A content folder with the platforms ``small`` (9:16) and ``square``, and a brand without a finish."""
    folder.mkdir()
    (folder / "platforms.toml").write_text(_PLATFORMS)
    (folder / "brand.toml").write_text('name = "Test"\n')
    return folder
