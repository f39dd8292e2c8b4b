"""A Website Toolbox room and a Rocket.Chat on one site: each has its circle, and needs no other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chatsso_middleware.sandbox import website_toolbox
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import NOBODY, ChatPage
from tests.support.site import SmallSite
from tests.support.waiting import until

from .conftest import StartSite
from .modes import ANN

BOB = "bob@example.com"
Room = website_toolbox.RunningSandbox


class SiteWithTwoChats(SmallSite):
    """Its pages link to both."""

    def __init__(self, room: str, chat: str) -> None:
        super().__init__(room)
        self._link = f'<a id="team" href="{chat}/channel/team">team</a></body>'

    def page(self, environ: dict[str, Any], title: str) -> bytes:
        return super().page(environ, title).replace(b"</body>", self._link.encode())


@pytest.fixture
def room() -> Iterator[Room]:
    with website_toolbox.serve() as sandbox:
        yield sandbox


@pytest.fixture
def browser(start_site: StartSite, chat: RunningSandbox, room: Room) -> Browser:
    settings = {"website_toolbox.url": room.url, "website_toolbox.api_key": room.api_key}
    return start_site(
        site=SiteWithTwoChats(room.url, chat.url),
        providers="website_toolbox rocketchat",
        page_wait="2",
        api_timeout="2",
        **settings,
    )


def who_is_in_the_room(browser: Browser, room: Room) -> str:
    return browser.get(f"{room.url}/", images=False).user


def test_one_login_enters_both_and_one_logout_leaves_both(
    browser: Browser, chat: RunningSandbox, room: Room
) -> None:
    team = ChatPage(chat, browser)
    page = browser.post("/login", email=ANN, username="ann")
    assert len(page.tags) == 1
    assert "access_token=" in page.links["plain"]
    assert page.links["team"] == "/chatsso/go?to=%2Fchannel%2Fteam&provider=rocketchat"
    assert who_is_in_the_room(browser, room) == ANN
    assert team.open() == ANN

    browser.get("/logout")
    assert who_is_in_the_room(browser, room) == ""
    until(lambda: team.resume() == NOBODY)
    assert team.ask().status_code == 401


def test_a_after_b_in_one_browser_is_a_in_both(browser: Browser, chat: RunningSandbox, room: Room) -> None:
    team = ChatPage(chat, browser)
    browser.post("/login", email=BOB, username="bob")
    assert team.open() == BOB
    browser.post("/login", email=ANN, username="ann")
    browser.get("/")
    assert who_is_in_the_room(browser, room) == ANN
    until(lambda: team.resume() == NOBODY)
    team.kept_token = ""
    assert team.open() == ANN


@pytest.mark.parametrize("failing", ["website_toolbox", "rocketchat"])
@pytest.mark.parametrize("fault", ["stopped", "broken"])
def test_one_that_fails_does_not_disturb_the_other(
    browser: Browser, chat: RunningSandbox, room: Room, failing: str, fault: str
) -> None:
    if fault == "broken":
        (room.room if failing == "website_toolbox" else chat).fail_with(status=500)
    else:
        (room if failing == "website_toolbox" else chat).stop()
    team = ChatPage(chat, browser)
    page = browser.post("/login", images=failing == "rocketchat", email=ANN, username="ann")
    assert (page.status, page.user) == (200, ANN)
    if failing == "rocketchat":
        assert who_is_in_the_room(browser, room) == ANN
        assert team.ask().status_code == 401
    else:
        assert team.open() == ANN
        assert page.tags[0].startswith("/chatsso/website_toolbox/login.gif?event="), "it stays due"
    browser.get("/logout", images=failing == "rocketchat")
    if failing == "rocketchat":
        assert who_is_in_the_room(browser, room) == ""
    else:
        until(lambda: team.resume() == NOBODY)


def test_who_leaves_one_chat_stays_in_the_other(browser: Browser, chat: RunningSandbox, room: Room) -> None:
    team = ChatPage(chat, browser)
    browser.post("/login", email=ANN, username="ann")
    assert team.open() == ANN
    team.log_out()
    assert team.open() == NOBODY
    assert who_is_in_the_room(browser, room) == ANN
    token = browser.ask("/chatsso/go?provider=website_toolbox").headers["Location"]
    assert "access_token=" in token
    assert team.open() == NOBODY, "the way into the room is none into the other"


def test_account_changes_reach_both(browser: Browser, chat: RunningSandbox, room: Room) -> None:
    browser.post("/account", images=False, do="register", email=ANN, username="ann")
    until(lambda: chat.chat.user(ANN) and room.room.account(ANN))
    browser.post("/account", images=False, do="delete", addresses=ANN)
    until(lambda: chat.chat.user(ANN) is None and room.room.account(ANN) is None)
