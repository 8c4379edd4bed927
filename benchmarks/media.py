"""One decode that feeds every check and output, against one ffmpeg process for each.

Both make the same: the checks (black, frozen, loudness), a poster, a preview, and a labelled file for every platform
with its sound levelled, at the same size, with the same x264 settings. The peer is the `ffmpeg` of the `PATH` or of
`REELMILL_BENCH_FFMPEG`; VMAF is measured if it has libvmaf.

Time is taken as Reelmill is shipped, with crops that follow the subject. The peer crops the middle, so quality is
compared with files of ours that do too: another pass, which is not timed.
"""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.media_clips import write_clip
from benchmarks.peer_ffmpeg import PeerFile, make_one_each, measure_of, nearness, peer_files
from benchmarks.report import Ratio, Report
from reelmill.finish import Finish
from reelmill.media.dress import Dress
from reelmill.media.encoder import CRF, PRESET
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.media.order import Order
from reelmill.media.renditions import RenditionMaker
from reelmill.platforms import CropPosition, Platform, load_platforms, select_platforms

__all__ = ["run"]

_PLATFORMS = ("instagram_reels", "tiktok", "youtube_shorts", "instagram_feed", "facebook_feed", "pinterest")
_SIZE = (720, 1280)
_QUOTA = 50  # clips a minute: Google's quota for one model in one region
_CONTENT = Path(__file__).resolve().parent.parent / "catalogs"
_DRESS = Dress(Finish(disclosure="AI-generated", font="fonts/Geist.ttf"), _CONTENT)  # as brand.toml is shipped


def run(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Clips of 8 s in 720p, and six platforms; the same work both ways, one after the other.

    Each decoder, filter and coder has one thread. Ours take turns in one; the peer's run side by side.
    """
    ffmpeg = os.environ.get("REELMILL_BENCH_FFMPEG") or shutil.which("ffmpeg")
    if ffmpeg is None:
        return Report("media", (), [], [], ["The peer is ffmpeg: install it, or name it in REELMILL_BENCH_FFMPEG."])
    seconds, count = (2, 1) if quick else (8, 2)
    shipped = select_platforms(load_platforms(_CONTENT / "platforms.toml"), list(_PLATFORMS))
    centred = [platform.model_copy(update={"crop": CropPosition.CENTRE}) for platform in shipped]
    files = peer_files(shipped, _SIZE, _DRESS, folder)
    ours, theirs, scores = [0.0, 0.0], [0.0, 0.0], []
    for number in range(count):
        clip = write_clip(folder / f"clip-{number}.mp4", number, size=_SIZE, seconds=seconds)
        mine, alike, peer = (_new(folder / f"{side}-{number}") for side in ("ours", "centred", "peer"))
        say(f"clip {number + 1} of {count}, in one decode")
        ours = _added(ours, _timed(lambda: _in_one(clip, mine, shipped, files, seconds)))  # noqa: B023
        say(f"clip {number + 1} of {count}, one ffmpeg each")
        theirs = _added(theirs, _timed(lambda: make_one_each(ffmpeg, clip, peer, files, seconds)))  # noqa: B023
        say(f"clip {number + 1} of {count}, quality")
        _in_one(clip, alike, centred, files, seconds)
        scores += [[nearness(ffmpeg, clip, made, file) for made in (alike, peer)] for file in files]
    measure, every = measure_of(ffmpeg), [score for pair in scores for score in pair]
    codings = len({(file.width, file.height) for file in files})
    return Report(
        "media",
        ("way", "wall s/clip", "cpu s/clip", "clips/minute/core", f"cores for {_QUOTA}/minute", "pictures coded"),
        [_row("one decode", ours, count, codings), _row("one ffmpeg each", theirs, count, len(files))],
        [
            Ratio("wall, one ffmpeg each / one decode", theirs[0] / ours[0]),
            Ratio("cpu, one ffmpeg each / one decode", theirs[1] / ours[1], at_least=1.0),
            Ratio(f"largest difference of {measure} between both", max(abs(a - b) for a, b in scores), at_most=1.0),
        ],
        [
            f"{count} clips of {seconds} s, {_SIZE[0]} x {_SIZE[1]}, for {_sizes(files)}",
            "every file is labelled, so every file is coded: none is copied",
            f"x264 {PRESET}, crf {CRF}, one thread; each side's processor time is of all its processes",
            "time: our crops follow the subject, as shipped, the peer's lie in the middle; quality: both in the middle",
            f"{measure} against the clip cut and labelled without coding: {min(every):.1f} to {max(every):.1f}",
            "files of one size share their pictures in one decode; one ffmpeg each codes every file",
        ],
    )


def _in_one(clip: Path, folder: Path, platforms: Sequence[Platform], files: Sequence[PeerFile], seconds: int) -> None:
    """Our side, which has to come to the peer's ``files``. Raises RuntimeError if it does not."""
    maker = RenditionMaker(Order(source=clip, folder=folder, platforms=platforms, sound=True, dress=_DRESS))
    expected = Expectation(duration_s=seconds, width=_SIZE[0], height=_SIZE[1], audio=True)
    inspection = inspect_video(clip, expected, outputs=maker)
    sizes = {made.platform: (made.coded.facts.width, made.coded.facts.height) for made in maker.made if made.encoded}
    if inspection.poster is None or sizes != {file.platform.name: (file.width, file.height) for file in files}:
        raise RuntimeError(f"Not the same files were made on both sides: {sizes}; {maker.findings}")
    (folder / "poster.jpg").write_bytes(inspection.poster)


def _row(way: str, used: Sequence[float], count: int, codings: int) -> tuple[object, ...]:
    wall, cpu = (seconds / count for seconds in used)
    return way, wall, cpu, 60 / cpu, _QUOTA * cpu / 60, codings


def _sizes(files: Sequence[PeerFile]) -> str:
    return ", ".join(f"{file.platform.name} ({file.width} x {file.height})" for file in files)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _timed(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and processor seconds, of this process and of those that it ran."""
    wall, cpu = time.perf_counter(), _cpu_s()
    work()
    return time.perf_counter() - wall, _cpu_s() - cpu


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _added(total: Sequence[float], more: Sequence[float]) -> list[float]:
    return [a + b for a, b in zip(total, more, strict=True)]
