from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatsso_middleware.sandbox.typingmind import RunningSandbox, serve
from tests.sandbox.chat_client import Clock
from tests.sandbox.typingmind.visitor import Visitor


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[RunningSandbox]:
    with serve(clock=clock) as running:
        yield running


@pytest.fixture
def visitor(sandbox: RunningSandbox) -> Iterator[Visitor]:
    made = Visitor(sandbox)
    yield made
    made.jar.close()
