"""Seeing it: what is measured, how it leaves the process, and log lines that machines read."""
