"""What was measured on, in one line: absolute figures mean nothing without it."""

from __future__ import annotations

import os
import platform
from pathlib import Path

__all__ = ["machine_line"]


def machine_line() -> str:
    """Processor, memory, system, Python, and how busy the machine was when the measuring began."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    busy = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} x {_processor()}, {memory:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, load {busy:.1f} at the start"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "processor"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor")
