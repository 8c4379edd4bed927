"""The peer of ``media``: one ffmpeg process for each check and each file, and how near a file comes to its source."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reelmill.media.dress import Dress, Frame, common_zones
from reelmill.media.encoder import PRESET, Rate
from reelmill.media.rules import delivered_size
from reelmill.platforms import Platform

__all__ = ["PeerFile", "make_one_each", "measure_of", "nearness", "peer_files"]

_NOTHING = ("-f", "null", "-")
_PREVIEW_S = 3.0


@dataclass(frozen=True, slots=True)
class PeerFile:
    """A platform's file as the engine makes it: its size in pixels, and the label that lies on it, and where."""

    platform: Platform
    width: int
    height: int
    label: Path
    left: int
    top: int

    def graph(self, clip: int, label: int) -> str:
        """FFmpeg's filters from these inputs to the pictures that are to be coded, cut from the middle."""
        size = f"{self.width}:{self.height}"
        scaled = f"[{clip}:v]scale={size}:force_original_aspect_ratio=increase,crop={size}[cut]"
        return f"{scaled};[cut][{label}:v]overlay={self.left}:{self.top}"


def peer_files(platforms: Sequence[Platform], size: tuple[int, int], dress: Dress, folder: Path) -> list[PeerFile]:
    """What is made of clips of that size, with the engine's own sizes and its own label, which is written as PNG.

    Platforms of one size share the place of the label, because they share a picture in the engine.
    """
    sizes: dict[tuple[int, int], list[Platform]] = {}
    for platform in platforms:
        sizes.setdefault(delivered_size(platform, *size), []).append(platform)
    files = []
    for (width, height), alike in sizes.items():
        frame = Frame(width, height, common_zones(platform.safe_zones for platform in alike))
        label = folder / f"label-{width}x{height}.png"
        dress.label(frame).save(label)
        left, top = (place // 2 * 2 for place in frame.safe[:2])
        files += [PeerFile(platform, width, height, label, left, top) for platform in alike]
    return files


def make_one_each(ffmpeg: str, clip: Path, folder: Path, files: Sequence[PeerFile], seconds: float) -> None:
    """Every check, a poster, a preview and ``files``, on one thread."""
    source = ("-i", str(clip))
    _run(ffmpeg, *source, "-an", "-vf", "blackdetect=d=0.5", *_NOTHING)
    _run(ffmpeg, *source, "-an", "-vf", "freezedetect=d=1", *_NOTHING)
    _run(ffmpeg, *source, "-an", "-vf", "cropdetect", *_NOTHING)
    _run(ffmpeg, *source, "-vn", "-af", "silencedetect=d=1.5", *_NOTHING)
    _run(ffmpeg, *source, "-vn", "-af", "astats", *_NOTHING)
    _run(ffmpeg, *source, "-vf", "thumbnail=48", "-frames:v", "1", str(folder / "poster.jpg"))
    start_s = max(0.0, seconds - _PREVIEW_S) / 4
    part = ("-ss", f"{start_s:g}", "-t", f"{_PREVIEW_S:g}", "-an", "-vf", "scale=360:-2")
    _run(ffmpeg, *source, *part, *_x264(Rate(crf=27), 360, 640), str(folder / "preview.mp4"))
    for file in files:
        _make(ffmpeg, source, folder, file)


def _make(ffmpeg: str, source: tuple[str, str], folder: Path, file: PeerFile) -> None:
    """One file: the loudness is measured in a run of its own, as ``loudnorm`` needs it for an even gain."""
    rules = file.platform.delivery
    target = f"loudnorm=I={rules.loudness_lufs}:TP={rules.true_peak_dbtp}"
    said = _run(ffmpeg, *source, "-vn", "-af", f"{target}:print_format=json", *_NOTHING)
    told = json.loads(re.findall(r"\{[^{}]*\}", said)[-1])
    level = (
        f"{target}:linear=true:measured_I={told['input_i']}:measured_TP={told['input_tp']}"
        f":measured_LRA={told['input_lra']}:measured_thresh={told['input_thresh']}"
    )
    pictures = ("-filter_complex", f"{file.graph(0, 1)}[v]", "-map", "[v]", "-map", "0:a")
    sound = ("-af", level, "-ar", "48000", "-c:a", "aac", "-b:a", f"{rules.audio_kbps}k")
    coded = (*_x264(Rate(), file.width, file.height), *sound, "-movflags", "+faststart")
    target_path = str(folder / f"{file.platform.name}.mp4")
    _run(ffmpeg, *source, "-i", str(file.label), *pictures, *coded, target_path)


def nearness(ffmpeg: str, clip: Path, folder: Path, file: PeerFile) -> float:
    """How near the file in ``folder`` comes to the clip cut and labelled the same way without coding."""
    name = measure_of(ffmpeg)
    even = "settb=1/90000,setpts=PTS-STARTPTS"
    measured = "libvmaf=n_threads=2" if name == "VMAF" else "psnr"
    graph = f"{file.graph(1, 2)},{even}[meant];[0:v]{even}[made];[made][meant]{measured}"
    coded = folder / f"{file.platform.name}.mp4"
    inputs = ("-i", str(coded), "-i", str(clip), "-i", str(file.label))
    said = _run(ffmpeg, *inputs, "-filter_complex", graph, "-an", *_NOTHING, threads="0")
    found = re.search(r"VMAF score: ([\d.]+)|average:([\d.]+)", said)
    if found is None:
        raise RuntimeError(f"ffmpeg tells no {name} of {coded}:\n{said[-2000:]}")
    return float(found[1] or found[2])


def measure_of(ffmpeg: str) -> str:
    """What it can measure: VMAF, if it has libvmaf."""
    told = subprocess.run([ffmpeg, "-hide_banner", "-filters"], capture_output=True, text=True, check=True).stdout
    return "VMAF" if "libvmaf" in told else "PSNR (dB)"


def _x264(rate: Rate, width: int, height: int) -> tuple[str, ...]:
    options: Mapping[str, str] = {
        "preset": PRESET,
        "profile:v": "high",
        "threads": "1",
        "g": "48",
        **rate.options(width, height),
    }
    set_so = (part for key, value in options.items() for part in (f"-{key}", value))
    return ("-c:v", "libx264", "-pix_fmt", "yuv420p", *set_so)


def _run(ffmpeg: str, *arguments: str, threads: str = "1") -> str:
    """One process on one thread; returns what it said. Raises RuntimeError with that if it fails."""
    command = [ffmpeg, "-hide_banner", "-nostdin", "-y", "-threads", threads, "-filter_threads", "1"]
    command += ["-filter_complex_threads", "1", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stderr[-2000:]}")
    return done.stderr
