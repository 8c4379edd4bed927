"""Paid comparisons of a clip with its product's picture."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# Frozen here on purpose: later changes to the code's own types must not change what this step does.
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add the table; nothing was judged before."""
    op.create_table(
        "verdicts",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("verdict_id", "intent_id")),
        sa.Column("number", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("run_id", "day_key", "month_key", "state", "model")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("input_price", "output_price")),
        sa.Column("price_date", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("most", "charged")),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("input_tokens", "output_tokens")),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("verdict_id", name=op.f("pk_verdicts")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_verdicts_intent_id")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_verdicts_run_id")),
        sa.UniqueConstraint("intent_id", "number", name=op.f("uq_verdicts_intent_id_number")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_verdicts_number")),
        sa.CheckConstraint("most > 0 AND charged >= 0", name=op.f("ck_verdicts_money")),
    )
    op.create_index(op.f("ix_verdicts_asked_at_verdict_id"), "verdicts", ["asked_at", "verdict_id"])
    op.create_index(op.f("ix_verdicts_run_id_asked_at_verdict_id"), "verdicts", ["run_id", "asked_at", "verdict_id"])
