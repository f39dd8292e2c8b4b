"""What the script on a page that shows the chat is told, and nobody else."""

from __future__ import annotations

import pytest
import requests

from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import ChatPage

from .conftest import StartSite
from .modes import ANN

EMBED = "/chatsso/rocketchat/embed"


@pytest.fixture
def browser(start_site: StartSite) -> Browser:
    browser = start_site(rocketchat_embed_script="yes")
    browser.post("/login", images=False, email=ANN, username="ann")
    return browser


@pytest.mark.parametrize(
    "headers",
    [{"X-Chatsso": "embed"}, {"X-Chatsso": "embed", "Sec-Fetch-Site": "same-origin"}],
    ids=["of a browser without Fetch Metadata", "of one with it"],
)
def test_the_sites_own_page_is_told_who_is_logged_in(
    browser: Browser, chat: RunningSandbox, headers: dict[str, str]
) -> None:
    answer = browser.ask(EMBED, **headers)
    known = answer.json()
    assert (answer.status_code, known["loggedIn"]) == (200, True)
    assert ChatPage(chat, browser).log_in({"loginToken": known["loginToken"]}) == ANN
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"X-Chatsso": "embed", "Sec-Fetch-Site": "same-site"},
        {"X-Chatsso": "embed", "Origin": "https://evil.example"},
    ],
    ids=str,
)
def test_nobody_else_is_told_anything(browser: Browser, headers: dict[str, str]) -> None:
    answer = browser.ask(EMBED, **headers)
    assert (answer.status_code, answer.content) == (403, b"")


def test_a_strangers_page_that_asks_whether_it_may_send_the_header_may_not(browser: Browser) -> None:
    asked: requests.Response = browser.session.options(
        browser.site + EMBED,
        headers={
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "x-chatsso",
        },
        timeout=20,
    )
    assert asked.status_code == 405
    assert not any(name.lower().startswith("access-control") for name in asked.headers)
