"""Waiting for what other processes do: a condition with a deadline, and a word on what stood in the way."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

__all__ = ["DEADLINE_S", "wait_for"]

T = TypeVar("T")
DEADLINE_S = 240.0


def wait_for(
    condition: Callable[[], T],
    what: str,
    *,
    process: subprocess.Popen[str] | None = None,
    deadline_s: float = DEADLINE_S,
    explain: Callable[[], object] = lambda: "",
) -> T:
    """The first truth of ``condition``; fails with ``what``, and early if ``process`` ends.

    A server that is not up yet, or so busy that it answers 500 or 503, is asked again.
    """
    deadline = time.monotonic() + deadline_s
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        try:
            if found := condition():
                return found
        except httpx.TransportError:
            pass  # not up yet
        except httpx.HTTPStatusError as error:
            if error.response.is_client_error:
                raise
        time.sleep(0.3)  # between two looks: what is waited for shares this machine
    raise AssertionError((what, explain()))
