"""What was published where, so that a second run sends nothing again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Frozen here on purpose: later changes to the code's own types must not change what this step does.
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
KEY = ("target", "intent_id", "platform", "uri")


def upgrade() -> None:
    """Add the table; nothing was published before."""
    op.create_table(
        "publications",
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*KEY, "sha256")),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("published_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint(*KEY, name=op.f("pk_publications")),
        sa.ForeignKeyConstraint(["intent_id"], ["intents.intent_id"], name=op.f("fk_publications_intent_id")),
        sa.CheckConstraint("size >= 0", name=op.f("ck_publications_size")),
    )
