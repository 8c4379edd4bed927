"""Everything here shares one Prefect server on PostgreSQL, and takes its time on a busy machine."""

from pathlib import Path

import pytest

from tests.support.xdist_groups import put_into_group


def pytest_itemcollected(item: pytest.Item) -> None:
    if Path(__file__).parent in item.path.parents:
        item.add_marker(pytest.mark.e2e)
        put_into_group(item, "machines")
