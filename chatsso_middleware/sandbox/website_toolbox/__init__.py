"""A stand-in Website Toolbox chat room, built from the vendor's page on single sign-on alone.

It is not Website Toolbox's product, and shares no code with it. Run it with ``chatsso sandbox
website_toolbox``, or inside a test::

    with serve(site_url="http://127.0.0.1:6543") as sandbox:
        settings = {
            "website_toolbox.url": sandbox.url,
            "website_toolbox.api_key": sandbox.api_key,
        }
        ...
        sandbox.calls.wait_for("/sso/token/generate")
        sandbox.room.fail_with(status=503)
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..calls import Call, CallLog
from ..server import SandboxServer
from .accounts import Account
from .app import create_app
from .room import TOKEN_LIFE, Room, Session
from .site_pages import SitePages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "TOKEN_LIFE",
    "Account",
    "Call",
    "CallLog",
    "Room",
    "RunningSandbox",
    "Session",
    "SitePages",
    "create_app",
    "serve",
]


class RunningSandbox:
    """A room and the server that shows it to the world."""

    def __init__(self, room: Room, *, host: str, port: int) -> None:
        self.room = room
        self._server = SandboxServer(create_app(room), host=host, port=port, before_stop=room.recover)

    @property
    def url(self) -> str:
        """The room's address, as the setting ``website_toolbox.url`` takes it."""
        return self._server.url

    @property
    def api_key(self) -> str:
        """The key that the API wants, for the setting ``website_toolbox.api_key``."""
        return self.room.api_key

    @property
    def calls(self) -> CallLog:
        """What the API, the tags and the links with a token were asked for, the oldest first."""
        return self.room.calls

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
    api_key: str | None = None,
    site_url: str | None = None,
    clock: Callable[[], float] = time.time,
    reuse_tokens: bool = False,
) -> Iterator[RunningSandbox]:
    """Run a room in a thread of its own until the block ends; port 0 takes a free one.

    `site_url` fills in the URL settings for a site that has chatsso-middleware at its default mount. The
    rest is as `Room` has it. Raises `OSError` where the address cannot be had, `ValueError` for a bad
    `site_url`.
    """
    site_pages = SitePages.of_site(site_url) if site_url else None
    room = Room(api_key, site_pages=site_pages, clock=clock, reuse_tokens=reuse_tokens)
    sandbox = RunningSandbox(room, host=host, port=port)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
