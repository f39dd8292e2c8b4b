"""A form or a hand-over that breaks off in the middle, at a server that does not wait for the rest of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from chatsso_middleware import ChatSSOMiddleware
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.site import SmallSite
from tests.support.waiting import LONG

from .conftest import settings_for


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def port(chat: RunningSandbox, tmp_path: Path) -> Iterator[int]:
    """That of a site behind the standard library's server, whose bodies are read from the socket."""
    settings = settings_for(
        chat, tmp_path, rocketchat_oauth="twitter", rocketchat_oauth_verifier=lambda *_: None
    )
    middleware = ChatSSOMiddleware(SmallSite(chat.url), settings)
    with make_server("127.0.0.1", 0, middleware, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
    middleware.site.stop()


@pytest.mark.parametrize("path", ["/chatsso/rocketchat/oauth", "/chatsso/rocketchat/frame"])
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_it_is_the_browsers_fault_and_not_ours(port: int, path: str, content_type: str) -> None:
    head = f"POST {path} HTTP/1.0\r\nContent-Type: {content_type}\r\nContent-Length: 100\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), LONG) as connection:
        connection.sendall(head.encode() + b'{"forgery_token": "')
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as received:
            answer = received.read()
    assert answer.split(b"\r\n")[0].endswith(b" 400 Bad Request")
    assert b"The page may have been open for too long" in answer
