"""Who logs out in the chat itself is not logged straight in again, and comes back when he wants to."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import requests
import time_machine

from chatsso_middleware.endpoints.forgery import LIFETIME
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from chatsso_middleware.session_opener import LOGIN_IS_FRESH
from tests.support.browser import Browser
from tests.support.chat_page import FRAME, NOBODY, ChatPage, facts_of, form_fields, title_of

from .conftest import StartSite
from .modes import ANN

BOB = "bob@example.com"
LEFT = "You logged out of the chat"
Another = Callable[[Browser], Browser]


@pytest.fixture
def page(start_site: StartSite, chat: RunningSandbox) -> ChatPage:
    """The chat in the browser of Ann, who has just logged out in it and stays logged in on the site."""
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username="ann", name="Ann Bell")
    page = ChatPage(chat, browser)
    assert page.open() == ANN
    page.log_out()
    return page


def press_the_button(page: ChatPage, forgery_token: str, **headers: str) -> requests.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return page.browser.session.post(
        page.browser.site + FRAME,
        data={"forgery_token": forgery_token},
        headers={"Sec-Fetch-Site": "same-origin"} | named,
        timeout=20,
        allow_redirects=False,
    )


def test_the_api_url_does_not_bring_back_and_the_frame_says_so(page: ChatPage) -> None:
    minted = len(page.chat.calls.to("/api/v1/users.createToken"))
    for _ in range(3):
        assert page.open() == NOBODY
    frame = page.frame()
    assert title_of(frame) == LEFT
    assert b"Enter the chat as Ann Bell" in frame.source
    assert b"loginToken" not in frame.source
    assert len(page.chat.calls.to("/api/v1/users.createToken")) == minted
    assert page.browser.get("/", images=False).user == ANN, "he is still logged in on the site"


def test_the_mark_is_a_cookie_of_its_own_that_names_the_login(page: ChatPage) -> None:
    answer = page.browser.ask("/chatsso/logout?provider=rocketchat")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/landing"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("chatsso.rocketchat.left=")
    assert "HttpOnly" in cookie
    assert "chatsso=" not in cookie.replace("chatsso.rocketchat.left=", ""), "the state stays as it is"
    assert ANN not in cookie


def test_the_button_brings_back(page: ChatPage) -> None:
    answer = press_the_button(page, form_fields(page.frame())["forgery_token"])
    assert answer.status_code == 200
    assert b"login-with-token" in answer.content
    assert page.open() == ANN
    assert title_of(page.frame()) == "Entering the chat"


def test_the_way_into_the_chat_brings_back(page: ChatPage) -> None:
    address = page.browser.ask("/chatsso/go?to=/channel/general&provider=rocketchat").headers["Location"]
    token = address.partition("resumeToken=")[2]
    assert page.log_in({"loginToken": token}) == ANN
    assert page.token() != NOBODY


def test_a_new_login_means_that_nothing_is_left_of_it(page: ChatPage) -> None:
    page.browser.get("/logout", images=False)
    page.browser.post("/login", images=False, email=ANN, username="ann")
    assert page.open() == ANN


def test_somebody_else_in_the_same_browser_is_not_meant(page: ChatPage) -> None:
    page.browser.post("/login", images=False, email=BOB, username="bob")
    assert page.open() == BOB


def test_a_login_that_the_host_says_again_with_every_answer_leaves_the_mark(page: ChatPage) -> None:
    page.browser.post("/login", images=False, email=ANN, username="ann", name="Ann Bell")
    assert page.open() == NOBODY


def test_who_logs_in_anew_without_having_logged_out_is_in_the_chat_again(page: ChatPage) -> None:
    with time_machine.travel(time.time() + LOGIN_IS_FRESH + 1):
        page.browser.post("/login", images=False, email=ANN, username="ann", name="Ann Bell")
        assert page.open() == ANN


def test_another_browser_of_the_same_user_is_not_meant(page: ChatPage, another: Another) -> None:
    elsewhere = ChatPage(page.chat, another(page.browser))
    elsewhere.browser.post("/login", images=False, email=ANN, username="ann")
    assert elsewhere.open() == ANN
    assert page.open() == NOBODY


def test_nobody_can_be_marked_who_is_not_logged_in(start_site: StartSite) -> None:
    assert "Set-Cookie" not in start_site().ask("/chatsso/logout?provider=rocketchat").headers


def refused(answer: requests.Response) -> bool:
    return (
        answer.status_code == 403
        and b"login-with-token" not in answer.content
        and "Set-Cookie" not in answer.headers
    )


def test_a_press_without_a_token_or_with_nonsense_is_refused(page: ChatPage) -> None:
    good = form_fields(page.frame())["forgery_token"]
    for token in ("", "nonsense", good[:-2], good[::-1], "a.b.c", page.browser.session.cookies["chatsso"]):
        assert refused(press_the_button(page, token)), token
    address = page.browser.site + FRAME
    assert page.browser.session.post(address, timeout=20).status_code == 400, "that is no form at all"
    assert page.open() == NOBODY


def test_the_token_of_another_browser_is_refused(page: ChatPage, another: Another) -> None:
    elsewhere = ChatPage(page.chat, another(page.browser))
    elsewhere.browser.post("/login", images=False, email=BOB, username="bob")
    elsewhere.open()
    elsewhere.log_out()
    foreign = form_fields(elsewhere.frame())["forgery_token"]
    page.frame()  # so that this browser has a value of its own
    assert refused(press_the_button(page, foreign))
    assert page.open() == NOBODY


def test_a_page_that_was_open_for_too_long_is_refused(page: ChatPage) -> None:
    with time_machine.travel(time.time()) as clock:
        token = form_fields(page.frame())["forgery_token"]
        clock.shift(LIFETIME - 60)
        assert not refused(press_the_button(page, token))
        clock.shift(120)
        assert refused(press_the_button(page, token))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
def test_a_press_that_the_browser_calls_a_strangers_is_refused(page: ChatPage, site: str) -> None:
    token = form_fields(page.frame())["forgery_token"]
    assert refused(press_the_button(page, token, Sec_Fetch_Site=site))
    assert page.open() == NOBODY


def test_a_browser_that_does_not_say_who_asks_is_believed_by_the_token(page: ChatPage) -> None:
    token = form_fields(page.frame())["forgery_token"]
    answer = page.browser.session.post(page.browser.site + FRAME, data={"forgery_token": token}, timeout=20)
    assert answer.status_code == 200
    assert page.open() == ANN


def test_a_guest_who_presses_the_button_enters_nothing(page: ChatPage) -> None:
    token = form_fields(page.frame())["forgery_token"]
    page.browser.get("/logout", images=False)
    answer = press_the_button(page, token)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login")


def test_the_frames_page_after_the_button_knows_the_chat(page: ChatPage) -> None:
    token = form_fields(page.frame())["forgery_token"]
    shown = page.browser.post(FRAME, images=False, forgery_token=token)
    facts = facts_of(shown)
    assert facts["chatOrigin"] == page.chat.url
    assert page.log_in({"loginToken": facts["message"]["loginToken"]}) == ANN
