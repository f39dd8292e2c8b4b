"""The contract suite on every provider of ours, and on one that breaks it, to see that it can fail."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from chatsso_middleware.providers import ChatAPI, Provider
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.sandbox.website_toolbox import serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession, Credentials
from chatsso_middleware.testing import ProviderContract
from chatsso_middleware.users import ChatUser


class TestWebsiteToolbox(ProviderContract):
    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        with serve() as room:
            options = {
                "url": room.url,
                "api_key": (Secret(room.api_key),),
                "method": "POST",
                "send_password": False,
            }
            yield WebsiteToolbox(options, ChatAPI("website_toolbox", timeout=10))


class Careless(Provider):
    """Tokens that are over at once, and tags on another host."""

    name = "Careless"
    has_tags = True

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:
        return ChatSession("token", time.time())

    def login_tag_url(self, session: ChatSession, *, remember: bool) -> str:
        return f"//elsewhere.example/?{session.token}"


@pytest.mark.parametrize(
    "broken",
    [
        ProviderContract.test_its_name_can_stand_before_a_key,
        ProviderContract.test_a_token_is_printable_and_lives_longer_than_its_margin,
        ProviderContract.test_the_tags_are_on_its_hosts_and_in_one_line_of_ascii,
        ProviderContract.test_a_hostile_token_cannot_leave_its_place,
    ],
)
def test_a_careless_provider_is_found_out(broken: object) -> None:
    provider = Careless({"url": "http://127.0.0.1:9"}, ChatAPI("careless", timeout=1))
    assert callable(broken)
    with pytest.raises(AssertionError):
        broken(ProviderContract(), provider)
