"""The API URL through the middleware: who may read it, what it says, and how seldom the chat is asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import time_machine

from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import NOBODY, TOKEN, ChatPage
from tests.support.waiting import until

from .conftest import StartSite
from .modes import ANN

CREATE = "/api/v1/users.createToken"
MINUTE = 60
CLIENTS = {
    "xhr": {},
    "json": {"Content_Type": "application/json"},
    "current": {"Sec_Fetch_Mode": "cors", "Sec_Fetch_Site": "same-site", "Content_Length": "0"},
}
"""The headers that each of the published clients sends beside Origin."""


@pytest.fixture
def page(start_site: StartSite, chat: RunningSandbox) -> ChatPage:
    """The chat in the browser of Ann, who is logged in on the site."""
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username="ann")
    return ChatPage(chat, browser)


def sharing(answer: requests.Response) -> dict[str, str]:
    """The headers of the CORS protocol."""
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("client", CLIENTS)
def test_every_published_client_gets_the_token_and_may_read_it(
    page: ChatPage, client: str, method: str
) -> None:
    headers = CLIENTS[client]
    if client == "json":
        preflight = page.ask(
            "OPTIONS",
            Access_Control_Request_Method=method,
            Access_Control_Request_Headers="content-type",
        )
        assert preflight.status_code == 204
        assert preflight.content == b""
        assert preflight.headers["Access-Control-Allow-Origin"] == page.chat.url
        assert preflight.headers["Access-Control-Allow-Credentials"] == "true"
        assert method in preflight.headers["Access-Control-Allow-Methods"].split(", ")
        assert "content-type" in preflight.headers["Access-Control-Allow-Headers"].lower()
    answer = page.ask(method, **headers)
    assert answer.status_code == 200
    assert sharing(answer) == {
        "Access-Control-Allow-Origin": page.chat.url,
        "Access-Control-Allow-Credentials": "true",
    }
    assert page.log_in(answer.json()) == ANN


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "{chat}.evil.example",
        "{chat}0",
        "{chat}/",
        "{chat}.",
        "http://localhost:{port}",
        "http://127.0.0.1",
        "https://127.0.0.1:{port}",
        "HTTP://127.0.0.1:{port}",
        "http://127.0.0.1.:{port}",
        "http://user@127.0.0.1:{port}",
        "{chat} {chat}",
        "{chat},{chat}",
        "{site}",
        "*",
        "",
    ],
)
def test_an_origin_that_is_not_the_chats_gets_no_permission_no_token_and_asks_the_chat_nothing(
    page: ChatPage, origin: str
) -> None:
    chat = page.chat.url
    stranger = origin.format(chat=chat, port=chat.rpartition(":")[2], site=page.browser.site)
    for method in ("POST", "GET"):
        answer = page.ask(method, origin=stranger)
        assert (answer.status_code, answer.content) == (401, b"")
        assert sharing(answer) == {}
        assert "Origin" in answer.headers["Vary"]
    preflight = page.ask("OPTIONS", origin=stranger, Access_Control_Request_Method="POST")
    assert (preflight.status_code, preflight.content) == (204, b"")
    assert sharing(preflight) == {}
    assert list(page.chat.calls) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
def test_without_an_origin_nobody_gets_a_token(page: ChatPage, site: str | None) -> None:
    headers = {} if site is None else {"Sec-Fetch-Site": site}
    for method in ("GET", "POST"):
        answer = page.browser.session.request(method, page.browser.site + TOKEN, headers=headers, timeout=20)
        assert (answer.status_code, answer.content) == (401, b"")
        assert sharing(answer) == {}
    assert list(page.chat.calls) == []


def test_a_chat_on_the_sites_own_origin_may_ask_without_one_as_browsers_do(page: ChatPage) -> None:
    answer = page.browser.ask(TOKEN, Sec_Fetch_Site="same-origin")
    assert page.log_in(answer.json()) == ANN
    assert sharing(answer) == {}


def test_a_guest_gets_401_with_nothing_in_it_that_the_chats_page_may_read(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    answer = ChatPage(chat, start_site()).ask()
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == chat.url
    assert "Content-Type" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_a_head_request_gets_the_headers_alone(page: ChatPage) -> None:
    answer = page.ask("HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


def test_other_methods_are_refused_with_those_that_do(page: ChatPage) -> None:
    answer = page.ask("PUT")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    assert sharing(answer) == {}


def test_500_calls_in_one_session_mint_one_token(page: ChatPage) -> None:
    assert len({page.token() for _ in range(500)}) == 1
    assert len(page.chat.calls.to(CREATE)) == 1
    assert len(page.chat.calls) < 10, "the chat is hardly asked for anything else either"


def test_8_threads_that_ask_at_once_mint_one_token(page: ChatPage, start_site: StartSite) -> None:
    def ask(_: int) -> str:
        browser = Browser(page.browser.site)
        browser.session.cookies.update(page.browser.session.cookies)
        try:
            return ChatPage(page.chat, browser).token()
        finally:
            browser.close()

    with ThreadPoolExecutor(8) as threads:
        tokens = set(threads.map(ask, range(64)))
    assert len(tokens) == 1
    assert len(page.chat.calls.to(CREATE)) == 1


def test_a_token_that_the_chat_revoked_is_replaced_as_soon_as_it_is_doubted(page: ChatPage) -> None:
    first = page.token()
    page.chat.chat.log_out(first)
    with time_machine.travel(time.time() + 6 * MINUTE):
        second = page.token()
        assert second != first
        assert page.log_in({"loginToken": second}) == ANN
        assert page.token() == second
    assert len(page.chat.calls.to(CREATE)) == 2


def test_a_page_that_asks_again_within_a_minute_did_not_get_in_so_its_token_is_doubted_sooner(
    page: ChatPage,
) -> None:
    now = time.time()
    with time_machine.travel(now) as clock:
        first = page.token()
        page.chat.chat.log_out(first)
        clock.shift(31)
        assert page.log_in({"loginToken": page.token()}) == ANN


def test_a_chat_that_does_not_say_whether_a_token_is_good_leaves_it_as_it_was(page: ChatPage) -> None:
    first = page.token()
    page.chat.fail_with(status=500)
    with time_machine.travel(time.time() + 6 * MINUTE):
        assert page.token() == first


def test_who_has_two_browsers_and_logs_out_in_one_gets_a_new_token_in_the_other(
    page: ChatPage, another: Callable[[Browser], Browser]
) -> None:
    """The service account can end all sessions of a user alone, not one."""
    elsewhere = ChatPage(page.chat, another(page.browser))
    elsewhere.browser.post("/login", images=False, email=ANN, username="ann")
    assert page.open() == elsewhere.open() == ANN
    page.browser.get("/logout", images=False)
    page.chat.calls.wait_for("/api/v1/users.logout")
    assert page.token() == NOBODY
    until(lambda: elsewhere.log_in({"loginToken": elsewhere.token()}) == ANN)


def test_a_token_that_is_still_on_its_way_when_the_user_logs_out_is_worth_nothing(
    page: ChatPage, another: Callable[[Browser], Browser]
) -> None:
    same_browser = another(page.browser)
    same_browser.session.cookies.update(page.browser.session.cookies)
    page.chat.fail_with(delay=30, on=CREATE)
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ChatPage(page.chat, same_browser).ask)
        page.chat.chat.faults.wait_until_held_back()
        page.browser.get("/logout", images=False)
        page.chat.recover()
        late = answer.result(20)
    assert (late.status_code, late.content) == (401, b"")
    user = page.chat.chat.user(ANN)
    assert user is not None
    page.chat.calls.wait_for("/api/v1/users.logout")
    until(lambda: page.chat.chat.tokens_of(user) == ())
