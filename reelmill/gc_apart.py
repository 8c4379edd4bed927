"""Run a module with Python's garbage collector in a thread of its own.

``python -m reelmill.gc_apart prefect server start …`` is ``python -m prefect server start …``. A Prefect server on
SQLite needs it: each of its connections works in a thread. Where the collector, in the event loop's thread, frees a
statement of a connection that waits for SQLite's write lock, it waits for that connection, the connection for the
lock, and whoever holds the lock for the loop. Nobody is answered until SQLite gives up after 60 s. Six clients that
create flow runs and set their states met it within a minute each time, and not once like this (Prefect 3.8.8).
"""

from __future__ import annotations

import gc
import itertools
import runpy
import sys
import threading
import time

__all__ = ["main"]

_EVERY_S = 1.0
_ALL_EVERY = 30  # of these, the whole heap


def main() -> None:
    """Run the module that the arguments begin with, as ``python -m`` does."""
    gc.disable()
    threading.Thread(target=_collect, name="garbage collector", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _collect() -> None:
    for turn in itertools.count(1):
        time.sleep(_EVERY_S)
        gc.collect(2 if turn % _ALL_EVERY == 0 else 1)


if __name__ == "__main__":
    main()
