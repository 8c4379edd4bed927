"""Everything that is made of a clip, from the one decode that also inspects it: a file per platform, and a preview."""

from __future__ import annotations

import contextlib
import errno
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from av.video.frame import VideoFrame

from reelmill.media.binding import bind
from reelmill.media.coded import Coded, read_coded
from reelmill.media.dress import Frame, common_zones
from reelmill.media.encoder import Rate
from reelmill.media.findings import Finding, FindingCode, VideoFacts
from reelmill.media.follow import LOOKAHEAD, Follower
from reelmill.media.frames import Seen
from reelmill.media.loudness import Loudness
from reelmill.media.making import FAILURES, Look, PictureMaker
from reelmill.media.order import Order
from reelmill.media.rules import broken_rules, delivered_size, picture_fits
from reelmill.media.sound_track import SoundTracks, Track
from reelmill.media.stretches import Luma
from reelmill.platforms import Platform

__all__ = ["Rendition", "RenditionMaker", "measures", "off_rules"]

_PREVIEW_S = 3.0
_PREVIEW_FROM = 0.25  # of what the preview leaves out lies before it: products turn to the viewer early
_PREVIEW_SIDE = 360
_PREVIEW_RATE = Rate(crf=27)
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """A file made for a platform. ``encoded`` says whether its pictures were coded again."""

    platform: str
    path: Path
    coded: Coded
    encoded: bool
    loudness: Loudness | None
    limited: bool

    def to_dict(self) -> dict[str, Any]:
        """What it is and how it was made, as plain JSON values."""
        measured = measures(self.platform, self.coded, self.loudness)
        return {**measured, "encoded": self.encoded, "limited": self.limited}


@dataclass(slots=True)
class RenditionMaker:
    """Takes the frames of one video as it is inspected; afterwards ``made``, ``preview`` and ``findings`` are there.

    ``no_room`` is set if this machine's disk is full: then nothing is wrong with the video.
    """

    order: Order
    made: list[Rendition] = field(default_factory=list)
    preview: Path | None = None
    findings: list[Finding] = field(default_factory=list)
    no_room: OSError | None = None
    _coded: Coded | None = None
    _copied: list[Platform] = field(default_factory=list)
    _makers: list[tuple[PictureMaker, list[Platform]]] = field(default_factory=list)
    _previewer: PictureMaker | None = None
    _follower: Follower | None = None
    _waiting: deque[tuple[VideoFrame, float]] = field(default_factory=deque)
    _given: int = 0

    def begin(self, facts: VideoFacts) -> None:
        """Decide what has to be encoded. What the headers promise is measured again in :meth:`end`."""
        order = self.order
        try:
            self._coded = coded = replace(read_coded(order.source), facts=facts)
        except FAILURES as error:
            for platform in order.platforms:
                self._failed(platform, error)
            return
        if letters := self._unwritable():
            words = f"The caption is left out: the font has no letters for {letters}."
            self.findings.append(Finding(FindingCode.OVERLAY_LEFT_OUT, words))
            order = self.order = replace(order, dress=replace(order.dress, caption=""))
        draws = order.dress.finish.draws
        groups: dict[tuple[Look, int], list[Platform]] = {}  # those of one look and highest rate share their pictures
        for platform in order.platforms:
            if not draws and picture_fits(platform, coded):
                self._copied.append(platform)
            else:
                most_kbps = platform.delivery.max_video_kbps or 0
                groups.setdefault((_look_of(platform, facts), most_kbps), []).append(platform)
        fps = Fraction(facts.fps or 24).limit_denominator(1001)
        for number, ((look, _), platforms) in enumerate(groups.items()):
            self._makers.append((self._maker(number, look, platforms, coded, fps), platforms))
        self._tell_cut_words()
        if any(look.follows(facts.width, facts.height) for look, _ in groups):
            self._follower = Follower()
        if order.preview:
            self._previewer = self._preview_maker(facts, fps)

    def take(self, frame: VideoFrame, at_s: float, luma: Luma) -> None:
        """The next frame goes to every file; where a crop follows the subject, half a second later."""
        self._waiting.append((frame, at_s))
        if self._follower is not None:
            self._follower.see(luma)
        self._hand_out(LOOKAHEAD if self._follower is not None else 0)

    def end(self, seen: Seen) -> None:
        """Finish the files: pictures, then sound as each platform wants it, then both bound together."""
        self._hand_out(0)
        for maker in self._all():
            maker.close()
        if self._coded is None:
            return
        tracks = SoundTracks(self.order, self._coded, seen)
        for platform in self._copied:
            self._finish(platform, self.order.source, tracks)
        for maker, platforms in self._makers:
            for platform in platforms:
                if maker.failure is not None:
                    self._failed(platform, maker.failure)
                else:
                    self._finish(platform, maker.path, tracks)
            maker.path.unlink(missing_ok=True)
        if self._previewer is not None:
            self._finish_preview(self._previewer)
        self.made.sort(key=lambda rendition: rendition.platform)

    def _hand_out(self, keep: int) -> None:
        while len(self._waiting) > keep:
            frame, at_s = self._waiting.popleft()
            centre = self._follower.at(self._given) if self._follower is not None else (0.5, 0.5)
            self._given += 1
            for maker in self._all():
                maker.take(frame, at_s, centre)

    def _all(self) -> Iterator[PictureMaker]:
        yield from (maker for maker, _ in self._makers)
        if self._previewer is not None:
            yield self._previewer

    def _maker(self, number: int, look: Look, platforms: list[Platform], coded: Coded, fps: Fraction) -> PictureMaker:
        floor = max(platform.delivery.min_video_kbps or 0 for platform in platforms)
        most = platforms[0].delivery.max_video_kbps or 0
        kept_kbps = coded.video_kbps * look.kept(coded.facts.width, coded.facts.height)
        easy = kept_kbps < floor  # so easy that a constant quality is sure to stay below the floor
        return PictureMaker(
            look,
            self.order.folder / f"picture-{number}.mp4",
            Rate(floor_kbps=floor if easy else 0, most_kbps=most, seconds=coded.facts.duration_s),
            fps,
            coded.facts.duration_s,
            self.order.dress,
            Frame(look.width, look.height, common_zones(platform.safe_zones for platform in platforms)),
            floor_kbps=floor,
        )

    def _preview_maker(self, facts: VideoFacts, fps: Fraction) -> PictureMaker:
        scale = min(1.0, _PREVIEW_SIDE / min(facts.width, facts.height))
        look = Look(max(2, round(facts.width * scale / 2) * 2), max(2, round(facts.height * scale / 2) * 2))
        start_s = _PREVIEW_FROM * max(0.0, facts.duration_s - _PREVIEW_S)
        path = self.order.folder / "preview-picture.mp4"
        return PictureMaker(
            look, path, _PREVIEW_RATE, fps, facts.duration_s, start_s=start_s, end_s=start_s + _PREVIEW_S
        )

    def _unwritable(self) -> str:
        try:
            return self.order.dress.unwritable()
        except OSError:  # told by every picture that needs the font
            return ""

    def _tell_cut_words(self) -> None:
        cut: dict[str, list[str]] = {}
        for maker, platforms in self._makers:
            with contextlib.suppress(OSError):  # told by every picture that needs the font
                for what in self.order.dress.cut(maker.frame) if maker.frame else ():
                    cut.setdefault(what, []).extend(platform.name for platform in platforms)
        for what, names in cut.items():
            words = f"The {what} is too long for {', '.join(names)} and is cut there: shorten it, or take fewer words."
            self.findings.append(Finding(FindingCode.OVERLAY_LEFT_OUT, words))

    def _finish(self, platform: Platform, pictures: Path, tracks: SoundTracks) -> None:
        target = self.order.folder / f"{platform.name}.mp4"
        try:
            track = tracks.of(platform)
            coded = self._bound(pictures, track, target, edit_lists=platform.delivery.edit_lists)
        except FAILURES as error:
            self._failed(platform, error)
            return
        encoded = pictures != self.order.source
        self.made.append(
            Rendition(
                platform=platform.name,
                path=target,
                coded=coded,
                encoded=encoded,
                loudness=track.loudness,
                limited=track.limited,
            )
        )
        self.findings += off_rules(platform, coded, track.loudness)

    def _bound(self, pictures: Path, track: Track, target: Path, *, edit_lists: bool) -> Coded:
        assert self._coded is not None
        bind(pictures, track.path, target, tags=self._coded.tags, record=self.order.record, edit_lists=edit_lists)
        return read_coded(target)

    def _finish_preview(self, maker: PictureMaker) -> None:
        target = self.order.folder / "preview.mp4"
        try:
            if maker.failure is not None:
                raise maker.failure
            tags = self._coded.tags if self._coded else {}
            bind(maker.path, None, target, tags=tags, record=self.order.record)
        except FAILURES as error:
            self._failed(None, error)
        else:
            self.preview = target
        maker.path.unlink(missing_ok=True)

    def _failed(self, platform: Platform | None, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno in _FULL:
            self.no_room = error
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
        name = platform.name if platform else ""
        words = f"What was to be made for {name or 'the preview'} failed: {reason[:200]}."
        self.findings.append(Finding(FindingCode.RENDITION_FAILED, words, platform=name))


def measures(platform: str, coded: Coded, loudness: Loudness | None) -> dict[str, Any]:
    """What a platform's file is like, as plain JSON values."""
    facts = coded.facts
    return {
        "platform": platform,
        "width": facts.width,
        "height": facts.height,
        "duration_s": facts.duration_s,
        "bytes": coded.size,
        "loudness": asdict(loudness) if loudness else None,
    }


def off_rules(platform: Platform, coded: Coded, loudness: Loudness | None) -> list[Finding]:
    """What the platform would refuse of a file made for it, of the loudness that was measured of it."""
    return [
        Finding(FindingCode.RENDITION_OFF_RULES, f"For {platform.name} it has {words}.", platform=platform.name)
        for words in broken_rules(platform, coded, loudness)
    ]


def _look_of(platform: Platform, facts: VideoFacts) -> Look:
    return Look(*delivered_size(platform, facts.width, facts.height), platform.fit, platform.crop)
