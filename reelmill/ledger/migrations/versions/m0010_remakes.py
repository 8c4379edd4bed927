"""Attempts that a run made anew by itself, because a finding of the one before asked for it."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; every attempt from before was authorised by a plan or a person."""
    # In plain SQL, because SQLite takes a rule only together with its column; both databases read this alike.
    op.execute(
        "ALTER TABLE intents ADD COLUMN remake INTEGER DEFAULT 0 NOT NULL "
        "CONSTRAINT ck_intents_remake CHECK (remake >= 0)"
    )
