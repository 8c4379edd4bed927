"""Ends that are to be told to a receiver, and what a sensor has seen of feeds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Frozen here on purpose: later changes to the code's own types must not change what this step does.
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add both tables; no run from before is told of."""
    op.add_column("runs", sa.Column("webhooks", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "deliveries",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("delivery_id", "event", "run_id")),
        sa.Column("intent_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_deliveries")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_deliveries_run_id")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_deliveries_intent_id")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_deliveries_tries")),
    )
    op.create_index(
        op.f("ix_deliveries_status_next_at_delivery_id"), "deliveries", ["status", "next_at", "delivery_id"]
    )
    op.create_table(
        "landings",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("told", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("feed", name=op.f("pk_landings")),
    )
