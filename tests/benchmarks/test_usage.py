import os
import subprocess
import sys

import pytest

from benchmarks.usage import cpu_seconds, peak_mib

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's /proc")

BURN = "import time\nwhile time.process_time() < 0.3: pass\n"
AND_TELL = "print(flush=True); input()"
HELD_MIB = 60


@pytest.fixture
def running():
    """Start Python programs; returns the process once the program has printed a line and waits for input."""
    started = []

    def run(program):
        command = [sys.executable, "-S", "-c", program]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline()
        return process

    yield run
    for process in started:
        process.communicate("\n")


@pytest.mark.parametrize(
    "program",
    [
        BURN + AND_TELL,
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {BURN!r}])\n{AND_TELL}",
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-S', '-c', {BURN + AND_TELL!r}])",
    ],
    ids=["itself", "a child that has ended", "a child that runs"],
)
def test_processor_time_is_that_of_the_whole_family(running, program):
    idle = running(AND_TELL)
    busy = running(program)

    assert cpu_seconds(busy.pid) >= 0.29
    assert cpu_seconds(idle.pid, busy.pid) >= cpu_seconds(busy.pid) > cpu_seconds(idle.pid)


def test_a_peak_is_remembered_and_is_not_the_parents(running):
    gone = running(f"held = bytearray({HELD_MIB} << 20); del held\n{AND_TELL}")

    assert HELD_MIB < peak_mib(gone.pid) < HELD_MIB + 40
    ours = bytearray(b"x" * (120 << 20))
    assert peak_mib(os.getpid()) > len(ours) / 2**20
    assert peak_mib(running(AND_TELL).pid) < 60
