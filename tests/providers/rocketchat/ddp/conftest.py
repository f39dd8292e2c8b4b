from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import pytest

from tests.providers.rocketchat.ddp.ddp_server import DDPServer, Script


@pytest.fixture
def chat() -> Iterator[Callable[..., DDPServer]]:
    """Starts a `DDPServer` with the script that it is given."""
    servers: list[DDPServer] = []

    def start(script: Script, tls: ssl.SSLContext | None = None) -> DDPServer:
        servers.append(DDPServer(script, tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
