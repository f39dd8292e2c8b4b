from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest

from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.secret import Secret

MakeInstance = Callable[..., TypingMind]

SECRET = "the-secret-of-one-instance-for-these-tests"


@pytest.fixture
def make_instance(hand_clock: Any) -> Iterator[MakeInstance]:
    with ExitStack() as stack:

        def make(**options: Any) -> TypingMind:
            settings = {
                "url": "https://chat.example.com",
                "secret": Secret(SECRET),
                "form": "user",
                "expires": timedelta(days=7),
                "widget": "attribute",
                "api_key": None,
                "api_url": "http://127.0.0.1:9",
                **options,
            }
            made = TypingMind(settings, ChatAPI("typingmind", timeout=5), clock=hand_clock)
            stack.callback(made.close)
            return made

        yield make
