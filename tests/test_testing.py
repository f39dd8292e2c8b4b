"""The contract suite on every provider of ours, and on one that breaks it, to see that it can fail."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chatsso_middleware.providers import ChatAPI, Provider
from chatsso_middleware.providers.base import Entrance
from chatsso_middleware.providers.publica_la import PublicaLa
from chatsso_middleware.providers.typingmind import TypingMind
from chatsso_middleware.providers.website_toolbox import WebsiteToolbox
from chatsso_middleware.sandbox.publica_la import serve as serve_store
from chatsso_middleware.sandbox.typingmind import serve as serve_instance
from chatsso_middleware.sandbox.website_toolbox import serve
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession, Credentials
from chatsso_middleware.testing import USER, EntranceContract, ProviderContract
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


class TestPublicaLa(EntranceContract):
    deletes = False

    @pytest.fixture(params=["GET", "POST"])
    def provider(self, request: pytest.FixtureRequest) -> Iterator[Provider]:
        with serve_store() as store:
            options = {
                "url": store.url,
                "issuer": store.issuer,
                "key": Secret(store.key),
                "expires": timedelta(seconds=60),
                "method": request.param,
                "exit_url": None,
            }
            yield PublicaLa(options, ChatAPI("publica_la", timeout=10))


class TestTypingMind(ProviderContract):
    @pytest.fixture(params=["user", "email", "id"])
    def provider(self, request: pytest.FixtureRequest) -> Iterator[Provider]:
        with serve_instance() as sandbox:
            if request.param != "user":
                sandbox.instance.add_user(USER.email)
            options = {
                "url": sandbox.url,
                "secret": Secret(sandbox.secret),
                "form": request.param,
                "expires": timedelta(days=7),
                "widget": "insert",
                "api_key": Secret(sandbox.api_key),
                "api_url": sandbox.url,
            }
            yield TypingMind(options, ChatAPI("typingmind", timeout=10))


class TestTypingMindWithoutItsAPI(ProviderContract):
    deletes = False

    @pytest.fixture
    def provider(self) -> Iterator[Provider]:
        with serve_instance() as sandbox:
            options = {
                "url": sandbox.url,
                "secret": Secret(sandbox.secret),
                "form": "user",
                "expires": timedelta(minutes=1),
                "widget": "attribute",
                "api_key": None,
                "api_url": "https://api.typingmind.com",
            }
            yield TypingMind(options, ChatAPI("typingmind", timeout=10))


class Careless(Provider):
    """Tokens that are over at once, and tags on another host."""

    name = "Careless"
    has_tags = True

    def open_session(self, user: ChatUser, credentials: Credentials | None = None) -> ChatSession:
        return ChatSession("token", time.time())

    def login_tag_url(self, session: ChatSession, *, remember: bool) -> str:
        return f"//elsewhere.example/?{session.token}"


class CarelessAtTheClick(Provider):
    """The same address for every click, wherever a link leads, and deletions that are forgotten."""

    name = "careless_at_the_click"
    mints_at_click = True

    def entrance(self, user: ChatUser, path: str, *, remember: bool) -> Entrance:
        return Entrance(f"http://elsewhere.example{path}?token={user.email}")


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


@pytest.mark.parametrize(
    "broken",
    [
        EntranceContract.test_its_tokens_are_made_at_the_click,
        EntranceContract.test_an_entrance_is_on_its_hosts_and_in_one_line_of_ascii,
        EntranceContract.test_every_click_has_an_entrance_of_its_own,
        EntranceContract.test_an_entrance_never_leads_to_another_host,
        EntranceContract.test_what_an_entrance_adds_is_dropped_from_links,
        EntranceContract.test_a_deletion_that_cannot_be_delivered_is_refused,
        ProviderContract.test_its_tokens_are_not_made_at_the_click,
    ],
)
def test_a_provider_that_is_careless_at_the_click_is_found_out(broken: object) -> None:
    class Contract(ProviderContract, EntranceContract):
        deletes = False

    options = {"url": "http://127.0.0.1:9"}
    provider = CarelessAtTheClick(options, ChatAPI("careless_at_the_click", timeout=1))
    assert callable(broken)
    with pytest.raises(AssertionError):
        broken(Contract(), provider)


def test_an_entrance_that_shows_itself_is_found_out() -> None:
    class Shown(Entrance):
        def __repr__(self) -> str:
            return f"Entrance({self.address})"

    class Talkative(CarelessAtTheClick):
        def entrance(self, user: ChatUser, path: str, *, remember: bool) -> Entrance:
            return Shown("http://127.0.0.1:9/?token=1")

    provider = Talkative({"url": "http://127.0.0.1:9"}, ChatAPI("talkative", timeout=1))
    with pytest.raises(AssertionError):
        EntranceContract().test_an_entrance_does_not_show_itself(provider)
