"""Makes the videos of a job: reads what came with it, decides the scene, encodes on worker threads."""

from __future__ import annotations

import asyncio
import base64
import math
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from reelmill.simulator.faults import Fault
from reelmill.simulator.requests import EXTENSION_SECONDS, Job, Media
from reelmill.simulator.store import ObjectStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from reelmill.simulator.picture import Scene

__all__ = ["InputRejected", "Studio"]

_SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
_EVEN = 16  # sides are multiples of this after scaling
_INVALID_ARGUMENT = 3
_EXTENDED_SECONDS = 1, 30  # of a video that is extended (model cards)
_PROMPT_WORDS = 14
_PICTURE_CRF = 27
_TEMPLATE_CRF = 40  # small files: fast videos are about bytes per second


class InputRejected(Exception):  # noqa: N818  # what happened; it never leaves the simulator
    """An input was read but is not what its MIME type says; ends the operation with code 3."""

    code = _INVALID_ARGUMENT

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class _Inputs:
    """What came with a request, as far as the picture needs it."""

    still: bytes | None = None
    video: bytes | None = None


class Studio:
    """Makes MP4s, a few at a time. In ``fast`` mode videos of one size and length differ in bytes only.

    With ``ready``, a folder of MP4 files, it hands out copies of those, whatever is asked for.
    """

    def __init__(
        self, store: ObjectStore, *, fast: bool, scale: float, workers: int, ready: Path | None = None
    ) -> None:
        self._store = store
        self._fast = fast
        self._scale = scale
        self._ready = [path.read_bytes() for path in sorted(ready.glob("*.mp4"))] if ready else []
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="studio")

    async def make(self, job: Job, operation: str, count: int, fault: Fault | None) -> list[bytes]:
        """``count`` videos for ``job``. Raises StorageRefused or InputRejected for its inputs."""
        inputs = await self._read(job.media)
        loop = asyncio.get_running_loop()
        return list(
            await asyncio.gather(
                *(
                    loop.run_in_executor(self._pool, self._film, job, inputs, operation, sample, fault)
                    for sample in range(count)
                )
            )
        )

    def close(self) -> None:
        """Take no more work."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _read(self, media: Sequence[Media]) -> _Inputs:
        stills: list[bytes] = []
        video = None
        for each in media:
            data = await self._store.read(each.uri) if each.uri else base64.b64decode(each.base64 or "")
            if each.role == "video":
                video = data
            else:
                stills.append(data)
        return _Inputs(stills[0] if stills else None, video)

    def _film(self, job: Job, inputs: _Inputs, operation: str, sample: int, fault: Fault | None) -> bytes:
        width, height = self._size(job)
        backdrop = self._backdrop(inputs, width, height)
        frames = self._frames(job, inputs)
        take = f"{operation}/{sample}"
        if (self._ready or self._fast) and fault not in (Fault.BLACK_VIDEO, Fault.FROZEN_VIDEO):
            from reelmill.simulator.encoding import free_box

            data = self._footage(take) if self._ready else _template(width, height, frames, job.audio)
            data += free_box(take)
        else:
            scene = _scene(job, (width, height, frames), take, backdrop, fault)
            data = _photograph(scene, frames, audio=job.audio)
        return data[: len(data) // 2] if fault is Fault.TRUNCATED_VIDEO else data

    def _footage(self, take: str) -> bytes:
        return self._ready[zlib.crc32(take.encode()) % len(self._ready)]

    def _size(self, job: Job) -> tuple[int, int]:
        long, short = (max(_EVEN, round(side * self._scale / _EVEN) * _EVEN) for side in _SIZES[job.resolution])
        if math.isclose(self._scale, 1):
            long, short = _SIZES[job.resolution]
        return (long, short) if job.aspect_ratio == "16:9" else (short, long)

    @staticmethod
    def _backdrop(inputs: _Inputs, width: int, height: int) -> NDArray[np.uint8] | None:
        from reelmill.simulator.encoding import read_still

        source = inputs.video if inputs.video is not None else inputs.still
        if source is None:
            return None
        backdrop = read_still(source, width, height)
        if backdrop is None:  # text UNVERIFIED
            raise InputRejected("The input image or video could not be decoded.")
        return backdrop

    @staticmethod
    def _frames(job: Job, inputs: _Inputs) -> int:
        from reelmill.simulator.encoding import FPS, video_seconds

        if inputs.video is None:
            return job.seconds * FPS
        seconds = video_seconds(inputs.video) or 0
        shortest, longest = _EXTENDED_SECONDS
        if not shortest <= seconds < longest + 1:  # sound may end a little later; text UNVERIFIED
            raise InputRejected(f"The input video has {seconds:g} seconds, supported are {shortest} to {longest}.")
        # An extension returns the whole: what was there and seven seconds more.
        return round((seconds + EXTENSION_SECONDS) * FPS)


def _photograph(scene: Scene, frames: int, *, audio: bool, crf: int = _PICTURE_CRF) -> bytes:
    from reelmill.simulator.encoding import encode
    from reelmill.simulator.picture import LOOP_FRAMES, draw_frames

    # Where a loop starts again the coding starts afresh, which a detector would see as motion.
    loop = draw_frames(scene, frames if scene.frozen else LOOP_FRAMES)
    return encode(loop, width=scene.width, height=scene.height, frames=frames, audio=audio, crf=crf)


def _scene(
    job: Job, size: tuple[int, int, int], take: str, backdrop: NDArray[np.uint8] | None, fault: Fault | None
) -> Scene:
    """What the video shows; ``take`` names operation and sample."""
    from reelmill.simulator.encoding import FPS
    from reelmill.simulator.picture import Scene

    width, height, frames = size
    operation, _, sample = take.rpartition("/")
    short_name = operation.rpartition("/")[2][:8]
    facts = [job.aspect_ratio, f"{frames / FPS:g} s", job.resolution, "sound" if job.audio else "silent"]
    words = " ".join(job.prompt.split()[:_PROMPT_WORDS])
    product = str(job.labels.get("sku") or job.labels.get("product") or "")
    return Scene(
        width=width,
        height=height,
        heading=product or words,
        words=words if product else "",
        facts=" · ".join(facts),
        footer=f"Reelmill simulator · {job.place.model.id} · {short_name} · sample {sample}",
        seed=zlib.crc32(take.encode()),
        backdrop=backdrop,
        black=fault is Fault.BLACK_VIDEO,
        frozen=fault is Fault.FROZEN_VIDEO,
    )


@lru_cache(maxsize=64)
def _template(width: int, height: int, frames: int, audio: bool) -> bytes:
    from reelmill.simulator.encoding import FPS
    from reelmill.simulator.picture import Scene

    scene = Scene(
        width=width,
        height=height,
        heading="Reelmill simulator",
        words="Fast videos: every one of this size and length looks like this.",
        facts=f"{width} x {height} · {frames / FPS:g} s",
        footer="No model was called",
        seed=width + height + frames,
    )
    return _photograph(scene, frames, audio=audio, crf=_TEMPLATE_CRF)
