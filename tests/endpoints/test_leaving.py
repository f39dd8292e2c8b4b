"""The mark of somebody who logged out in the chat itself: his, for one login, and for that chat alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatsso_middleware.providers import Reply
from chatsso_middleware.session_opener import LOGIN_IS_FRESH
from chatsso_middleware.state.cookies import STATE_LIFETIME
from chatsso_middleware.state.tokens import LEAVING_TAKES
from chatsso_middleware.users import ChatUser
from tests.support.flow import World, make_world
from tests.support.provider_pages import PAGE, BrowserAtPages, Pages
from tests.support.visitor import set_cookies

ANN, BOB = "ann@example.com", "bob@example.com"
LOGOUT = "/logout?provider=pages"
COOKIE = "chatsso.pages.left"


@pytest.fixture
def pages() -> Pages:
    return Pages()


@pytest.fixture
def world(tmp_path: Path, pages: Pages) -> Iterator[World]:
    with make_world(tmp_path, pages) as world:
        yield world


@pytest.fixture
def browser(world: World) -> BrowserAtPages:
    return BrowserAtPages(world.flow(), world.outbox, script_name="/app", logout_url="/out")


@pytest.fixture
def left(browser: BrowserAtPages) -> BrowserAtPages:
    """The browser of Ann, who has left the chat."""
    browser.log_in(ANN)
    browser.get(LOGOUT)
    return browser


def has_left(browser: BrowserAtPages, pages: Pages) -> bool:
    browser.get(PAGE)
    return pages.visit.has_left


def test_a_logout_in_the_chat_marks_the_login_and_nothing_else(browser: BrowserAtPages, pages: Pages) -> None:
    browser.log_in(ANN)
    assert not has_left(browser, pages)
    answer = browser.get(LOGOUT)
    assert (answer.status, answer.header("Location")) == ("302 Found", "/out")
    (cookie,) = set_cookies(answer)
    assert cookie.startswith(f"{COOKIE}={browser.handle.state.login};")
    assert f"Max-Age={STATE_LIFETIME}" in cookie
    assert "Path=/app;" in f"{cookie};"
    assert "HttpOnly" in cookie
    assert has_left(browser, pages)
    assert pages.visit.user == ChatUser(ANN), "he is logged in on the site as before"


def test_it_works_where_the_owner_has_no_logout_page(world: World, pages: Pages) -> None:
    browser = BrowserAtPages(world.flow(), world.outbox)
    browser.log_in(ANN)
    assert browser.get(LOGOUT).status == "404 Not Found"
    assert has_left(browser, pages)


def test_the_token_from_before_is_doubted(browser: BrowserAtPages, world: World) -> None:
    browser.log_in(ANN)
    world.landed()
    chat = browser.flow.chats["pages"]
    (key,) = (key for key in chat.tokens._store._local.backend._entries if not key.endswith(":away"))
    kept = chat.tokens._store.get(key)
    assert kept is not None
    assert kept.checked_at > 0
    browser.get(LOGOUT)
    assert chat.tokens._store.get(key) == replace(kept, checked_at=0.0)


def test_a_guest_is_never_marked(browser: BrowserAtPages, pages: Pages) -> None:
    assert set_cookies(browser.get(LOGOUT)) == []
    browser.cookies[COOKIE] = ""
    assert not has_left(browser, pages)


def test_a_chat_that_asks_for_no_logins_by_itself_leaves_no_mark(browser: BrowserAtPages) -> None:
    browser.log_in(ANN)
    assert set_cookies(browser.get("/logout?provider=website_toolbox")) == []


def test_a_login_said_again_leaves_it_and_a_new_one_ends_it(left: BrowserAtPages, pages: Pages) -> None:
    left.log_in(ANN)
    assert has_left(left, pages)
    left.log_in(BOB)
    assert not has_left(left, pages)
    left.log_in(ANN)
    assert not has_left(left, pages), "it was another login"


def test_a_new_login_of_the_same_user_ends_it(left: BrowserAtPages, pages: Pages, world: World) -> None:
    world.clock.advance(LOGIN_IS_FRESH + 1)
    left.log_in(ANN)
    assert not has_left(left, pages)


def test_the_request_that_the_chat_sends_beside_its_logout_needs_no_mark(
    left: BrowserAtPages, pages: Pages, world: World
) -> None:
    del left.cookies[COOKIE]
    assert has_left(left, pages)
    world.clock.advance(LEAVING_TAKES + 1)
    assert not has_left(left, pages)


def test_a_mark_of_another_login_means_nothing(left: BrowserAtPages, pages: Pages, world: World) -> None:
    world.clock.advance(LEAVING_TAKES + 1)
    left.cookies[COOKIE] = "of-another-login"
    assert not has_left(left, pages)


def test_who_comes_back_is_marked_no_longer(left: BrowserAtPages, pages: Pages) -> None:
    pages.reply = lambda visit: Reply(body="welcome", comes_back=True)
    (cookie,) = set_cookies(left.get(PAGE))
    assert cookie.startswith(f"{COOKIE}=;")
    assert "Max-Age=0" in cookie
    assert not has_left(left, pages)
    assert set_cookies(left.get(PAGE)) == [], "he was not away"


@pytest.mark.parametrize("path", ["/go?provider=pages", "/login?provider=pages"])
def test_the_ways_into_the_chat_bring_back(left: BrowserAtPages, pages: Pages, path: str) -> None:
    left.get(path)
    assert not has_left(left, pages)


@pytest.mark.parametrize(
    "environ",
    [
        {"REQUEST_METHOD": "HEAD"},
        {"HTTP_SEC_PURPOSE": "prefetch"},
        {"HTTP_SEC_PURPOSE": "prefetch;prerender"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/go", "/login"])
def test_a_browser_that_looks_ahead_brings_nobody_back(
    left: BrowserAtPages, pages: Pages, path: str, environ: dict[str, str]
) -> None:
    left.get(f"{path}?provider=pages", **environ)
    assert has_left(left, pages)


def test_the_way_into_another_chat_brings_nobody_back(left: BrowserAtPages, pages: Pages) -> None:
    left.get("/go?provider=website_toolbox")
    assert has_left(left, pages)
