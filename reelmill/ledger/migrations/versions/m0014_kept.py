"""Kept: when a plan last found a delivered attempt and kept it, so that it is what the catalog wants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment; of those from before, the moment at which they were authorised is all that is known."""
    op.add_column("intents", sa.Column("kept_at", TIME, nullable=True))
