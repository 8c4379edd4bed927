"""Drafts: attempts that were bought to be looked at, on a cheaper model, and are never published."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the mark; nothing from before was a draft."""
    op.add_column("intents", sa.Column("draft", sa.Boolean(), nullable=False, server_default=sa.false()))
