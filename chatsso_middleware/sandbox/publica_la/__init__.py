"""A stand-in store at publica.la, built from the vendor's page on auth tokens alone.

It is not publica.la's product, and shares no code with it. Run it with ``chatsso sandbox publica_la``, or
inside a test::

    with serve(site_url="http://127.0.0.1:6543") as sandbox:
        settings = {
            "publica_la.url": sandbox.url,
            "publica_la.issuer": sandbox.issuer,
            "publica_la.key": sandbox.key,
        }
        ...
        sandbox.calls.wait_for("/auth/token")
        sandbox.store.fail_with(status=503)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..calls import Call, CallLog
from ..server import SandboxServer
from .app import create_app
from .books import BOOKS, Book
from .settings import StoreSettings
from .store import Session, Store, User

__all__ = [
    "BOOKS",
    "Book",
    "Call",
    "CallLog",
    "RunningSandbox",
    "Session",
    "Store",
    "StoreSettings",
    "User",
    "create_app",
    "serve",
]


class RunningSandbox:
    """A store and the server that shows it to the world."""

    def __init__(self, store: Store, *, host: str, port: int) -> None:
        self.store = store
        self._server = SandboxServer(create_app(store), host=host, port=port, before_stop=store.recover)

    @property
    def url(self) -> str:
        """The store's address, as the setting ``publica_la.url`` takes it."""
        return self._server.url

    @property
    def issuer(self) -> str:
        """Whose tokens it takes, for the setting ``publica_la.issuer``."""
        return self.store.issuer

    @property
    def key(self) -> str:
        """What they are signed with, for the setting ``publica_la.key``."""
        return self.store.key

    @property
    def calls(self) -> CallLog:
        """Who came with a token, and who logged out in the store, the oldest first."""
        return self.store.calls

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
    issuer: str | None = None,
    key: str | None = None,
    site_url: str | None = None,
    settings: StoreSettings | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[RunningSandbox]:
    """Run a store in a thread of its own until the block ends; port 0 takes a free one.

    `site_url` fills in the settings for a site that has chatsso-middleware at its default mount; `settings`
    gives them one by one. The rest is as `Store` has it. Raises `OSError` where the address cannot be had,
    `ValueError` for a bad `site_url`.
    """
    if site_url and settings is None:
        settings = StoreSettings.of_site(site_url)
    store = Store(issuer=issuer, key=key, settings=settings, clock=clock)
    sandbox = RunningSandbox(store, host=host, port=port)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
