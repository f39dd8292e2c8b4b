"""A stand-in directory of users, such as a hosted login page asks: nobody's product, and everybody's shape.

Run it with ``chatsso sandbox directory``, or inside a test::

    with serve() as sandbox:
        sandbox.people.add("ann", "sesame", name="Ann Example")
        settings = {"signin.url": sandbox.login_url, **SETTINGS["plain"]}
        ...
        sandbox.calls.wait_for("/login")
        sandbox.directory.fail_with(status=503)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from ..calls import Call, CallLog
from ..server import SandboxServer
from .answers import Shape
from .app import create_app
from .directory import LOGIN_PATH, Directory
from .people import People, Person

__all__ = [
    "SETTINGS",
    "Call",
    "CallLog",
    "Directory",
    "People",
    "Person",
    "RunningSandbox",
    "Shape",
    "create_app",
    "serve",
]

SETTINGS: Final[Mapping[Shape, Mapping[str, str]]] = {
    "plain": {
        "signin.field.login": "{login}",
        "signin.field.password": "{password}",
        "signin.user.id": "id",
        "signin.user.email": "email",
        "signin.user.username": "username",
        "signin.user.name": "name",
        "signin.user.avatar_url": "avatar_url",
        "signin.error_code": "error",
    },
    "nested": {
        "signin.field.login": "{login}",
        "signin.field.password": "{password}",
        "signin.success": "200 and status == 'ok'",
        "signin.user.id": "data.user.uuid",
        "signin.user.email": "data.user.contact.email",
        "signin.user.username": "data.user.names.login",
        "signin.user.name": "data.user.names.full",
        "signin.user.avatar_url": "data.user.picture",
        "signin.error_code": "error.code",
    },
}
"""What a site writes for a directory of each shape, beside ``signin.url``."""


class RunningSandbox:
    """A directory and the server that shows it to the world."""

    def __init__(self, directory: Directory, *, host: str, port: int) -> None:
        self.directory = directory
        self._server = SandboxServer(
            create_app(directory), host=host, port=port, before_stop=directory.recover
        )

    @property
    def url(self) -> str:
        """The directory's own address."""
        return self._server.url

    @property
    def login_url(self) -> str:
        """What verifies a login, for the setting ``signin.url``."""
        return self.url + LOGIN_PATH

    @property
    def people(self) -> People:
        """Who can log in."""
        return self.directory.people

    @property
    def calls(self) -> CallLog:
        """What the directory was asked, the oldest first."""
        return self.directory.calls

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
    shape: Shape = "plain",
    api_key: str | None = None,
    login_field: str = "login",
    password_field: str = "password",  # noqa: S107 - the name of a field
    clock: Callable[[], float] = time.time,
) -> Iterator[RunningSandbox]:
    """Run a directory in a thread of its own until the block ends; port 0 takes a free one.

    The rest is as `Directory` has it. Raises `OSError` where the address cannot be had, `ValueError` for a
    shape that is not known.
    """
    directory = Directory(
        shape=shape,
        api_key=api_key,
        login_field=login_field,
        password_field=password_field,
        clock=clock,
    )
    sandbox = RunningSandbox(directory, host=host, port=port)
    sandbox.start()
    try:
        yield sandbox
    finally:
        sandbox.stop()
