"""What is odd about a feed as a whole, though no row of it is wrong: counted while it is read, told in the plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from reelmill.product import RowRef
from reelmill.signatures import hide_secrets

__all__ = ["FeedNotes"]

_SHOWN_PLACES = 3
_DECIMAL = re.compile(r"[0-9]+\.0").fullmatch


@dataclass(slots=True)
class FeedNotes:
    """Counts, with the first of each as an example; memory does not grow with the feed."""

    decimal_ids: int = 0
    late_rows: int = 0
    doubtful: int = 0
    _decimal_id: str = ""
    _other_ids: bool = False
    _late: tuple[str, RowRef] | None = None
    _doubtful: list[str] = field(default_factory=list)

    def add_ids(self, skus: Sequence[str]) -> None:
        """Look at the ids of rows."""
        if self._other_ids or not skus:
            return
        self._other_ids = not all(map(_DECIMAL, skus))
        self.decimal_ids += len(skus)
        self._decimal_id = self._decimal_id or skus[0]

    def add_late(self, group: str, first: RowRef, rows: int) -> None:
        """Count rows of an item group that come after other products, and are passed over."""
        self.late_rows += rows
        self._late = self._late or (group, first)

    def add_doubtful(self, file: str, rows: range) -> None:
        """Count rows that may be one, torn by a line break."""
        self.doubtful += 1
        if len(self._doubtful) < _SHOWN_PLACES:
            self._doubtful.append(f"{rows[0]} to {rows[-1]} of {hide_secrets(file)}")

    def warnings(self) -> list[str]:
        """A sentence or two for each, with what to do."""
        return list(filter(None, (self._about_ids(), self._about_late_rows(), self._about_doubtful_rows())))

    def _about_ids(self) -> str:
        if self._other_ids or not self.decimal_ids:
            return ""
        known = hide_secrets(self._decimal_id)
        return (
            f"Every product id ends in .0, like {known}: pandas writes ids so where one is missing. {known} is another "
            f"id than {known[:-2]}, so that what was made for {known[:-2]} is made and paid for again. "
            "Unless these are the true ids, fill in the missing one or write the column as whole numbers or text "
            "(dtype=str) before anything is made."
        )

    def _about_late_rows(self) -> str:
        if self._late is None:
            return ""
        group, first = self._late
        what = "row comes" if self.late_rows == 1 else "rows come"
        verb = "is" if self.late_rows == 1 else "are"
        return (
            f"{self.late_rows} {what} after the other rows of the same item group, with products between, and {verb} "
            f"passed over; the first is row {first.row} of {hide_secrets(first.file)}, of group {hide_secrets(group)}. "
            "Sort the feed by item group, then by id."
        )

    def _about_doubtful_rows(self) -> str:
        if not self.doubtful:
            return ""
        more = f", and {self.doubtful - len(self._doubtful)} more" if self.doubtful > len(self._doubtful) else ""
        return (
            f"Rows {'; '.join(self._doubtful)}{more} have too few cells each and as many as the header together: a "
            "line break may stand in a cell without quotes, and its text would be a product of its own. If it does, "
            "put quotes around that cell; if not, fill up these rows with empty cells."
        )
