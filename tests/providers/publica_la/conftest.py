from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.publica_la import PublicaLa
from chatsso_middleware.secret import Secret

MakeStore = Callable[..., PublicaLa]

KEY = "a-key-of-forty-characters-for-these-tests"


@pytest.fixture
def make_store(make_api: Callable[..., ChatAPI], hand_clock: Any) -> MakeStore:
    def make(**options: Any) -> PublicaLa:
        settings = {
            "url": "https://books.publica.la",
            "issuer": "my-site",
            "key": Secret(KEY),
            "expires": timedelta(seconds=60),
            "method": "GET",
            "exit_url": None,
            **options,
        }
        return PublicaLa(settings, make_api(), clock=hand_clock)

    return make
