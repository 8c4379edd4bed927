"""Measuring in processes of their own, so that one measurement's memory and imports are not another's."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "Stopwatch", "clean_environment", "run_child"]

ROOT = Path(__file__).resolve().parent.parent
_OURS = ("REELMILL_", "PREFECT_", "GOOGLE_", "STORAGE_")
_MIB_OF_MAXRSS = 2**20 if sys.platform == "darwin" else 2**10


class Stopwatch:
    """Wall and processor seconds since it was made, and the peak memory of this process so far."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def read(self) -> dict[str, float]:
        """As ``wall_s``, ``cpu_s`` and ``peak_mib``."""
        return {
            "wall_s": time.perf_counter() - self._wall,
            "cpu_s": time.process_time() - self._cpu,
            "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB_OF_MAXRSS,
        }


def clean_environment(**changes: str) -> dict[str, str]:
    """The environment without the settings of the person who measures, so that everybody measures the same."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    paths = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    own = {"PYTHONPATH": paths, "NO_GCE_CHECK": "true", "DO_NOT_TRACK": "1"}
    return {**kept, **own, **changes}


def run_child(
    module: str,
    *arguments: str,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Run ``python -m module`` in ``folder``; returns the JSON object that it prints, with its ``process_cpu_s``.

    Raises RuntimeError with what it said if it fails.
    """
    said = folder / "said.txt"
    with said.open("w+b") as output:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=folder,
            env=environment or clean_environment(),
            stdout=subprocess.PIPE,
            stderr=output,
        )
        try:
            printed, _ = process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                process.terminate()
            process.wait()
            raise
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        output.seek(0)
        errors = output.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{module} ended with {process.returncode}:\n{errors or printed.decode()}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    answer: dict[str, Any] = json.loads(printed)
    return answer | {"process_cpu_s": used}
