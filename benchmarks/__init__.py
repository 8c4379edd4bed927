"""Benchmarks: run with ``python -m benchmarks``. Nothing in the engine imports them."""
