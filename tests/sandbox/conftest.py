from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox, serve
from tests.sandbox.chat_client import SITE, ChatClient, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[RunningSandbox]:
    with serve(site_url=SITE, clock=clock) as running:
        yield running


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[ChatClient]:
    made = ChatClient(sandbox)
    yield made
    made.jar.close()
