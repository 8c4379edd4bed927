"""One decode that feeds every check and output, against one ffmpeg process for each.

Both make the same: the checks (black, frozen, loudness), a poster, a preview, and a file for every platform with its
sound levelled, at the same size, with the same x264 settings. The peer is the `ffmpeg` of the `PATH` or of
`REELMILL_BENCH_FFMPEG`; VMAF is measured if it, or the latter, has libvmaf.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.media_clips import write_clip
from benchmarks.report import Ratio, Report
from reelmill.media.dress import Dress
from reelmill.media.encoder import CRF, PRESET, Rate
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.media.order import Order
from reelmill.media.renditions import RenditionMaker
from reelmill.platforms import Platform, load_platforms, select_platforms

__all__ = ["run"]

_PLATFORMS = ("instagram_reels", "tiktok", "youtube_shorts", "instagram_feed", "facebook_feed", "pinterest")
_SIZE = (720, 1280)
_QUOTA = 50  # clips a minute: Google's quota for one model in one region
_CONTENT = Path(__file__).resolve().parent.parent / "catalogs"


def run(folder: Path, *, quick: bool, say: Callable[[str], None]) -> Report:
    """Clips of 8 s in 720p, and six platforms; the same work both ways, one after the other, on one core each."""
    ffmpeg = os.environ.get("REELMILL_BENCH_FFMPEG") or shutil.which("ffmpeg")
    if ffmpeg is None:
        return Report("media", (), [], [], ["The peer is ffmpeg: install it, or name it in REELMILL_BENCH_FFMPEG."])
    seconds, count = (2, 1) if quick else (8, 2)
    known = load_platforms(_CONTENT / "platforms.toml")
    centred = [platform.model_copy(update={"crop": "centre"}) for platform in select_platforms(known, list(_PLATFORMS))]
    ours, theirs, rows, scores = [0.0, 0.0], [0.0, 0.0], [], []
    for number in range(count):
        clip = write_clip(folder / f"clip-{number}.mp4", number, size=_SIZE, seconds=seconds)
        mine, peer = folder / f"ours-{number}", folder / f"peer-{number}"
        mine.mkdir()
        peer.mkdir()
        say(f"clip {number + 1} of {count}, in one decode")
        ours = _added(ours, _timed(lambda: _in_one(clip, mine, centred, seconds)))  # noqa: B023
        say(f"clip {number + 1} of {count}, one ffmpeg each")
        theirs = _added(theirs, _timed(lambda: _one_each(ffmpeg, clip, peer, centred)))  # noqa: B023
        say(f"clip {number + 1} of {count}, quality")
        scores += [_quality(ffmpeg, clip, mine, peer, platform) for platform in centred]
    minutes = 60 * count
    for what, (wall, cpu) in (("one decode", ours), ("one ffmpeg each", theirs)):
        rows.append((what, wall / count, cpu / count, minutes / cpu, _QUOTA * cpu / minutes))
    unequal = max(abs(a - b) for a, b in scores)
    return Report(
        "media",
        ("way", "wall s/clip", "cpu s/clip", "clips/minute/core", f"cores for {_QUOTA}/minute"),
        rows,
        [
            Ratio("wall, one ffmpeg each / one decode", theirs[0] / ours[0]),
            Ratio("cpu, one ffmpeg each / one decode", theirs[1] / ours[1], at_least=1.0),
            Ratio(f"largest difference of {_measure(ffmpeg)} between both", unequal, at_most=1.0),
        ],
        [
            f"{count} clips of {seconds} s, {_SIZE[0]} x {_SIZE[1]}, for {', '.join(_PLATFORMS)}",
            f"x264 {PRESET}, crf {CRF}, one thread; each side's processor time is of all its processes",
        ],
    )


def _in_one(clip: Path, folder: Path, platforms: Sequence[Platform], seconds: int) -> None:
    maker = RenditionMaker(Order(source=clip, folder=folder, platforms=platforms, sound=True, dress=Dress()))
    expected = Expectation(duration_s=seconds, width=_SIZE[0], height=_SIZE[1], audio=True)
    inspection = inspect_video(clip, expected, outputs=maker)
    assert inspection.poster is not None
    (folder / "poster.jpg").write_bytes(inspection.poster)
    assert len(maker.made) == len(platforms), maker.findings


def _one_each(ffmpeg: str, clip: Path, folder: Path, platforms: Sequence[Platform]) -> None:
    source = ("-i", str(clip))
    nothing = ("-f", "null", "-")
    _run(ffmpeg, *source, "-an", "-vf", "blackdetect=d=0.5", *nothing)
    _run(ffmpeg, *source, "-an", "-vf", "freezedetect=d=1", *nothing)
    _run(ffmpeg, *source, "-an", "-vf", "cropdetect", *nothing)
    _run(ffmpeg, *source, "-vn", "-af", "silencedetect=d=1.5", *nothing)
    _run(ffmpeg, *source, "-vn", "-af", "astats", *nothing)
    _run(ffmpeg, *source, "-vf", "thumbnail=48", "-frames:v", "1", str(folder / "poster.jpg"))
    small = ("-ss", "1.25", "-t", "3", "-an", "-vf", "scale=360:-2", *_x264(Rate(crf=27), 360, 640))
    _run(ffmpeg, *source, *small, str(folder / "preview.mp4"))
    for platform in platforms:
        lufs, peak = platform.delivery.loudness_lufs, platform.delivery.true_peak_dbtp
        said = _run(ffmpeg, *source, "-vn", "-af", f"loudnorm=I={lufs}:TP={peak}:print_format=json", *nothing)
        told = json.loads(re.findall(r"\{[^{}]*\}", said)[-1])
        level = (
            f"loudnorm=I={lufs}:TP={peak}:linear=true:measured_I={told['input_i']}:measured_TP={told['input_tp']}"
            f":measured_LRA={told['input_lra']}:measured_thresh={told['input_thresh']}"
        )
        width, height = platform.width, platform.height
        cut = f"scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height}"
        sound = ("-af", level, "-ar", "48000", "-c:a", "aac", "-b:a", f"{platform.delivery.audio_kbps}k")
        coded = (*_x264(Rate(), width, height), *sound, "-movflags", "+faststart")
        _run(ffmpeg, *source, "-vf", cut, *coded, str(folder / f"{platform.name}.mp4"))


def _x264(rate: Rate, width: int, height: int) -> tuple[str, ...]:
    options = {"preset": PRESET, "profile:v": "high", "threads": "1", "g": "48", **rate.options(width, height)}
    return (
        "-c:v",
        "libx264",
        "-pix_fmt",
        "yuv420p",
        *(part for key, it in options.items() for part in (f"-{key}", it)),
    )


def _quality(ffmpeg: str, clip: Path, mine: Path, peer: Path, platform: Platform) -> tuple[float, float]:
    """How near each side comes to the source, scaled and cut without coding."""
    scores = []
    width, height = platform.width, platform.height
    for folder in (mine, peer):
        name = _measure(ffmpeg)
        options = "=n_threads=2" if name == "VMAF" else ""
        graph = (
            f"[1]scale={width}:{height}:force_original_aspect_ratio=increase,crop={width}:{height},"
            f"settb=1/90000,setpts=PTS-STARTPTS[r];[0]settb=1/90000,setpts=PTS-STARTPTS[d];"
            f"[d][r]{'libvmaf' if name == 'VMAF' else 'psnr'}{options}"
        )
        coded = str(folder / f"{platform.name}.mp4")
        said = _run(ffmpeg, "-i", coded, "-i", str(clip), "-lavfi", graph, "-an", "-f", "null", "-", threads="0")
        found = re.search(r"VMAF score: ([\d.]+)|average:([\d.]+)", said)
        assert found is not None, said
        scores.append(float(found[1] or found[2]))
    return scores[0], scores[1]


def _measure(ffmpeg: str) -> str:
    told = subprocess.run([ffmpeg, "-hide_banner", "-filters"], capture_output=True, text=True, check=True).stdout
    return "VMAF" if "libvmaf" in told else "PSNR (dB)"


def _run(ffmpeg: str, *arguments: str, threads: str = "1") -> str:
    """One process on one thread; returns what it said."""
    command = [ffmpeg, "-hide_banner", "-nostdin", "-y", "-threads", threads, "-filter_threads", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stderr[-2000:]}")
    return done.stderr


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
