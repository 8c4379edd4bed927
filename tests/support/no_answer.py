"""An address of this machine that answers to no SYN, like a host behind a firewall that drops them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

__all__ = ["no_answer"]

_FILLS = 4  # what Linux queues for a backlog of 0, and more


@contextmanager
def no_answer(port: int) -> Iterator[str]:
    """The address, where nothing answers on ``port``: its queue of connections is full."""
    address = "127.0.0.2"
    with ExitStack() as opened:
        listener = opened.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        for _ in range(_FILLS):
            filling = opened.enter_context(socket.socket())
            filling.setblocking(False)
            with suppress(BlockingIOError):
                filling.connect((address, port))
        yield address
