import sys
from dataclasses import replace

import pytest

from benchmarks import overhead

START = overhead._Used(
    clips=20,
    wall_s=3.0,
    flow_s=2.2,
    server_s=1.4,
    database_s=None,
    services_s=0.1,
    flow_mib=300,
    server_mib=240,
    task_runs=25,
)
MOST = replace(START, clips=1020, wall_s=13.0, flow_s=12.2, server_s=41.4, flow_mib=330, server_mib=480)


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")
def test_the_engine_alone_makes_every_clip_and_is_measured(tmp_path):
    used = overhead._measure(tmp_path, overhead._PEERS["asyncio"], 6, None)

    assert used.clips == 6
    assert used.server_s is used.database_s is used.task_runs is None
    assert used.flow_s > 0.3  # the imports alone take that
    assert used.flow_mib > 50
    assert used.cpu_s == used.flow_s


def test_starting_and_each_clip_are_told_apart():
    assert overhead._slope("ours", START, MOST) == (
        "ours: wall 2.8 s + 10.0 ms a clip, flow cpu 2.0 s + 10.0 ms a clip, server cpu 0.6 s + 40.0 ms a clip"
    )


def test_growing_memory_misses_the_promise_for_our_flow_alone():
    middle = replace(START, clips=100, flow_s=3.0)
    sizes = {20: START, 100: middle, 1020: MOST}
    found = {(peer, size): used for peer in ("ours", "submit") for size, used in sizes.items()}

    report = overhead._report(found, "sqlite")

    missed = [ratio.name for ratio in report.ratios if not ratio.kept]
    assert missed == ["peak memory of the server, Reelmill, 100 clips a task run, 1,020 / 100 clips"]
    figures = report.to_dict()["figures"]
    assert [figure["clips"] for figure in figures] == [20, 100, 1020] * 2
    assert figures[1]["flow cpu ms"] == pytest.approx(30)
    assert figures[1]["database cpu ms"] == ""
