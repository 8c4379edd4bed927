"""A plan on its way to being made: clips and notes in a temporary file, so that memory stays flat."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

import orjson

from reelmill.film import Film, FilmScene
from reelmill.ledger.records import KnownProduct
from reelmill.planning.actions import PlannedClip
from reelmill.planning.plan_rows import planned_from_row, planned_row
from reelmill.platforms import NativeRatio
from reelmill.product import Reject, RowRef

__all__ = ["PlanSink", "Spool"]


class PlanSink(Protocol):
    """Where a planner puts what a run will need. Counting is the summary's business."""

    def make(self, planned: PlannedClip) -> None:
        """A clip to make."""

    def reject(self, reject: Reject) -> None:
        """A row that cannot be made."""

    def product(self, known: KnownProduct, clip_ids: tuple[str, ...]) -> None:
        """A product that is new, changed or not whole yet, with the clips it needs."""

    def film(self, film: Film) -> None:
        """A film that clips of the plan are scenes of, whether or not they are to be made."""

    def retire(self, skus: list[str]) -> None:
        """Products that vanished from the feed."""


@dataclass(slots=True)
class Spool:
    """Keeps a plan in a temporary folder until it was made; a context manager and a PlanSink."""

    _folder: tempfile.TemporaryDirectory[str] = field(
        default_factory=lambda: tempfile.TemporaryDirectory(prefix="reelmill-spool-")
    )
    _files: dict[str, IO[bytes]] = field(default_factory=dict)
    link_counts: Counter[int] = field(default_factory=Counter)
    """How many scenes to make are the so-manieth links of their chains, from 1; the others count nowhere."""

    def make(self, planned: PlannedClip) -> None:
        """Keep a clip to make."""
        row = planned_row(planned) | {"sources": planned.sources}
        if planned.link:
            self.link_counts[planned.link] += 1
        self._write(f"link-{planned.link}" if planned.link else "make", row)

    def reject(self, reject: Reject) -> None:
        """Keep a row that cannot be made."""
        row = asdict(reject)
        del row["keys"]  # the plan alone needs them, and a product may have thousands
        self._write("rejects", row)

    def product(self, known: KnownProduct, clip_ids: tuple[str, ...]) -> None:
        """Keep a product to remember once its clips are delivered."""
        self._write("products", [asdict(known), clip_ids])

    def film(self, film: Film) -> None:
        """Keep a film to stitch once its scenes are delivered."""
        self._write("films", asdict(film))

    def retire(self, skus: list[str]) -> None:
        """Keep vanished SKUs."""
        for sku in skus:
            self._write("retired", sku)

    def planned_clips(self) -> Iterator[PlannedClip]:
        """The clips to make, in feed order, but those that continue others."""
        for line in self._read("make"):
            yield planned_from_row(line)

    def links(self, number: int) -> Iterator[PlannedClip]:
        """The scenes to make that are the ``number``-th links of their chains; in feed order."""
        for line in self._read(f"link-{number}"):
            yield planned_from_row(line)

    def rejects(self) -> Iterator[Reject]:
        """The rows that cannot be made."""
        for line in self._read("rejects"):
            yield Reject(**line | {"ref": RowRef(**line["ref"])})

    def products(self) -> Iterator[tuple[KnownProduct, tuple[str, ...]]]:
        """The products to remember, each with the clips it needs."""
        for known, clip_ids in self._read("products"):
            yield KnownProduct(**known), tuple(clip_ids)

    def films(self) -> Iterator[Film]:
        """The films to stitch."""
        for row in self._read("films"):
            scenes = tuple(FilmScene(**scene) for scene in row["scenes"])
            yield Film(**row | {"aspect_ratio": NativeRatio(row["aspect_ratio"]), "scenes": scenes})

    def retired(self) -> Iterator[str]:
        """The vanished SKUs."""
        yield from self._read("retired")

    def _write(self, name: str, value: Any) -> None:
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = _for_us_alone(Path(self._folder.name) / name)
        file.write(orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE))

    def _read(self, name: str) -> Iterator[Any]:
        if (written := self._files.get(name)) is None:
            return
        written.flush()
        with (Path(self._folder.name) / name).open("rb") as lines:
            yield from map(orjson.loads, lines)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
        self._folder.cleanup()


def _for_us_alone(path: Path) -> IO[bytes]:
    """A new file to write. Signed addresses pass through here, so nobody else may read it."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
