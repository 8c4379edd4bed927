"""Prefect may deliver one flow run more than once: its clips are paid once all the same."""

from collections.abc import Iterator

import pytest

from tests.chaos.bank import Bank, open_bank
from tests.chaos.prefect_twice import deliver

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def bank(tmp_path_factory) -> Iterator[Bank]:
    with open_bank(tmp_path_factory.mktemp("bank")) as bank:
        yield bank


def test_a_flow_run_delivered_three_times_with_one_process_killed_pays_each_clip_once(prefect_server, bank, tmp_path):
    delivered = deliver(prefect_server, bank, tmp_path / "world", times=3, kill_after=2)

    assert not delivered.verdict.broken
    assert delivered.verdict.accepted == 8
    assert delivered.took_part >= 2
