"""The price of the product that a clip was planned for, as its captions show it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; clips from before carry no price until they are made again."""
    for name in ("price", "sale_price"):
        op.add_column("clips", sa.Column(name, sa.Text(), nullable=False, server_default=""))
