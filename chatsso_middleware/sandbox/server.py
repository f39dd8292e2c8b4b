"""A WSGI application on a socket of its own, served by waitress in a thread that can be stopped."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any, Final

from waitress import wasyncore
from waitress.server import create_server

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LARGEST_BODY", "SandboxServer", "local_url"]

LARGEST_BODY: Final = 64 * 1024
"""Bytes of a request's body; waitress answers 413 to more."""

DAY: Final = 24 * 60 * 60


def local_url(host: str, port: int) -> str:
    """The address to enter in a browser on this machine, for a server that listens on `host`."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class SandboxServer:
    """Serves `application` from `start` to `stop`, as often as wanted, always on the same port.

    Port 0 takes a free one at the first start. `before_stop` is called when a stop begins, to wake whatever
    still waits inside the application.
    """

    def __init__(
        self,
        application: Callable[..., Any],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        before_stop: Callable[[], None] | None = None,
    ) -> None:
        self._application = application
        self._host = host
        self._port = port
        self._before_stop = before_stop
        self._connections: dict[int, Any] = {}
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._waking = threading.Lock()
        """Held while the loop is woken, by a pipe that the loop itself closes at its end."""

    @property
    def url(self) -> str:
        """The address to enter in a browser on this machine, without a slash at its end."""
        return local_url(self._host, self._port)

    def start(self) -> None:
        """Listen, and return when a client can connect. Raises `OSError` where the address cannot be had."""
        if self._thread is not None:
            raise RuntimeError("the sandbox is running already")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family)
        self._port = listener.getsockname()[1]
        self._stopping.clear()
        self._server = create_server(
            self._application,
            map=self._connections,
            sockets=[listener],
            threads=16,  # a test may hold several answers back at once
            ident=None,
            max_request_body_size=LARGEST_BODY,
            channel_timeout=DAY,  # a test that moves the clock by an hour shall not lose its connections
        )
        self._thread = threading.Thread(target=self._run, name=f"sandbox-{self._port}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection. From then on a client is refused. Stopping twice is fine."""
        if self._thread is None:
            return
        if self._before_stop is not None:
            self._before_stop()
        with self._waking:
            self._stopping.set()
            self._server.pull_trigger()
        self._thread.join()
        self._thread = None

    def _run(self) -> None:
        """waitress's own loop ends only when its last client has left, so this one asks after each round."""
        while not self._stopping.is_set():
            wasyncore.loop(timeout=60, use_poll=True, map=self._connections, count=1)
        self._server.task_dispatcher.shutdown()
        with self._waking:
            wasyncore.close_all(self._connections)
