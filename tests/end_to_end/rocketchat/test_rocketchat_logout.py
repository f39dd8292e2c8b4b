"""A logout on the site: nobody gets a token after it, and the chat hears of it even where it is down."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from chatsso_middleware import ChatSSOMiddleware, ChatUser
from chatsso_middleware.assembly import Site
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import NOBODY, ChatPage
from tests.support.mongo_server import serving_mongo
from tests.support.servers import serving
from tests.support.site import SmallSite
from tests.support.waiting import LONG, at_rest, until

from .conftest import StartChat, settings_for
from .modes import ANN

SECRET = "the secret of the site, long enough for anybody"


class Gate:
    """A `may_chat` that says yes, and that holds up whoever asks it while it is closed."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, user: ChatUser) -> bool:
        self.asked.set()
        return self.open.wait(LONG)

    def close(self) -> None:
        self.open.clear()
        self.asked.clear()


class World:
    """A chat, and a site that may end and begin again, with one address for each of its lives."""

    def __init__(self, chat: RunningSandbox, settings: dict[str, Any]) -> None:
        self.chat = chat
        self.settings = settings

    @contextmanager
    def site(self) -> Iterator[tuple[Site, Callable[[], ChatPage]]]:
        """The site, and what opens the chat in a new browser that is about to visit the site."""
        with ExitStack() as stack:
            middleware = ChatSSOMiddleware(SmallSite(self.chat.url), self.settings)
            stack.callback(middleware.site.stop)
            address = stack.enter_context(serving(middleware))

            def visit() -> ChatPage:
                browser = Browser(address)
                stack.callback(browser.close)
                return ChatPage(self.chat, browser)

            yield middleware.site, visit


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture(params=["browser", "user"])
def world(
    request: pytest.FixtureRequest, start_chat: StartChat, tmp_path: Path, gate: Gate
) -> Iterator[World]:
    """Once with a token for each browser, and once with a token for each user."""
    more: dict[str, Any] = {"secret": SECRET, "may_chat": gate, "api_timeout": str(LONG)}
    with ExitStack() as stack:
        if request.param == "browser":
            chat = start_chat()
        else:
            mongo = stack.enter_context(serving_mongo())
            chat = start_chat(mongodb=mongo.users)
            more |= {"rocketchat_mode": "mongodb", "rocketchat_mongodb_url": mongo.url}
        yield World(chat, settings_for(chat, tmp_path, **more))


def log_in(page: ChatPage, address: str = ANN) -> None:
    page.browser.post("/login", images=False, email=address, username=address.partition("@")[0])


def as_before(page: ChatPage, visit: Callable[[], ChatPage]) -> ChatPage:
    """The chat in the same browser, whose requests have the cookies of now for ever."""
    copy = visit()
    copy.browser.session.cookies.update(page.browser.session.cookies)
    return copy


def tokens_in(chat: RunningSandbox) -> int:
    """How many of Ann's tokens the chat takes."""
    user = chat.chat.user(ANN)
    if user is None:
        return 0
    of_the_frame = user.document.get("services", {}).get("iframe", {})
    return len(chat.chat.tokens_of(user)) + bool(of_the_frame.get("token"))


def minted(chat: RunningSandbox) -> int:
    return len(chat.calls.to("/api/v1/users.createToken"))


def test_a_token_on_its_way_at_the_logout_is_ended_and_handed_to_nobody(world: World, gate: Gate) -> None:
    with world.site() as (site, visit), ThreadPoolExecutor(1) as beside:
        page = visit()
        log_in(page)
        early = as_before(page, visit)
        gate.close()
        asked = beside.submit(early.ask)
        assert gate.asked.wait(LONG)
        page.browser.get("/logout", images=False)
        gate.open.set()
        assert (asked.result().status_code, asked.result().content) == (401, b"")
        at_rest(site.background)
        assert tokens_in(world.chat) == 0
        before = minted(world.chat)
        assert early.ask().status_code == 401
        assert page.ask().status_code == 401
        at_rest(site.background)
        assert (tokens_in(world.chat), minted(world.chat)) == (0, before)


def test_the_tab_that_the_logout_cuts_off_gets_nothing_with_the_cookie_from_before(world: World) -> None:
    with world.site() as (site, visit):
        page = visit()
        log_in(page)
        assert page.open() == ANN
        tab = as_before(page, visit)
        tab.kept_token = page.kept_token
        page.browser.get("/logout", images=False)
        until(lambda: tab.resume() == NOBODY)
        before = minted(world.chat)
        for _ in range(3):
            assert tab.ask().status_code == 401
        at_rest(site.background)
        assert (tokens_in(world.chat), minted(world.chat)) == (0, before)


def test_who_logs_in_again_is_in_the_chat_again(world: World) -> None:
    with world.site() as (_, visit):
        page = visit()
        for _ in range(2):
            log_in(page)
            page.kept_token = ""
            assert page.open() == ANN
            page.browser.get("/logout", images=False)
            until(lambda: page.resume() == NOBODY)


@pytest.mark.parametrize("world", ["browser"], indirect=True)
def test_a_logout_that_the_chat_does_not_answer_reaches_it_after_a_restart_of_the_site(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        with world.site() as (site, visit):
            page = visit()
            log_in(page)
            token = page.token()
            assert page.open() == ANN
            world.chat.fail_with(status=503, on="/api/v1/")
            page.browser.get("/logout", images=False)
            at_rest(site.background)
            (entry,) = site.outbox.waiting()
            assert (entry.provider, entry.kind, entry.addresses) == ("rocketchat", "leave", (ANN,))
            assert token not in repr(entry)
        assert page.resume() == ANN, "the chat has not heard of it"
        world.chat.recover()
        with world.site() as (site, visit):
            visit().browser.get("/", images=False)
            until(lambda: page.resume() == NOBODY)
            until(lambda: site.outbox.counts().waiting == 0)
    ours = [record for record in caplog.records if record.name.startswith("chatsso_middleware.")]
    assert any("could not be ended yet" in record.getMessage() for record in ours)
    assert token not in "".join(record.getMessage() for record in ours)


# The other browsers of whoever logged out.


def test_a_logout_in_one_browser_leaves_no_dead_token_in_another(world: World) -> None:
    with world.site() as (site, visit):
        here, there = visit(), visit()
        for page in (here, there):
            log_in(page)
            assert page.open() == ANN
        dead = there.token()
        here.browser.get("/logout", images=False)
        at_rest(site.background)
        assert there.resume() == NOBODY, "the chat ends all sessions of a user together"
        there.kept_token = ""
        assert there.token() != dead
        assert there.open() == ANN


@pytest.mark.parametrize(
    "change", [{"do": "delete", "addresses": ANN}, {"do": "edit", "email": "new@example.com"}]
)
def test_an_account_that_goes_in_one_browser_leaves_no_token_in_another(
    world: World, change: dict[str, str]
) -> None:
    with world.site() as (site, visit):
        page, administrator = visit(), visit()
        log_in(page)
        assert page.open() == ANN
        before = minted(world.chat)
        fields = change | ({"address": ANN} if change["do"] == "edit" else {})
        administrator.browser.post("/account", images=False, **fields)
        assert page.ask().status_code == 401
        until(lambda: site.outbox.counts().waiting == 0)
        assert world.chat.chat.user(ANN) is None
        assert page.ask().status_code == 401
        assert minted(world.chat) == before
