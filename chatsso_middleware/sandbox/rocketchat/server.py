"""One port that speaks HTTP and WebSocket, as Rocket.Chat's does.

waitress, which serves the other sandboxes, keeps sockets to itself. So this server reads requests with the
standard library's reader, gives most to a WSGI application and those that ask for a WebSocket to its handler,
each connection in a thread of its own.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final

from webob import Request

from ..server import LARGEST_BODY, local_url
from .websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["TwoProtocolServer"]

_LONGEST_LINE: Final = 65536
_LINGER: Final = 5.0
"""Seconds that a stop gives each connection's thread; they are woken, so it takes none of them."""


class TwoProtocolServer:
    """Serves from `start` to `stop`, as often as wanted, always on the same port.

    Port 0 takes a free one at the first start. `converse` is given every WebSocket that is opened at
    `websocket_path`, in the connection's thread, and returns when the talk is over; `refuse` may give an HTTP
    status with which it is not opened. `before_stop` is called when a stop begins, to wake whatever still
    waits inside.
    """

    def __init__(
        self,
        application: Callable[..., Any],
        *,
        websocket_path: str,
        converse: Callable[[WebSocket], None],
        refuse: Callable[[], int | None],
        host: str = "127.0.0.1",
        port: int = 0,
        before_stop: Callable[[], None],
    ) -> None:
        self.application = application
        self.websocket_path = websocket_path
        self.converse = converse
        self.refuse = refuse
        self._host = host
        self._port = port
        self._before_stop = before_stop
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._acceptor: threading.Thread | None = None
        self._waker: socket.socket | None = None

    @property
    def url(self) -> str:
        """The address to enter in a browser on this machine, without a slash at its end."""
        return local_url(self._host, self._port)

    def start(self) -> None:
        """Listen, and return when a client can connect. Raises `OSError` where the address cannot be had."""
        if self._acceptor is not None:
            raise RuntimeError("the sandbox is running already")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family)
        self._port = listener.getsockname()[1]
        self._waker, woken = socket.socketpair()
        self._acceptor = threading.Thread(
            target=self._accept, args=(listener, woken), name=f"sandbox-{self._port}", daemon=True
        )
        self._acceptor.start()

    def stop(self) -> None:
        """Close the port and every connection. From then on a client is refused. Stopping twice is fine."""
        if self._acceptor is None or self._waker is None:
            return
        self._before_stop()
        self._waker.close()
        self._acceptor.join()
        self._acceptor = self._waker = None
        with self._lock:
            connections = dict(self._connections)
        for connection, thread in connections.items():
            with contextlib.suppress(OSError):  # the client may have closed it just now
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(_LINGER)

    def _accept(self, listener: socket.socket, woken: socket.socket) -> None:
        """Take connections until the other end of `woken` is closed."""
        with listener, woken, selectors.DefaultSelector() as selector:
            listener.setblocking(False)  # a client may be gone again before it is accepted
            selector.register(listener, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while all(key.fileobj is not woken for key, _ in selector.select()):
                with contextlib.suppress(BlockingIOError, ConnectionError):
                    connection, address = listener.accept()
                    connection.setblocking(True)
                    self._begin(connection, address)

    def _begin(self, connection: socket.socket, address: Any) -> None:
        thread = threading.Thread(
            target=self._serve, args=(connection, address), name=f"sandbox-{self._port}-client", daemon=True
        )
        with self._lock:
            self._connections[connection] = thread
        thread.start()

    def _serve(self, connection: socket.socket, address: Any) -> None:
        with connection, contextlib.suppress(ConnectionError):
            try:
                _Requests(connection, address, self)  # type: ignore[arg-type]  # it wants a socketserver, and asks nothing of it
            finally:
                with self._lock:
                    del self._connections[connection]


class _Requests(BaseHTTPRequestHandler):
    """The requests that come over one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are sent apart
    server: TwoProtocolServer  # type: ignore[assignment]

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(_LONGEST_LINE + 1)
        if not self.raw_requestline:
            self.close_connection = True
        elif len(self.raw_requestline) > _LONGEST_LINE:
            self.requestline, self.request_version, self.command = "", "", ""
            self._refuse(414)
        elif self.parse_request():
            if self._wants_websocket():
                self._converse()
            else:
                self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Stay silent: the sandbox has a list of calls of its own."""

    def _wants_websocket(self) -> bool:
        path = self.path.partition("?")[0]
        return (
            path == self.server.websocket_path
            and self.command == "GET"
            and self.headers.get("Upgrade", "").lower() == "websocket"
        )

    def _converse(self) -> None:
        self.close_connection = True
        status = self.server.refuse()
        if status is not None:
            self._refuse(status)
            return
        websocket = WebSocket(self.connection, self.server.websocket_path, self.headers.items())
        if websocket.is_open:
            self.server.converse(websocket)

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self._refuse(411)
        elif not length.isdecimal():
            self._refuse(400)
        elif int(length) > LARGEST_BODY:
            self._refuse(413)
        else:
            self._call_application(self.rfile.read(int(length)))

    def _call_application(self, body: bytes) -> None:
        request = Request.blank(
            self.path,
            base_url=self.server.url,
            method=self.command,
            headers=dict(self.headers.items()),
            body=body,
            environ={"REMOTE_ADDR": self.client_address[0]},
        )
        status, headers, parts = request.call_application(self.server.application)
        self.send_response_only(int(status.split()[0]), status.partition(" ")[2])
        self.send_header("Date", self.date_time_string())
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        for part in parts:
            self.wfile.write(part)

    def _refuse(self, status: int) -> None:
        """Answer what is no request for the application, and end the connection: its body was not read."""
        self.close_connection = True
        self.send_error(status)
