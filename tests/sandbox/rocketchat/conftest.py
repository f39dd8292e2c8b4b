from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from chatsso_middleware.sandbox.rocketchat import RunningSandbox, serve
from tests.sandbox.chat_client import Clock
from tests.sandbox.rocketchat.clients import RealtimeClient, RestClient

StartSandbox = Callable[..., RunningSandbox]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start(clock: Clock) -> Iterator[StartSandbox]:
    """Starts a chat with the options of `serve`; it is stopped after the test."""
    with ExitStack() as stack:

        def begin(**options: Any) -> RunningSandbox:
            return stack.enter_context(serve(**{"clock": clock, **options}))

        yield begin


@pytest.fixture
def sandbox(start: StartSandbox) -> RunningSandbox:
    return start()


@pytest.fixture
def api(sandbox: RunningSandbox) -> Iterator[RestClient]:
    """The service account."""
    with RestClient(sandbox) as client:
        yield client


@pytest.fixture
def connect() -> Iterator[Callable[..., RealtimeClient]]:
    """Connects to a chat by the realtime protocol, until the test is over."""
    with ExitStack() as stack:
        yield lambda sandbox: stack.enter_context(RealtimeClient(sandbox))
