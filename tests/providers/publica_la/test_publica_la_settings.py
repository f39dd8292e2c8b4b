from __future__ import annotations

from datetime import timedelta

import pytest

from chatsso_middleware.converters import Unusable
from chatsso_middleware.providers.publica_la import PublicaLa
from chatsso_middleware.secret import Secret
from chatsso_middleware.settings import REQUIRED

KEYS = {key.name: key for key in PublicaLa.keys}


def test_its_settings_are_those_of_the_documentation() -> None:
    assert [(key.name, key.default, key.secret) for key in PublicaLa.keys] == [
        ("url", REQUIRED, False),
        ("issuer", REQUIRED, False),
        ("key", REQUIRED, True),
        ("expires", timedelta(seconds=60), False),
        ("method", "GET", False),
        ("exit_url", None, False),
    ]
    written = {
        "url": "https://Books.publica.la/",
        "issuer": "my-site",
        "key": "short",
        "expires": "55 minutes",
        "method": "post",
        "exit_url": "https://www.example.com/my-books?tab=1#shelf",
    }
    assert {name: KEYS[name].convert(value) for name, value in written.items()} == {
        "url": "https://books.publica.la",
        "issuer": "my-site",
        "key": Secret("short"),
        "expires": timedelta(minutes=55),
        "method": "POST",
        "exit_url": "https://www.example.com/my-books?tab=1#shelf",
    }


@pytest.mark.parametrize("life", ["60 seconds", "1 minute", "60 minutes", "1 hour"])
def test_a_token_may_live_from_a_minute_to_an_hour(life: str) -> None:
    assert timedelta(seconds=60) <= KEYS["expires"].convert(life) <= timedelta(hours=1)


@pytest.mark.parametrize("life", ["59 seconds", "0.5 minutes", "3601 seconds", "61 minutes", "7 days", "60"])
def test_another_life_is_a_problem(life: str) -> None:
    with pytest.raises(Unusable):
        KEYS["expires"].convert(life)


@pytest.mark.parametrize(
    "address",
    ["/my-books", "//www.example.com/", "javascript:alert(1)", "https://ann:pw@example.com/", "https://é/"],
)
def test_an_exit_that_is_no_whole_web_address_is_a_problem(address: str) -> None:
    with pytest.raises(Unusable):
        KEYS["exit_url"].convert(address)
