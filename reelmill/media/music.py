"""The music bed: a sound file under the clip's own sound, or alone where the clip is silent."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler

from reelmill.media.loudness import LAYOUT, RATE, Loudness, Samples, loudness_of

__all__ = ["mixed", "read_music"]

_LONGEST_S = 180.0  # as the longest clip
_FADE_S = 0.5


def read_music(path: Path, longest_s: float = _LONGEST_S) -> Samples:
    """The first ``longest_s`` of a sound file. Raises what PyAV raises, and ValueError if it has no sound."""
    resampler = AudioResampler(format="fltp", layout=LAYOUT, rate=RATE)
    pieces: list[Samples] = []
    heard = 0
    with av.open(str(path.resolve()), options={"protocol_whitelist": "file"}) as container:
        if not container.streams.audio:
            raise ValueError(f"{path.name} has no sound")
        for frame in container.decode(container.streams.audio[0]):
            frame.pts = None
            for piece in resampler.resample(frame):
                pieces.append(piece.to_ndarray().astype(np.float32))
                heard += piece.samples
            if heard >= longest_s * RATE:
                break
    if not heard:
        raise ValueError(f"{path.name} has no sound")
    return np.concatenate(pieces, axis=1)


def mixed(
    own: Samples | None, loudness: Loudness | None, music: Samples, *, seconds: float, below_lu: float
) -> Samples:
    """The clip's own sound with the music so far below it; the music alone where it has none."""
    count = round(seconds * RATE)
    bed = np.tile(music, (1, -(-count // music.shape[1])))[:, :count].copy()
    fade = min(round(_FADE_S * RATE), count // 2)
    if fade:
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        bed[:, :fade] *= ramp
        bed[:, count - fade :] *= ramp[::-1]
    if own is None or loudness is None:
        return bed
    level = loudness_of(bed)
    if level is not None:
        bed *= np.float32(10 ** ((loudness.lufs - below_lu - level.lufs) / 20))
    page = np.zeros((own.shape[0], count), np.float32)
    shared = min(count, own.shape[1])
    page[:, :shared] = own[:, :shared]
    return page + bed
