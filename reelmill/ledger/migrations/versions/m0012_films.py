"""Films: scenes of a storyboard, each a paid clip, stitched into one video."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Frozen here on purpose: later changes to the code's own types must not change what this step does.
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Add the tables, and to clips the scene that they are; those from before stand by themselves."""
    op.add_column("clips", sa.Column("scene", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "films",
        sa.Column("film_id", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("aspect_ratio", sa.Text(), nullable=False),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("crossfade_ms", sa.Integer(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("draft", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("output", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("planned_at", TIME, nullable=False),
        sa.Column("edition", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Text(), nullable=True),
        sa.Column("video_uri", sa.Text(), nullable=True),
        sa.Column("poster_uri", sa.Text(), nullable=True),
        sa.Column("provenance_uri", sa.Text(), nullable=True),
        sa.Column("inspection", sa.Text(), nullable=True),
        sa.Column("renditions", sa.Text(), nullable=True),
        sa.Column("stitched_at", TIME, nullable=True),
        sa.CheckConstraint("crossfade_ms >= 0 AND duration_ms > 0", name=op.f("ck_films_size")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"], name=op.f("fk_films_run_id")),
        sa.PrimaryKeyConstraint("film_id", name=op.f("pk_films")),
    )
    op.create_index(op.f("ix_films_output_film_id"), "films", ["output", "film_id"])
    op.create_index(op.f("ix_films_run_id"), "films", ["run_id"])
    op.create_index(op.f("ix_films_sku"), "films", ["sku"])
    op.create_table(
        "film_scenes",
        sa.Column("film_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("scene", sa.Text(), nullable=False),
        sa.Column("clip_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["film_id"], ["films.film_id"], name=op.f("fk_film_scenes_film_id")),
        sa.PrimaryKeyConstraint("film_id", "position", name=op.f("pk_film_scenes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_film_scenes_clip_id"), "film_scenes", ["clip_id"])
