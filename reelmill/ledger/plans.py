"""Which of two plans knows better: the one whose planning began later, whenever its books were opened or closed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from reelmill.ledger.listed import one_of
from reelmill.ledger.schema import runs

__all__ = ["LaterPlans", "later_plans", "newest_plan", "planning_times"]

_r = runs.c


@dataclass(frozen=True, slots=True)
class LaterPlans:
    """Runs that were planned later than another one, each with the catalog that it read as a whole. False if none."""

    catalogs: Mapping[str, str | None]

    @property
    def run_ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(self.catalogs)

    def read_whole(self, catalog: str) -> bool:
        """Whether one of them read this catalog as a whole, and so knows what is in it."""
        return catalog in self.catalogs.values()

    def __bool__(self) -> bool:
        return bool(self.catalogs)


def later_plans(connection: Connection, run_id: str) -> LaterPlans:
    """The runs whose planning began later than this one's; none if nobody wrote down when that was."""
    own = select(_r.planned_at).where(_r.run_id == run_id).scalar_subquery()
    rows = connection.execute(select(_r.run_id, _r.catalog).where(_r.planned_at > own))
    return LaterPlans({row.run_id: row.catalog for row in rows})


def planning_times(connection: Connection, run_ids: Collection[str]) -> dict[str, datetime]:
    """When the planning of these runs began; those of which nobody wrote it down are left out."""
    these = (one_of(connection, _r.run_id, run_ids), _r.planned_at.is_not(None))
    return {row.run_id: row.planned_at for row in connection.execute(select(_r.run_id, _r.planned_at).where(*these))}


def newest_plan(connection: Connection, output: str) -> datetime | None:
    """When the last plan of an output began whose books were opened; None if nobody wrote it down."""
    return connection.execute(select(func.max(_r.planned_at)).where(_r.output == output)).scalar()
