"""Tests that share an expensive server stay in one worker of ``pytest --dist loadgroup``."""

from __future__ import annotations

import pytest

__all__ = ["put_into_group"]


def put_into_group(item: pytest.Item, group: str) -> None:
    """Mark it, and name the group where the scheduler looks.

    xdist 3.8 notes the group in a field that pytest 9.2 no longer reads; its scheduler reads ``…@group``.
    """
    item.add_marker(pytest.mark.xdist_group(group))
    if hasattr(item.config, "workerinput") and hasattr(item, "_id") and "@" not in item.nodeid:
        item._id = type(item._id).parse(f"{item.nodeid}@{group}")
