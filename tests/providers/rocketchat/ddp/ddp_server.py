"""A chat's realtime endpoint on a real socket, that does to each visitor what a script says."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

USER = "MZiFvWAf96876875u"
TOKEN = "T0ken-of-Ann_0123456789abcdefghijklmnopqrst"


class Visitor:
    """One connection, as the script sees it. It ends when either side is done."""

    def __init__(self, connection: ServerConnection, number: int, stopped: threading.Event) -> None:
        self.connection = connection
        self.number = number
        self.stopped = stopped
        self.heard: list[dict[str, Any]] = []

    @property
    def path(self) -> str:
        request = self.connection.request
        assert request is not None
        return request.path

    def hear(self) -> dict[str, Any]:
        message = json.loads(self.connection.recv())
        assert isinstance(message, dict)
        self.heard.append(message)
        return message

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def welcome(self) -> None:
        self.say(server_id="0")
        assert self.hear() == {"msg": "connect", "version": "1", "support": ["1"]}
        self.say(msg="connected", session="s3ssion")

    def method(self, name: str = "login") -> dict[str, Any]:
        call = self.hear()
        assert (call["msg"], call["method"]) == ("method", name)
        return call

    def result(self, call: dict[str, Any], value: Any) -> None:
        self.say(msg="result", id=call["id"], result=value)

    def let_in(self, call: dict[str, Any], *, token: str = TOKEN, expires_at: float | None = None) -> None:
        expires = {} if expires_at is None else {"tokenExpires": {"$date": int(expires_at * 1000)}}
        self.result(call, {"id": USER, "token": token, **expires})

    def refuse(self, call: dict[str, Any], code: int | str, reason: str, **details: Any) -> None:
        error = {
            "error": code,
            "reason": reason,
            "errorType": "Meteor.Error",
            "message": f"{reason} [{code}]",
        }
        self.say(msg="result", id=call["id"], error={**error, "details": details} if details else error)

    def hold(self) -> None:
        """Say nothing more until the end of the test."""
        self.stopped.wait()


Script = Callable[[Visitor], None]


class DDPServer:
    """Runs the script for each connection, in a thread of its own."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.visitors: list[Visitor] = []
        self.left = threading.Condition()
        self.failures: list[BaseException] = []
        self._gone = 0
        self._stopped = threading.Event()
        self._server = serve(self._serve, "127.0.0.1", 0, ssl=tls, compression=None, close_timeout=0.1)
        self.port: int = self._server.socket.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _serve(self, connection: ServerConnection) -> None:
        visitor = Visitor(connection, len(self.visitors) + 1, self._stopped)
        self.visitors.append(visitor)
        try:
            self.script(visitor)
        except ConnectionClosed:
            pass
        except Exception as failure:  # told at the end of the test
            self.failures.append(failure)
        with suppress(ConnectionClosed):
            while True:  # until the visitor leaves, or the end of the test
                connection.recv()
        with self.left:
            self._gone += 1
            self.left.notify_all()

    def wait_until_left(self, visitors: int) -> bool:
        """Whether so many visitors, and no more, have come and gone; waits for it a few seconds."""
        with self.left:
            return self.left.wait_for(lambda: self._gone == visitors == len(self.visitors), timeout=5)

    def stop(self) -> None:
        self._stopped.set()
        for visitor in self.visitors:
            visitor.connection.close()
        self._server.shutdown()
        self._thread.join(5)
        assert not self._thread.is_alive()
        assert not self.failures, self.failures


def open_by_hand(wire: Any) -> None:
    """Answer a WebSocket handshake on a socket whose every byte the test wants to write itself."""
    request = wire.request()
    assert request is not None
    found = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
    assert found is not None
    key = base64.b64encode(hashlib.sha1(found[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    wire.send(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + key + b"\r\n\r\n"
    )


def frame(data: bytes, *, opcode: int = 1, last: bool = True) -> bytes:
    """One unmasked frame, as a server sends it (RFC 6455, section 5.2)."""
    head = bytes([opcode | (0x80 if last else 0)])
    if len(data) < 126:
        return head + bytes([len(data)]) + data
    if len(data) < 65536:
        return head + b"\x7e" + len(data).to_bytes(2, "big") + data
    return head + b"\x7f" + len(data).to_bytes(8, "big") + data
