"""The connections that this process has open."""

from __future__ import annotations

import gc
import socket


def open_sockets(port: int) -> int:
    """How many sockets of this process are connected to `port`, whoever has forgotten to close them."""
    # Not isinstance(), which asks weak references to what is gone for their class.
    sockets = [each for each in gc.get_objects() if issubclass(type(each), socket.socket)]
    return sum(_port_of_peer(each) == port for each in sockets)


def _port_of_peer(connection: socket.socket) -> int | None:
    try:
        address = connection.getpeername()
    except OSError:  # closed, or not connected yet
        return None
    return address[1] if isinstance(address, tuple) else None
