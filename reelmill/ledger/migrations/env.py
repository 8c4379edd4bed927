"""Alembic's entry: runs the steps on the connection, and in the transaction, that migrate.py hands over."""

from __future__ import annotations

from alembic import context

from reelmill.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
