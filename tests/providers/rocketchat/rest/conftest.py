from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import RunningSandbox, serve
from tests.support.rocketchat import ADMIN, ScriptedChat, provider, service_account

Make = Callable[..., RocketChat]


@pytest.fixture(params=["7.0", "8.0", "8.4"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """A chat of each generation."""
    with serve(server_version=request.param) as running:
        yield running


@pytest.fixture
def newest() -> Iterator[RunningSandbox]:
    with serve() as running:
        yield running


@pytest.fixture
def make() -> Iterator[Make]:
    """Builds providers for a chat that is running; its service account is known unless told otherwise."""
    with ExitStack() as stack:

        def make(chat: RunningSandbox, *, with_service: bool = True, **given: Any) -> RocketChat:
            known = service_account(chat) if with_service else {}
            return stack.enter_context(provider(chat.url, **(known | given)))

        yield make


@pytest.fixture
def scripted(httpserver: HTTPServer) -> ScriptedChat:
    return ScriptedChat(httpserver)


@pytest.fixture
def make_scripted(scripted: ScriptedChat) -> Iterator[Make]:
    """Builds providers for the scripted chat."""
    with ExitStack() as stack:

        def make(*, with_service: bool = True, **given: Any) -> RocketChat:
            known = ADMIN if with_service else {}
            return stack.enter_context(provider(scripted.url, **(known | given)))

        yield make
