"""A WSGI server on a free port of the loopback interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chatsso_middleware.sandbox.server import SandboxServer


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve `app` with waitress until the block ends, and give its address."""
    server = SandboxServer(app)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
