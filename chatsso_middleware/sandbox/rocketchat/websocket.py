"""One WebSocket connection on a socket whose HTTP request has been read already."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final, cast

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

__all__ = ["WebSocket"]

LARGEST_MESSAGE: Final = 64 * 1024
"""Bytes."""
_GOING_AWAY: Final = 1001
_PIECE: Final = 64 * 1024


class WebSocket:
    """Text messages on top of a connected socket. `send` and `close` may be called from any thread.

    The protocol itself is that of websockets, without its servers: they want the socket from the start, and
    here the same port speaks HTTP as well.
    """

    def __init__(self, connection: socket.socket, path: str, headers: Iterable[tuple[str, str]]) -> None:
        """Answer the request for `path` with these headers, the handshake of RFC 6455, section 4.2."""
        self._connection = connection
        self._lock = threading.Lock()
        self._protocol = ServerProtocol(max_size=LARGEST_MESSAGE)
        self._waiting: list[str] = []
        self._pieces: list[bytes] = []
        with self._lock:
            self._protocol.receive_data(Request(path, Headers(headers)).serialize())
            (request,) = self._protocol.events_received()  # it read what it wrote itself
            self._protocol.send_response(self._protocol.accept(cast(Request, request)))
            self._flush()

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent: the handshake went well, and nobody has begun to close."""
        return self._protocol.state is State.OPEN

    def receive(self, timeout: float) -> str | None:
        """The next message, or `None` once the connection is closed; `TimeoutError` after silence.

        Only one thread may receive. The client sends nothing before it has our answer to its handshake, so
        nothing of its messages was read together with the request.
        """
        self._connection.settimeout(timeout)
        while not self._waiting:
            if not self.is_open:
                return None
            piece = self._connection.recv(_PIECE)
            with self._lock:
                if piece:
                    self._protocol.receive_data(piece)
                else:
                    self._protocol.receive_eof()
                self._waiting += self._texts(self._protocol.events_received())
                self._flush()
        return self._waiting.pop(0)

    def send(self, text: str) -> None:
        """Send a message. To a client that is gone it is not sent."""
        with self._lock:
            if self.is_open:
                self._protocol.send_text(text.encode())
                self._flush()

    def close(self) -> None:
        """Begin to close, as a server that ends the session."""
        with self._lock:
            if self.is_open:
                self._protocol.send_close(_GOING_AWAY)
                self._flush()

    def _texts(self, frames: Iterable[object]) -> list[str]:
        texts = []
        for frame in frames:
            if isinstance(frame, Frame) and frame.opcode in (Opcode.TEXT, Opcode.CONT):
                self._pieces.append(bytes(frame.data))
                if frame.fin:
                    texts.append(b"".join(self._pieces).decode("utf-8", "replace"))
                    self._pieces.clear()
        return texts

    def _flush(self) -> None:
        """Send what the protocol has to send. That a client is gone, whoever receives from it finds out."""
        with contextlib.suppress(OSError):
            for piece in self._protocol.data_to_send():
                if piece:  # an empty one is the end of the stream, which closing the socket brings as well
                    self._connection.sendall(piece)
