"""What people decided about delivered clips, and the product's picture to compare them with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Frozen here on purpose: later changes to the code's own types must not change what this step does.
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add the table; clips from before have no picture until they are made again."""
    op.add_column("clips", sa.Column("picture", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "reviews",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("review_id", "intent_id", "decision", "reason")),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("review_id", name=op.f("pk_reviews")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_reviews_intent_id")),
    )
    op.create_index(
        op.f("ix_reviews_intent_id_decided_at_review_id"), "reviews", ["intent_id", "decided_at", "review_id"]
    )
