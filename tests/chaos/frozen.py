"""Imported last, by the process that workers are forked from: what it holds by now is never collected.

Otherwise each worker's collector would touch, and so copy, all of the memory that it shares with the others.
"""

from __future__ import annotations

import gc

__all__: list[str] = []

gc.collect()
gc.freeze()
