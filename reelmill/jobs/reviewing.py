"""Reviewing a run: decisions from the served page or an exported file into the ledger, and how far the review is."""

from __future__ import annotations

import getpass
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reelmill.clip import Clip
from reelmill.errors import FixAccess, FixConfiguration
from reelmill.gallery.building import decisions_script
from reelmill.gallery.decisions_file import MOST_BYTES, ParsedDecisions, RowProblem, parse_export, parse_posted
from reelmill.gallery.entries import decision_entry
from reelmill.gallery.links import LinksInside
from reelmill.gallery.media import media_of
from reelmill.jobs.galleries import gallery_files, stitched_films
from reelmill.jobs.media_cache import MediaCache
from reelmill.ledger.films import Stitched
from reelmill.ledger.ledger import Ledger
from reelmill.ledger.records import Decision, Intent, Review
from reelmill.ledger.reviews import Recorded
from reelmill.production.kept_pictures import KeptPictures
from reelmill.production.media_inputs import PICTURE
from reelmill.storage.port import Storage

__all__ = ["Applied", "Progress", "ReviewDesk", "apply_file", "default_reviewer", "find_progress"]


def default_reviewer() -> str:
    """The name of whoever is logged in here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "unknown"


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a file's decisions: those that are new, those known before, and the rows that were not taken."""

    recorded: int
    known: int
    problems: tuple[RowProblem, ...]


def apply_file(ledger: Ledger, run_id: str, path: Path, *, reviewer: str = "") -> Applied:
    """Keep the decisions of an exported file; the same file again adds nothing.

    Raises FixConfiguration for what is no export, or is one of another run; FixAccess if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise FixAccess(f"{path}: {error.strerror}.", "Name the file that the gallery exported.") from None
    parsed = parse_export(data, reviewer=reviewer, default_reviewer=default_reviewer())
    if parsed.run_id != run_id:
        raise FixConfiguration(
            f"{path} holds decisions about run {parsed.run_id[:100]!r}, not {run_id}.",
            "Name that run, or another file.",
        )
    outcomes, problems = _record(ledger, run_id, parsed)
    new = sum(outcome.new for outcome in outcomes)
    return Applied(new, sum(outcome.review is not None for outcome in outcomes) - new, tuple(problems))


def _record(ledger: Ledger, run_id: str, parsed: ParsedDecisions) -> tuple[list[Recorded], list[RowProblem]]:
    outcomes = ledger.review([one for _, one in parsed.asked], run_id=run_id)
    numbered = zip(parsed.asked, outcomes, strict=True)
    refused = [RowProblem(number, outcome.problem) for (number, _), outcome in numbered if outcome.problem]
    return outcomes, sorted([*parsed.problems, *refused], key=lambda problem: problem.row)


@dataclass(slots=True)
class Progress:
    """How far the review of a run is: delivered clips by decision, and the first ones that nobody decided about.

    Of each clip the latest delivered attempt counts, as long as its videos are there. ``picked`` of the approved ones
    are drafts.
    """

    keeps: int
    counts: Counter[Decision] = field(default_factory=Counter)
    undecided: int = 0
    picked: int = 0
    waiting: list[tuple[Clip, Intent]] = field(default_factory=list)
    rejected: list[tuple[Clip, Review]] = field(default_factory=list)

    @property
    def delivered(self) -> int:
        """All clips that can be decided about."""
        return self.undecided + self.counts.total()

    @property
    def sent_back(self) -> int:
        """Those that were rejected, or are to be remade."""
        return self.counts.total() - self.counts[Decision.APPROVE]


def find_progress(ledger: Ledger, run_id: str, *, keeps: int) -> Progress:
    """Count a run's decisions; of the undecided and the rejected keep the first ``keeps``."""
    decisions, gone, found = ledger.decisions(run_id), ledger.removed_at(run_id=run_id), Progress(keeps)
    for clip, intent in ledger.videos(run_id=run_id):
        if intent.intent_id in gone:
            continue
        review = decisions.get(intent.intent_id)
        if review is None:
            found.undecided += 1
            if len(found.waiting) < keeps:
                found.waiting.append((clip, intent))
            continue
        found.counts[review.decision] += 1
        found.picked += intent.draft and review.decision is Decision.APPROVE
        if review.decision is not Decision.APPROVE and len(found.rejected) < keeps:
            found.rejected.append((clip, review))
    return found


class ReviewDesk:
    """What the served gallery of one run answers with; see :class:`reelmill.gallery.serving.Desk`.

    ``folder`` is for the page and for copies of what is looked at.
    """

    def __init__(self, ledger: Ledger, storage: Storage, run_id: str, *, reviewer: str, folder: Path) -> None:
        self._ledger, self._run_id, self._reviewer = ledger, run_id, reviewer
        self._page, self._cache = folder / "page", MediaCache(storage, folder / "media")
        self._storage = storage
        self._page.mkdir(parents=True)
        kept = KeptPictures(storage)
        self._names = set[str]()
        for file in gallery_files(ledger, run_id, LinksInside(kept), kept, served=True):
            (self._page / file.name).write_bytes(file.data)
            self._names.add(file.name)
        self._films = {one.edition: one for one in stitched_films(ledger, run_id)}
        self.recorded = 0

    def page(self, name: str) -> Path | None:
        """A file of the gallery itself."""
        return self._page / name if name in self._names else None

    def decisions(self) -> bytes:
        """The script with the decisions so far, of everybody."""
        return decisions_script(self._ledger.reviews(run_id=self._run_id))

    def media(self, folder: str, name: str) -> Path | None:
        """A poster, preview, video or rendition of this run's clips and films, or a kept picture; else None."""
        if folder == "pictures":
            return self._cache.get(f"inputs/{name}") if PICTURE.fullmatch(f"inputs/{name}") else None
        made: Intent | Stitched | None = self._films.get(folder)
        if made is None:
            intent = self._ledger.intent(folder)
            made = intent if intent is not None and intent.run_id == self._run_id else None
        uri = None if made is None else media_of(made).get(name)
        try:
            return None if uri is None else self._cache.get(self._storage.name(uri))
        except ValueError:  # outside the output
            return None

    def record(self, posted: bytes) -> dict[str, Any]:
        """Keep posted decisions, made now by this reviewer; each is told with what stood before it."""
        outcomes, problems = _record(self._ledger, self._run_id, parse_posted(posted, reviewer=self._reviewer))
        self.recorded += sum(outcome.new for outcome in outcomes)
        return {
            "recorded": [_told(outcome.review, outcome.before) for outcome in outcomes if outcome.review is not None],
            "problems": [{"row": problem.row, "problem": problem.problem} for problem in problems],
        }


def _told(review: Review, before: Review | None) -> dict[str, Any]:
    return decision_entry(review) | {"before": before and decision_entry(before)}
