"""One WebSocket on one socket in one thread, each step of it within a deadline.

The protocol is that of the library `websockets`, of which this takes the part that does no I/O. Its sync
client would not do: it sends and looks names up without a time limit, answers pings in a thread of its own
for as long as they come, and which redirects and proxies it follows differs from version to version.
"""

from __future__ import annotations

import logging
import socket
import time
from collections import deque
from contextlib import suppress
from typing import Final, Literal

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI, PayloadTooBig
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from ....errors import Rejected, Unavailable
from ...answer import seconds_to_wait
from .codec import LARGEST_MESSAGE
from .errors import CallsLimited, NoConnection
from .sockets import connect, encrypt, seconds_left

__all__ = ["WebSocket", "open_websocket"]

_PIECE: Final = 16384
"""Bytes sent at once: a TLS record. The deadline is looked at between two."""

_GLANCE: Final = 0.01
"""Seconds that a write gets in any case: a socket whose peer still reads takes it at once."""

# The library writes every frame to its log at DEBUG, and the login is one of them. A logger that is
# registered could be switched on by the site's logging configuration.
_unheard = logging.Logger("chatsso.websocket")  # noqa: LOG001
_unheard.disabled = True


def open_websocket(
    url: str, *, deadline: float, provider: str, verify: Literal[True] | str = True
) -> WebSocket:
    """The WebSocket of the chat at `url`, an ``http`` or ``https`` address with or without a path.

    `deadline` is by `time.monotonic`; `verify` is `True` for the usual certificate authorities, or the path
    of a file with others. No proxy is used and no redirect followed.

    Raises `TimeoutError` after the deadline, `NoConnection` where a second try may help, `Unavailable` for
    any answer but a WebSocket, and `Rejected` where the address is none.
    """
    try:
        uri = parse_uri(f"ws{url.removeprefix('http').rstrip('/')}/websocket")
    except (InvalidURI, ValueError):
        raise Rejected(provider, "has no address that a WebSocket could have") from None
    connection = connect(provider, uri.host, uri.port, deadline)
    try:
        if uri.secure:
            connection = encrypt(provider, connection, uri.host, deadline, verify)
        websocket = WebSocket(
            provider, connection, ClientProtocol(uri, max_size=LARGEST_MESSAGE, logger=_unheard)
        )
        websocket.shake_hands(deadline)
    except BaseException:
        connection.close()
        raise
    return websocket


class WebSocket:
    """Text messages over one connection. Every method but `close` raises `TimeoutError` after its deadline.

    A deadline that passed in `receive` loses nothing, so that it can be called again unless `is_stuck`.
    """

    def __init__(self, provider: str, connection: socket.socket, protocol: ClientProtocol) -> None:
        self._provider = provider
        self._connection = connection
        self._protocol = protocol
        self._texts: deque[str] = deque()
        self._fragments = bytearray()
        self._unsent = bytearray()

    @property
    def is_stuck(self) -> bool:
        """Whether a deadline has passed while the peer took nothing more of what is said to it."""
        return bool(self._unsent)

    def shake_hands(self, deadline: float) -> None:
        """Turn the connection into a WebSocket (RFC 6455, section 4.1)."""
        request = self._protocol.connect()
        request.headers["User-Agent"] = "chatsso-middleware"
        self._protocol.send_request(request)
        self._write(deadline)
        received = 0
        ended = False
        while self._protocol.state is State.CONNECTING and self._protocol.handshake_exc is None:
            count = self._read(deadline)
            received += count
            ended = count == 0
            if received > LARGEST_MESSAGE and self._protocol.state is State.CONNECTING:
                raise Unavailable(self._provider, f"answered more than {LARGEST_MESSAGE} bytes")
        refused = self._protocol.handshake_exc
        if isinstance(refused, InvalidStatus):
            raise self._refusal(refused)
        if refused is not None and ended:
            raise self._broken_off()
        if refused is not None:
            raise Unavailable(self._provider, "answered something that opens no WebSocket")

    def send(self, text: str, deadline: float) -> None:
        """Send one text message. Raises `NoConnection` and `Unavailable` as `receive` does.

        Where messages have come that nobody has read yet, an end of the connection is not told here:
        `receive` gives those first, and then tells.
        """
        if self._protocol.state is State.OPEN:
            self._protocol.send_text(text.encode())
            self._write(deadline)
        elif not self._texts:
            raise self._end()

    def receive(self, deadline: float) -> str:
        """The next text message.

        Raises `NoConnection` where the chat closed the connection, and `Unavailable` where it broke RFC 6455,
        sent binary data, or a message of more than `LARGEST_MESSAGE` bytes.
        """
        while not self._texts:
            if self._protocol.state is not State.OPEN:
                raise self._end()
            self._read(deadline)
        return self._texts.popleft()

    def close(self) -> None:
        """Say goodbye if that takes no time, and close the socket."""
        with suppress(OSError):
            if self._protocol.state is State.OPEN and not self.is_stuck:
                self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
                self._connection.settimeout(0)
                self._connection.sendall(b"".join(self._protocol.data_to_send()))
        self._connection.close()

    def _read(self, deadline: float) -> int:
        """Take what comes next, and give its number of bytes; 0 is the end."""
        self._connection.settimeout(seconds_left(deadline))
        try:
            received = self._connection.recv(_PIECE)
        except TimeoutError:
            raise
        except OSError:
            raise self._broken_off() from None
        if received:
            self._protocol.receive_data(received)
        else:
            self._protocol.receive_eof()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        self._write(deadline)  # a pong, perhaps, or the answer to a close frame
        return len(received)

    def _take(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            raise Unavailable(self._provider, "sent binary data instead of a message")
        if frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        self._fragments += frame.data
        if not frame.fin:
            return
        message, self._fragments = self._fragments, bytearray()
        try:
            self._texts.append(message.decode())
        except UnicodeDecodeError:
            raise Unavailable(self._provider, "sent a message that is not UTF-8") from None

    def _write(self, deadline: float) -> None:
        # The library asks to half-close the connection by an empty piece; ours is closed as a whole.
        self._unsent += b"".join(self._protocol.data_to_send())
        deadline = max(deadline, time.monotonic() + _GLANCE)
        try:
            while self._unsent:
                self._connection.settimeout(seconds_left(deadline))
                del self._unsent[: self._connection.send(self._unsent[:_PIECE])]
        except TimeoutError:
            raise
        except OSError:
            if not self._texts:  # the end is told after what came before it
                raise self._broken_off() from None

    def _end(self) -> Unavailable:
        """Why nothing more comes on a connection that is no longer open."""
        fault = self._protocol.parser_exc
        if isinstance(fault, PayloadTooBig):
            return Unavailable(self._provider, f"sent a message of more than {LARGEST_MESSAGE} bytes")
        if fault is not None and not isinstance(fault, EOFError):
            return Unavailable(self._provider, "broke the rules of WebSocket (RFC 6455)")
        return self._broken_off()

    def _broken_off(self) -> NoConnection:
        return NoConnection(self._provider, "broke off the connection")

    def _refusal(self, refused: InvalidStatus) -> Unavailable:
        status = refused.response.status_code
        value = refused.response.headers.get("Retry-After")
        retry_after = None if value is None else seconds_to_wait(value, time.time())
        if status == 429:
            return CallsLimited(self._provider, "limits our calls (429)", retry_after=retry_after)
        what = " and a redirect, which is not followed," if 300 <= status < 400 else ""
        reason = f"answered with status {status}{what} instead of a WebSocket"
        return Unavailable(self._provider, reason, retry_after=retry_after)
