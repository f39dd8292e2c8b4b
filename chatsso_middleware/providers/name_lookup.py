"""The addresses of a host, asked for with a limit in time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

__all__ = ["Address", "resolve"]

Address: TypeAlias = tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]
"""As `socket.getaddrinfo` gives it."""


def resolve(host: str, port: int, seconds: float) -> Sequence[Address]:
    """The addresses of `host`. Raises `socket.gaierror`, or `TimeoutError` after `seconds`.

    getaddrinfo knows no timeout and can take half a minute where a name server is silent, so a thread of its
    own waits for it. Numbers need no name server.
    """
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    answer: Future[Sequence[Address]] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # goes to the thread that waits
            answer.set_exception(error)

    threading.Thread(target=ask, name="chatsso-name-lookup", daemon=True).start()
    return answer.result(timeout=seconds)
