"""Whom the site does not let into its chats is not let in, now or when it changes its mind."""

from __future__ import annotations

import time

import time_machine

from chatsso_middleware import ChatUser
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.chat_page import NOBODY, ChatPage, title_of
from tests.support.waiting import until

from .conftest import StartSite
from .modes import ANN

BOB = "bob@example.com"
MINUTE = 60


def test_who_may_not_chat_gets_no_token_and_a_page_that_says_so(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    browser = start_site(may_chat=lambda user: user.email == ANN)
    page = ChatPage(chat, browser)
    browser.post("/login", images=False, email=BOB, username="bob")
    assert browser.get("/", images=False).user == BOB, "he is logged in on the site"
    assert page.open() == NOBODY
    assert title_of(page.frame()) == "You may not use the chat"
    assert browser.ask("/chatsso/go?provider=rocketchat").headers["Location"] == f"{chat.url}/"
    assert list(chat.calls) == []
    browser.post("/login", images=False, email=ANN, username="ann")
    assert page.open() == ANN


def test_who_may_chat_no_more_is_logged_out_of_the_chat_at_the_next_check(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    banned: set[str] = set()

    def may_chat(user: ChatUser) -> bool:
        return user.email not in banned

    browser = start_site(may_chat=may_chat)
    page = ChatPage(chat, browser)
    browser.post("/login", images=False, email=ANN, username="ann")
    assert page.open() == ANN
    banned.add(ANN)
    with time_machine.travel(time.time() + 6 * MINUTE):
        assert page.ask().status_code == 401
        until(lambda: page.resume() == NOBODY)
        assert page.ask().status_code == 401
        assert title_of(page.frame()) == "You may not use the chat"
