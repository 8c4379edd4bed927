"""Pauses: until when nothing is told, because the receiver asked for time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; what was asked for before stands in the deliveries that waited then."""
    op.create_table(
        "pauses",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("what", name=op.f("pk_pauses")),
        sqlite_with_rowid=False,
    )
