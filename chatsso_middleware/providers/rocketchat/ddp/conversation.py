"""What may follow what between a DDP client and its server. No I/O: texts in, events and texts out."""

from __future__ import annotations

import enum
from typing import Final, TypeAlias

from .codec import (
    Complaint,
    Connected,
    MethodResult,
    Parameter,
    Ping,
    VersionRefused,
    read_message,
    write_connect,
    write_method,
    write_ping,
    write_pong,
)
from .errors import LocalProtocolError, RemoteProtocolError

__all__ = ["Conversation", "Event"]

Event: TypeAlias = Connected | VersionRefused | MethodResult | Complaint
"""What the owner of a conversation has to know of."""


class _State(enum.Enum):
    NEW = "not connected"
    CONNECTING = "waiting for the server's consent"
    CONNECTED = "connected"
    REFUSED = "refused by the server"


class Conversation:
    """The client's side of one connection.

    `connect`, `call` and `ping` raise `LocalProtocolError` where they have no place, `receive` raises
    `RemoteProtocolError` where a message of the server has none. After either, hang up.
    """

    def __init__(self) -> None:
        self._state = _State.NEW
        self._calls_made = 0
        self._without_result: Final[set[str]] = set()
        self._outgoing: list[str] = []

    def connect(self) -> None:
        """Ask for version 1. `Connected` or `VersionRefused` follows."""
        self._demand(_State.NEW)
        self._state = _State.CONNECTING
        self._outgoing.append(write_connect())

    def call(self, method: str, *parameters: Parameter) -> str:
        """Call a method and give the id that its `MethodResult` will have."""
        self._demand(_State.CONNECTED)
        self._calls_made += 1
        call = str(self._calls_made)
        self._without_result.add(call)
        self._outgoing.append(write_method(method, call, parameters))
        return call

    def ping(self) -> None:
        """Make a server that is still there send something."""
        self._demand(_State.CONNECTED)
        self._outgoing.append(write_ping())

    def receive(self, text: str) -> Event | None:
        """Take one text frame of the server. A ping is answered here and is no event."""
        message = read_message(text)
        if message is None:
            return None
        if isinstance(message, Ping):
            self._expect(self._state is not _State.NEW, "a ping before the client has spoken")
            self._outgoing.append(write_pong(message.id))
            return None
        if isinstance(message, Connected | VersionRefused):
            self._expect(self._state is _State.CONNECTING, "an answer to no request for a connection")
            agreed = isinstance(message, Connected)
            self._state = _State.CONNECTED if agreed else _State.REFUSED
        if isinstance(message, MethodResult):
            self._expect(message.id in self._without_result, "the result of a call that is not under way")
            self._without_result.remove(message.id)
        return message

    def texts_to_send(self) -> list[str]:
        """What has to go out now, in this order, each in a text frame of its own."""
        texts, self._outgoing = self._outgoing, []
        return texts

    def _demand(self, state: _State) -> None:
        if self._state is not state:
            raise LocalProtocolError(f"this needs a conversation that is {state.value}: {self._state.value}")

    @staticmethod
    def _expect(holds: bool, otherwise: str) -> None:
        if not holds:
            raise RemoteProtocolError(otherwise)
