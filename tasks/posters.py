"""The first clips of a run as pictures that play when pressed, for the results artifact."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from reelmill.production.results import ClipResult
from reelmill.settings import Settings
from reelmill.storage.browse import browse_address
from tasks.wording import plain

__all__ = ["posters"]

_MOST = 12
_A_ROW = 4


def posters(results: Sequence[ClipResult], settings: Settings) -> list[str]:
    """A table of posters, each a link to its video; nothing where a browser cannot reach them."""
    shown = list(islice(filter(None, (_poster(result, settings) for result in results)), _MOST))
    if not shown:
        return []
    rows = [shown[start : start + _A_ROW] for start in range(0, len(shown), _A_ROW)]
    width = len(rows[0])
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return ["### Clips", "\n".join(["|" + "   |" * width, "|" + "---|" * width, *lines])]


def _poster(result: ClipResult, settings: Settings) -> str | None:
    if result.poster_uri is None or not result.video_uris:
        return None
    picture, video = browse_address(result.poster_uri, settings), browse_address(result.video_uris[0], settings)
    name = plain(f"{result.sku} {result.aspect_ratio}")
    return f"[![{name}]({picture})<br>{name}]({video})" if picture and video else None
