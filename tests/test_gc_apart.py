"""A module whose garbage is collected in another thread than the one that it runs in."""

import subprocess
import sys

PROBE = """
import gc, sys, threading, weakref

class Cycle:
    def __init__(self):
        self.me = self

by, freed = [], threading.Event()

def free():
    by.append(threading.current_thread().name)
    freed.set()

weakref.finalize(Cycle(), free)
assert freed.wait(60)
print(__name__, sys.argv[1:], gc.isenabled(), by)
"""


def test_the_module_runs_as_it_does_by_itself_but_for_its_garbage(tmp_path):
    (tmp_path / "probe.py").write_text(PROBE)
    command = [sys.executable, "-m", "reelmill.gc_apart", "probe", "one", "--two"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.strip() == "__main__ ['one', '--two'] False ['garbage collector']", done.stderr
