"""The files of a gallery: the page, its data in pieces, and what people have decided so far."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import files
from typing import IO

from reelmill.gallery.entries import Entry, decision_entry, waits_for_review
from reelmill.gallery.links import picture_origin
from reelmill.gallery.script import as_json, as_script
from reelmill.ledger.records import Review

__all__ = ["DECISIONS", "INDEX", "GalleryFile", "build_gallery", "decisions_json", "decisions_script", "policy"]

INDEX = "index.html"
DECISIONS = "decisions.json"
"""Every decision with its history, in the form of an export: it brings them back if the ledger is lost."""

_PIECE = 1000  # clips of one script, which the page loads one after the other
_DOUBTS = 5
_STEPS = 21  # of likeness: each a twentieth, and one for what was not compared
_IN_MEMORY = 256 << 10  # of each shelf
_MOST_ORIGINS = 20  # of product pictures, named one by one in the page's policy
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}


@dataclass(frozen=True, slots=True)
class GalleryFile:
    """One file below the gallery's folder."""

    name: str
    data: bytes
    content_type: str


def build_gallery(
    run: Entry, clips: Iterable[Entry], reviews: Iterable[Review], *, served: bool = False
) -> Iterator[GalleryFile]:
    """Every file, the page itself last, so that it never names one that is not there.

    Clips come doubtful first, whatever their number, in scripts of 1,000; not more than one of those is held in
    memory. ``served``: decisions are sent to the server at once instead of being exported.
    """
    rows = list(reviews)
    pieces, total, reviewable, origins = 0, 0, 0, set()
    for pieces, piece in enumerate(_pieces(_doubtful_first(clips)), 1):
        total += len(piece)
        reviewable += sum(map(waits_for_review, piece))
        origins |= {picture_origin(entry["picture"]) for entry in piece}
        yield _script(f"clips-{pieces:04}.js", as_script(f"reelmillClips{pieces:04}", piece))
    yield _script("decisions.js", decisions_script(rows))
    yield GalleryFile(DECISIONS, decisions_json(run["id"], rows), "application/json")
    head = {"version": 1, "served": served, "clips": total, "reviewable": reviewable, "pieces": pieces, "run": run}
    yield _script("data.js", as_script("reelmillData", head))
    page = b""
    for resource in sorted(files("reelmill.gallery").joinpath("static").iterdir(), key=lambda found: found.name):
        suffix = resource.name[resource.name.rfind(".") :]
        if resource.name == INDEX:
            page = resource.read_bytes()
        elif suffix in _TYPES:
            yield GalleryFile(resource.name, resource.read_bytes(), f"{_TYPES[suffix]}; charset=utf-8")
    allowed = policy(sorted(origin for origin in origins if origin), served=served)
    yield GalleryFile(INDEX, page.replace(b"{{policy}}", allowed.encode("ascii")), "text/html; charset=utf-8")


def policy(picture_origins: list[str], *, served: bool) -> str:
    """The page's content policy: its own files, the pictures' places, and nothing else."""
    pictures = " ".join(picture_origins) if len(picture_origins) <= _MOST_ORIGINS else "https:"
    connect = "'self'" if served else "'none'"
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {pictures}".rstrip()
        + f"; media-src 'self'; connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


def decisions_script(reviews: Iterable[Review]) -> bytes:
    """The newest decision about each clip (also one that takes the others back), for the page."""
    newest = {review.intent_id: review for review in reviews}
    return as_script("reelmillDecisions", [decision_entry(review) for review in newest.values()])


def decisions_json(run_id: str, reviews: Iterable[Review]) -> bytes:
    """Every decision in the form of an export."""
    told = {"format": "reelmill-decisions", "version": 1, "run_id": run_id}
    told["decisions"] = [decision_entry(review) for review in reviews]
    return as_json(told)


def _script(name: str, data: bytes) -> GalleryFile:
    return GalleryFile(name, data, "text/javascript; charset=utf-8")


def _doubtful_first(clips: Iterable[Entry]) -> Iterator[Entry]:
    """The same, sorted on disk by doubt and then by likeness, the least like first: a run may have a million clips."""
    with ExitStack() as open_files:
        shelves: list[IO[str]] = [
            open_files.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="ascii"))
            for _ in range(_DOUBTS * _STEPS)
        ]
        for entry in clips:
            shelves[entry["doubt"] * _STEPS + _step(entry["likeness"])].write(json.dumps(entry) + "\n")
        for shelf in shelves:
            shelf.seek(0)
            yield from map(json.loads, shelf)


def _step(likeness: float | None) -> int:
    """What was not compared comes last."""
    return _STEPS - 1 if likeness is None else min(int(max(likeness, 0.0) * (_STEPS - 1)), _STEPS - 2)


def _pieces(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    piece: list[Entry] = []
    for entry in entries:
        piece.append(entry)
        if len(piece) == _PIECE:
            yield piece
            piece = []
    if piece:
        yield piece
