"""Planned: when the planning of a run began, and of which whole catalog: an older plan overrules no newer one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; of runs from before they are not known, and no plan counts as older than theirs."""
    op.add_column("runs", sa.Column("planned_at", TIME, nullable=True))
    op.add_column("runs", sa.Column("catalog", sa.Text(), nullable=True))
    op.create_index(op.f("ix_runs_planned_at"), "runs", ["planned_at"])
