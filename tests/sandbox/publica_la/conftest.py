from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatsso_middleware.sandbox.publica_la import RunningSandbox, serve
from tests.sandbox.chat_client import Clock
from tests.sandbox.publica_la.visitors import SITE, Visitor


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[RunningSandbox]:
    with serve(site_url=SITE, clock=clock) as running:
        yield running


@pytest.fixture
def visitor(sandbox: RunningSandbox, clock: Clock) -> Iterator[Visitor]:
    with Visitor(sandbox, clock) as made:
        yield made
