"""A stand-in TypingMind instance, built from the vendor's page on external authentication and its OpenAPI.

It is not TypingMind's product, and shares no code with it. Run it with ``chatsso sandbox typingmind``, or
inside a test::

    with serve() as sandbox:
        settings = {
            "typingmind.url": sandbox.url,
            "typingmind.secret": sandbox.secret,
            "typingmind.api_url": sandbox.url,
            "typingmind.api_key": sandbox.api_key,
        }
        ...
        assert sandbox.instance.user("ann@example.com") is not None
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..calls import Call, CallLog
from ..server import SandboxServer
from .app import create_app
from .codes import Refused
from .instance import Instance, Message
from .users import User

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "Call",
    "CallLog",
    "Instance",
    "Message",
    "Refused",
    "RunningSandbox",
    "User",
    "create_app",
    "serve",
]


class RunningSandbox:
    """An instance and the server that shows it to the world."""

    def __init__(self, instance: Instance, *, host: str, port: int) -> None:
        self.instance = instance
        self._server = SandboxServer(create_app(instance), host=host, port=port, before_stop=instance.recover)

    @property
    def url(self) -> str:
        """The address of the chat and of its API, for ``typingmind.url`` and ``typingmind.api_url``."""
        return self._server.url

    @property
    def secret(self) -> str:
        """What codes are signed with, for the setting ``typingmind.secret``."""
        return self.instance.secret

    @property
    def api_key(self) -> str:
        """The key that the API wants, for the setting ``typingmind.api_key``."""
        return self.instance.api_key

    @property
    def calls(self) -> CallLog:
        """What the API was asked for, and the codes that browsers brought, the oldest first."""
        return self.instance.calls

    def start(self) -> None:
        """Serve again, on the same port and with the same state. Raises `OSError` where it is taken."""
        self._server.start()

    def stop(self) -> None:
        """Be dead until `start`: connections are closed and refused. Stopping twice is fine."""
        self._server.stop()


@contextmanager
def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    secret: str | None = None,
    api_key: str | None = None,
    seats: int = 100,
    clock: Callable[[], float] = time.time,
) -> Iterator[RunningSandbox]:
    """Run an instance in a thread of its own until the block ends; port 0 takes a free one.

    The rest is as `Instance` has it. Raises `OSError` where the address cannot be had.
    """
    sandbox = RunningSandbox(
        Instance(secret, api_key=api_key, seats=seats, clock=clock), host=host, port=port
    )
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
