"""What a plan says about clips that were to begin with a picture or a video of the feed, and have words alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from reelmill.clip import Clip
from reelmill.column_names import column_name
from reelmill.errors import FixConfiguration
from reelmill.planning.shapes import ClipShape
from reelmill.platforms import MediaUse

__all__ = ["WordsAlone", "check_video_column"]


def check_video_column(shapes: Sequence[ClipShape], video_column: str, columns: Collection[str]) -> None:
    """Raise FixConfiguration if videos are to be extended and the feed, which has these ``columns``, names none."""
    wanted = any(shape.media_use is MediaUse.EXTEND_VIDEO for shape in shapes)
    if wanted and column_name(video_column) not in columns:
        raise FixConfiguration(
            f"media_use is extend_video, and the feed has no column {video_column!r} (setting video_column): "
            "every clip would be made from words alone.",
            f"Set video_column to one of: {', '.join(sorted(columns)) or 'none; add the column'}; or change media_use.",
        )


@dataclass(slots=True)
class WordsAlone:
    """Counts clips to make, by the use of media that is wanted of them: all, and those whose product has none."""

    shapes: Sequence[ClipShape] = ()
    video_column: str = ""
    wanted: Counter[MediaUse] = field(default_factory=Counter)
    without: Counter[MediaUse] = field(default_factory=Counter)

    def made(self, clip: Clip) -> None:
        """Count a clip to make; one that continues another begins with that."""
        if clip.request.continues:
            return
        for shape in self.shapes:
            if shape.media_use is not MediaUse.NONE and not set(shape.platforms).isdisjoint(clip.platforms):
                self.wanted[shape.media_use] += 1
                self.without[shape.media_use] += not clip.request.media

    def warnings(self) -> list[str]:
        """A sentence for each use that some clips lack the media of."""
        return [
            f"{number:,} of {self.wanted[use]:,} {'clip' if self.wanted[use] == 1 else 'clips'} to make for "
            f"media_use = {use.value} {'is' if number == 1 else 'are'} made from words alone: {self._lack(use)}"
            for use, number in self.without.items()
            if number
        ]

    def _lack(self, use: MediaUse) -> str:
        if use is MediaUse.EXTEND_VIDEO:
            return f"no gs:// MP4 in column {self.video_column!r}. Fill it in for the others."
        return "the product has no picture. Give it one in the feed, or change media_use."
