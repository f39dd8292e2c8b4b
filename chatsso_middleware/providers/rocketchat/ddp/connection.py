"""A DDP conversation over one WebSocket, with a deadline for each thing that it does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

from ....errors import Rejected, Unavailable
from .answers import LoginResult, read_login_result, refusal
from .codec import Complaint, Connected, MethodResult, Parameter, VersionRefused
from .conversation import Conversation, Event
from .errors import NoConnection, RemoteProtocolError
from .parameters import LoginParameters, ResumeLogin

if TYPE_CHECKING:
    from .websocket import WebSocket

__all__ = ["Connection", "open_connection"]

_GLANCE: Final = 0.01
"""Seconds. What came while nobody listened is read, however late it is."""


def open_connection(
    url: str, *, deadline: float, provider: str, verify: Literal[True] | str = True
) -> Connection:
    """A connection to the chat at `url` over which it has agreed to speak DDP.

    `deadline` is by `time.monotonic`; `verify` is `True` for the usual certificate authorities, or the path
    of a file with others. Raises `NoConnection` where a second try may help, else `Unavailable` or
    `Rejected`.
    """
    try:
        from .websocket import open_websocket
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "websockets":
            raise
        reason = "needs the package websockets here: pip install 'chatsso-middleware[realtime]'"
        raise Rejected(provider, reason) from None
    with _told_plainly(provider):
        websocket = open_websocket(url, deadline=deadline, provider=provider, verify=verify)
        connection = Connection(provider, websocket)
        try:
            connection.agree(deadline)
        except BaseException:
            connection.close()
            raise
        return connection


class Connection:
    """The chat, as one thread speaks with it. After any error but `Rejected`, close it.

    Deadlines are by `time.monotonic`; after them, and for an answer that is no DDP, `Unavailable` is raised;
    `NoConnection`, which is one as well, where the connection broke off.
    """

    def __init__(self, provider: str, websocket: WebSocket) -> None:
        self._provider = provider
        self._websocket = websocket
        self._conversation = Conversation()
        self._heard_at = time.monotonic()
        self._asked = False

    def agree(self, deadline: float) -> None:
        """Agree on the version of DDP. Raises `Rejected` where the chat speaks another."""
        self._conversation.connect()
        self._send(deadline)
        while not isinstance(event := self._hear(deadline), Connected):
            if isinstance(event, VersionRefused):
                raise Rejected(self._provider, "speaks another version of DDP than 1")

    def log_in(self, parameters: LoginParameters, deadline: float) -> LoginResult:
        """Log a user in, whoever was before. Raises `Rejected` where the chat says no."""
        with _told_plainly(self._provider):
            return read_login_result(self._call("login", deadline, parameters.parameter))

    def log_out(self, token: str, deadline: float) -> None:
        """End the login that has this token. One that has ended already is fine."""
        try:
            self.log_in(ResumeLogin(token), deadline)  # the chat ends the login that this connection has
        except Rejected:
            return
        with _told_plainly(self._provider):
            self._call("logout", deadline)

    def stay(self, until: float, *, heartbeat: float, patience: float) -> None:
        """Answer pings until then.

        A chat that says nothing for `heartbeat` seconds is asked, and one that says nothing for `patience`
        seconds after that is gone: `NoConnection`.
        """
        with _told_plainly(self._provider):
            until = max(until, time.monotonic() + _GLANCE)
            while (now := time.monotonic()) < until:
                silent = self._heard_at + heartbeat + (patience if self._asked else 0)
                try:
                    self._hear(min(until, max(silent, now + _GLANCE)))
                except TimeoutError:
                    if self._websocket.is_stuck:
                        raise NoConnection(self._provider, "takes nothing more from us") from None
                    if time.monotonic() >= silent:
                        self._ask_for_life(time.monotonic() + patience)

    def close(self) -> None:
        """Close the connection; the login goes on."""
        self._websocket.close()

    def _ask_for_life(self, deadline: float) -> None:
        if self._asked:
            raise NoConnection(self._provider, "has gone without a word")
        self._asked = True
        self._conversation.ping()
        self._send(deadline)

    def _call(self, method: str, deadline: float, *parameters: Parameter) -> object:
        call = self._conversation.call(method, *parameters)
        self._send(deadline)
        while not (isinstance(event := self._hear(deadline), MethodResult) and event.id == call):
            if isinstance(event, Complaint):
                raise Unavailable(self._provider, f"made nothing of our call of the method {method}")
        if event.error is not None:
            raise refusal(self._provider, method, event.error, *parameters)
        return event.value

    def _hear(self, deadline: float) -> Event | None:
        text = self._websocket.receive(deadline)
        self._heard_at, self._asked = time.monotonic(), False
        event = self._conversation.receive(text)
        self._send(deadline)  # a pong, perhaps
        return event

    def _send(self, deadline: float) -> None:
        for text in self._conversation.texts_to_send():
            self._websocket.send(text, deadline)


@contextmanager
def _told_plainly(provider: str) -> Iterator[None]:
    """Neither error inside may reach a caller, who knows of `Unavailable` and `Rejected` alone."""
    try:
        yield
    except TimeoutError:
        raise Unavailable(provider, "gave no whole answer in time") from None
    except RemoteProtocolError as error:
        raise Unavailable(provider, f"broke the rules of DDP: {error}") from None
