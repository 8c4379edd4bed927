"""Continued videos: scenes that extend the video of the scene before them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add which video an attempt extends; those from before say so in their clip's request, or extend none."""
    op.add_column("intents", sa.Column("sent_video", sa.Text(), nullable=True))
