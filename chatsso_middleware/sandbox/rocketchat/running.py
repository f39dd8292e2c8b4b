"""A chat and the server that shows it to the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import realtime
from .app import create_app
from .realtime import RealtimeConnection
from .server import TwoProtocolServer

if TYPE_CHECKING:
    from ..calls import CallLog
    from .chat import Chat
    from .websocket import WebSocket

__all__ = ["RunningSandbox"]


class RunningSandbox:
    """A chat that browsers and programs can reach."""

    def __init__(self, chat: Chat, *, host: str, port: int) -> None:
        self.chat = chat
        self.fail_with = chat.fail_with
        self.recover = chat.recover
        self._server = TwoProtocolServer(
            create_app(chat),
            websocket_path=realtime.PATH,
            converse=self._converse,
            refuse=self._refuse,
            host=host,
            port=port,
            before_stop=self._let_go,
        )

    @property
    def url(self) -> str:
        """The chat's address, as the setting ``rocketchat.url`` takes it."""
        return self._server.url

    @property
    def admin_user_id(self) -> str:
        """The id of the service account, for the setting ``rocketchat.admin_user_id``."""
        return self.chat.admin_user_id

    @property
    def admin_token(self) -> str:
        """The token of the service account, for the setting ``rocketchat.admin_token``."""
        return self.chat.admin_token

    @property
    def token_secret(self) -> str:
        """What ``users.createToken`` wants from 8.0 on, for the setting ``rocketchat.token_secret``."""
        return self.chat.token_secret

    @property
    def calls(self) -> CallLog:
        """What the API was asked for, and the methods of the realtime protocol, the oldest first."""
        return self.chat.calls

    def start(self) -> None:
        """Serve again, on the same port and with the same state. Raises `OSError` where it is taken."""
        self._server.start()

    def stop(self) -> None:
        """Be dead until `start`: connections are closed and refused. Stopping twice is fine."""
        self._server.stop()

    def _let_go(self) -> None:
        self.chat.recover()
        self.chat.close_connections()

    def _refuse(self) -> int | None:
        """The status with which a fault keeps a client of the realtime protocol out, if one does."""
        arrived = self.chat.calls.now()
        fault = self.chat.faults.take(realtime.PATH)
        if fault is None:
            return None
        self.chat.faults.hold_back(fault)
        if fault.body is None:
            return None
        self.chat.calls.record(
            "GET",
            realtime.PATH,
            {},
            time=arrived,
            status=fault.status,
            success=False,
            outcome="Misbehaved, as fail_with asked for.",
        )
        return fault.status

    def _converse(self, websocket: WebSocket) -> None:
        """Speak the realtime protocol until the client leaves, or does not answer any more."""
        client = RealtimeConnection(self.chat, send=websocket.send, close=websocket.close)
        self.chat.connect(client)
        try:
            client.open()
            while (text := self._next(websocket, client)) is not None:
                client.receive(text)
        finally:
            self.chat.disconnect(client)

    def _next(self, websocket: WebSocket, client: RealtimeConnection) -> str | None:
        """What the client says next: asked after one silence, disconnected after another."""
        for react in (client.idle, websocket.close):
            try:
                return websocket.receive(self.chat.behaviour.ping_after)
            except TimeoutError:
                react()
        return None
