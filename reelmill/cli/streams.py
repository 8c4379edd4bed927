"""Standard streams as they come: closed, full, given up by their reader, or without some of our characters."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from reelmill.cli.logs import say
from reelmill.errors import ExitCode

__all__ = ["on_streams"]


def on_streams(run: Callable[[], int]) -> int:
    """What ``run`` returns. Who reads no more ends it quietly; output that cannot be written is told."""
    _prepare()
    code = None
    try:
        code = run()
        sys.stdout.flush()
    except OSError as error:
        if not any(_fails(stream) for stream in (sys.stdout, sys.stderr)):
            raise
        _drop_the_rest()
        if isinstance(error, BrokenPipeError):
            return ExitCode.ERROR if code is None else code
        say(f"Standard output cannot be written: {error.strerror}. Let it go to a place with room.", logging.ERROR)
        return ExitCode.ERROR
    return code


def _prepare() -> None:
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by the shell
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115  # until the end
        elif isinstance(stream, io.TextIOWrapper) and mode == "w":
            stream.reconfigure(errors="backslashreplace")


def _fails(stream: TextIO) -> bool:
    """Whether the error was this stream's: it would fail again."""
    try:
        stream.flush()
        os.write(stream.fileno(), b"\n")
    except io.UnsupportedOperation:
        return False
    except OSError:
        return True
    return False


def _drop_the_rest() -> None:
    """What is still buffered must not fail once more when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
