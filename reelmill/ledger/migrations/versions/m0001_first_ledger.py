"""The first ledger: runs, clips, intents, charges, budgets, products, rejects, quota."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Frozen here on purpose: later changes to the code's own types must not change what this step does.
MONEY = sa.BigInteger()
TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Create every table."""
    _runs()
    _clips()
    _intents()
    _charges()
    _budgets()
    _products()
    _rejects()
    _quota()


def _must(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _may(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [_must(name, sa.Text()) for name in names]


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns))


def _runs() -> None:
    op.create_table(
        "runs",
        *_texts("run_id", "output", "status", "parameters"),
        _may("cap_run", MONEY),
        _may("cap_day", MONEY),
        _may("cap_month", MONEY),
        *_texts("counts"),
        _must("planned", MONEY),
        _must("started_at", TIME),
        _may("ended_at", TIME),
        _key("runs", "run_id"),
    )
    _index("runs", "output", "started_at")
    _index("runs", "started_at")


def _clips() -> None:
    op.create_table(
        "clips",
        *_texts("clip_id", "request"),
        _must("variant", sa.Integer()),
        *_texts("sku", "item_group_id", "title", "brand", "category", "campaign", "platforms"),
        *_texts("template", "template_version", "input_hash", "content_hashes"),
        _must("unit_price", MONEY),
        *_texts("price_date"),
        _must("latest_attempt", sa.Integer()),
        _may("latest_intent_id", sa.Text()),
        _key("clips", "clip_id"),
        _check("clips", "attempt", "latest_attempt >= 0"),
    )
    _index("clips", "sku")


def _intents() -> None:
    op.create_table(
        "intents",
        *_texts("intent_id", "clip_id"),
        _must("attempt", sa.Integer()),
        *_texts("run_id", "day_key", "month_key", "output", "output_prefix", "state", "owner"),
        _must("lease_until", TIME),
        _must("reserved", MONEY),
        _must("charged", MONEY),
        *_texts("model"),
        _must("unit_price", MONEY),
        *_texts("price_date"),
        _must("seconds", sa.Integer()),
        _must("samples", sa.Integer()),
        _may("operation", sa.Text()),
        _must("refusals", sa.Integer()),
        _must("created_at", TIME),
        *(_may(name, TIME) for name in ("sending_at", "submitted_at", "unclear_since", "finished_at")),
        *_texts("error_code", "error_message", "video_uris"),
        *(_may(name, sa.Text()) for name in ("poster_uri", "provenance_uri", "inspection")),
        *_texts("renditions"),
        _key("intents", "intent_id"),
        _points("intents", "clip_id", "clips.clip_id"),
        _points("intents", "run_id", "runs.run_id"),
        _unique("intents", "clip_id", "attempt"),
        _unique("intents", "output_prefix"),
        _unique("intents", "operation"),
        _check("intents", "attempt", "attempt >= 1"),
        _check("intents", "money", "reserved >= 0 AND charged >= 0"),
        _check("intents", "size", "seconds > 0 AND samples > 0"),
    )
    _index("intents", "state", "lease_until")
    _index("intents", "created_at", "intent_id")
    _index("intents", "run_id", "created_at", "intent_id")
    _index("intents", "output", "created_at", "intent_id")


def _charges() -> None:
    op.create_table(
        "charges",
        *_texts("intent_id", "clip_id", "run_id", "output"),
        _must("attempt", sa.Integer()),
        *_texts("model"),
        *(_must(name, sa.Integer()) for name in ("seconds", "samples", "returned")),
        _must("unit_price", MONEY),
        *_texts("price_date"),
        _must("amount", MONEY),
        _may("operation", sa.Text()),
        _must("charged_at", TIME),
        _key("charges", "intent_id"),
        _points("charges", "intent_id", "intents.intent_id"),
        _check("charges", "money", "amount >= 0 AND returned > 0"),
    )
    _index("charges", "charged_at", "intent_id")
    _index("charges", "run_id", "charged_at", "intent_id")


def _budgets() -> None:
    op.create_table(
        "budgets",
        *_texts("scope", "key"),
        _must("reserved", MONEY),
        _must("spent", MONEY),
        _key("budgets", "scope", "key"),
        _check("budgets", "money", "reserved >= 0 AND spent >= 0"),
        sqlite_with_rowid=False,
    )


def _products() -> None:
    op.create_table(
        "products",
        *_texts("catalog", "sku"),
        _may("fingerprint", sa.Text()),
        _must("clips", sa.Integer()),
        _must("retired", sa.Boolean()),
        *_texts("run_id"),
        _key("products", "catalog", "sku"),
        sqlite_with_rowid=False,
    )


def _rejects() -> None:
    op.create_table(
        "rejects",
        *_texts("run_id", "file"),
        _must("row", sa.BigInteger()),
        *_texts("digest", "sku", "field", "reason", "remedy", "raw_value"),
        _key("rejects", "run_id", "file", "row", "digest"),
        _points("rejects", "run_id", "runs.run_id"),
    )


def _quota() -> None:
    op.create_table(
        "quota",
        *_texts("key"),
        *(_must(name, sa.BigInteger()) for name in ("tat_us", "seen_us")),
        _must("streak", sa.Integer()),
        _must("blocked_until_us", sa.BigInteger()),
        _key("quota", "key"),
        sqlite_with_rowid=False,
    )
