"""Runs show signs of life, so that one whose machine died does not stay running for ever."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Frozen here on purpose: later changes to the code's own types must not change what this step does.
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add the moment of a run's last sign of life; runs from before have none."""
    op.add_column("runs", sa.Column("alive_at", TIME, nullable=True))
