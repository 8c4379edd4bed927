"""The command line: the same engine as the flows, for people and scripts."""

from reelmill.cli.app import build_app, main

__all__ = ["build_app", "main"]
