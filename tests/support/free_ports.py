"""Ports that nobody listens on just now."""

from __future__ import annotations

import socket
from contextlib import ExitStack

__all__ = ["free_ports"]


def free_ports(count: int = 1) -> int:
    """The first of `count` ports of the loopback interface that follow each other and are free."""
    while True:
        with ExitStack() as stack:
            first: int = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            try:
                for number in range(first + 1, first + count):
                    stack.enter_context(socket.create_server(("127.0.0.1", number)))
            except (OSError, OverflowError):  # one of them is in use, or beyond the last one
                continue
            return first
