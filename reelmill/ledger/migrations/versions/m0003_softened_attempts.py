"""Attempts with other words than the clip's own: what was sent, which retry it is, and what a filter struck."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; every attempt from before was sent with the clip's own words."""
    for name in ("sent_prompt", "sent_negative_prompt", "filter_causes"):
        op.add_column("intents", sa.Column(name, sa.Text(), nullable=True))
    # In plain SQL, because SQLite takes a rule only together with its column; both databases read this alike.
    op.execute(
        "ALTER TABLE intents ADD COLUMN softening INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_intents_softening CHECK (softening >= 0 AND (softening = 0) = (sent_prompt IS NULL))"
    )
