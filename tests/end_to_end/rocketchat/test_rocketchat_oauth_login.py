"""A login that the chat itself carries out with Google: verified before anybody is logged in."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer

from chatsso_middleware import ChatUser
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import NOBODY, ChatPage, facts_of, title_of
from tests.support.waiting import LONG

from .conftest import StartSite
from .modes import ANN

CLIENT_ID = "our-client.apps.googleusercontent.example"
RESPONSE = {
    "email": "eve@example.com",
    "userId": "1082039180239",
    "displayName": "</script><script>alert(1)</script>",
    "oauthToken": "canary-oauth-token",
}
"""What came through the browser: the address in it is worth nothing."""


def token_facts(**changed: Any) -> dict[str, Any]:
    """What Google says of the token, as it writes it."""
    return {
        "aud": CLIENT_ID,
        "azp": CLIENT_ID,
        "sub": RESPONSE["userId"],
        "email": ANN,
        "email_verified": "true",
        "exp": str(int(time.time()) + 3600),
    } | changed


@pytest.fixture
def page(start_site: StartSite, chat: RunningSandbox, httpserver: HTTPServer) -> ChatPage:
    """The chat in the browser of somebody who is not logged in, with Google as `httpserver`."""
    browser = start_site(
        rocketchat_oauth="google",
        rocketchat_google_client_id=CLIENT_ID,
        rocketchat_google_url=httpserver.url_for("").rstrip("/"),
    )
    return ChatPage(chat, browser)


def hand_over(browser: Browser, facts: dict[str, Any], **changed: Any) -> requests.Response:
    """What the frame's script sends when the chat's page has answered."""
    content = {"service": "google", "response": RESPONSE, "forgery_token": facts["forgeryToken"]} | changed
    return browser.session.post(
        browser.site + facts["handOver"],
        json={name: value for name, value in content.items() if value is not None},
        headers={"Sec-Fetch-Site": "same-origin", "Origin": browser.site},
        timeout=20,
        allow_redirects=False,
    )


def nobody_was_logged_in(page: ChatPage, answer: requests.Response) -> bool:
    cookies = answer.headers.get("Set-Cookie", "")
    return "chatsso=" not in cookies and page.ask().status_code == 401 and ANN not in cookies


def test_the_frame_offers_the_service_beside_the_sites_own_login(page: ChatPage) -> None:
    frame = page.frame()
    assert title_of(frame) == "Log in to the chat"
    assert b"Log in with Google" in frame.source
    assert b"/login?came_from=" in frame.source
    facts = facts_of(frame)
    assert facts["calls"] == {
        "google": {"event": "call-google-login", "scopes": "profile email", "webClientId": CLIENT_ID}
    }


def test_whom_google_confirms_is_logged_in_on_the_site_and_in_the_chat(
    page: ChatPage, httpserver: HTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    httpserver.expect_request("/tokeninfo").respond_with_json(token_facts())
    facts = facts_of(page.frame())
    with caplog.at_level(logging.DEBUG):
        answer = hand_over(page.browser, facts)
    of_the_site = [record for record in caplog.records if not record.name.startswith("werkzeug")]
    assert "canary" not in "".join(record.getMessage() for record in of_the_site)
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert answer.headers["Set-Cookie"].startswith("chatsso=")
    assert "no-store" in answer.headers["Cache-Control"]
    assert page.open() == ANN
    entering = page.browser.get(facts["next"], images=False)
    assert facts_of(entering)["message"]["event"] == "login-with-token"
    assert page.chat.chat.user("eve@example.com") is None


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "another-app.example", "azp": "another-app.example"},
        {"email_verified": "false"},
        {"email_verified": False},
        {"sub": "somebody-else"},
        {"exp": "1"},
        {"email": ["ann@example.com"]},
        {"email": {"$ne": ""}},
    ],
    ids=str,
)
def test_a_token_that_google_does_not_confirm_for_us_logs_nobody_in(
    page: ChatPage, httpserver: HTTPServer, changed: dict[str, Any]
) -> None:
    httpserver.expect_request("/tokeninfo").respond_with_json(token_facts(**changed))
    answer = hand_over(page.browser, facts_of(page.frame()))
    assert answer.status_code == 403
    assert answer.json()["ok"] is False
    assert nobody_was_logged_in(page, answer)
    assert page.open() == NOBODY


@pytest.mark.parametrize(
    ("status", "body"), [(500, "{}"), (200, "<html>"), (200, "[]"), (302, "{}")], ids=str
)
def test_a_google_that_is_down_logs_nobody_in(
    page: ChatPage, httpserver: HTTPServer, status: int, body: str
) -> None:
    httpserver.expect_request("/tokeninfo").respond_with_data(body, status)
    answer = hand_over(page.browser, facts_of(page.frame()))
    assert answer.status_code == 503
    assert nobody_was_logged_in(page, answer)


@pytest.mark.parametrize("token", [None, "", "nonsense", 17, ["a"], {"a": 1}])
def test_a_forged_hand_over_is_refused_before_google_is_asked(
    page: ChatPage, httpserver: HTTPServer, token: Any
) -> None:
    answer = hand_over(page.browser, facts_of(page.frame()), forgery_token=token)
    assert answer.status_code == 403
    assert nobody_was_logged_in(page, answer)
    assert httpserver.log == []


def test_a_hand_over_from_another_browser_or_another_site_is_refused(
    page: ChatPage, httpserver: HTTPServer, another: Any
) -> None:
    facts = facts_of(page.frame())
    stranger = another(page.browser)
    assert hand_over(stranger, facts).status_code == 403
    answer = page.browser.session.post(
        page.browser.site + facts["handOver"],
        json={"service": "google", "response": RESPONSE, "forgery_token": facts["forgeryToken"]},
        headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        timeout=20,
    )
    assert answer.status_code == 403
    assert nobody_was_logged_in(page, answer)
    assert httpserver.log == []


@pytest.mark.parametrize(
    "body",
    [b"", b"not JSON", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 50_000],
    ids=["empty", "no JSON", "a list", "null", "text", "no UTF-8", "deep"],
)
def test_a_body_that_our_page_never_sends_is_refused(page: ChatPage, body: bytes) -> None:
    facts = facts_of(page.frame())
    answer = page.browser.session.post(
        page.browser.site + facts["handOver"],
        data=body,
        headers={"Content-Type": "application/json"},
        timeout=20,
    )
    assert answer.status_code == 400
    assert nobody_was_logged_in(page, answer)


@pytest.mark.parametrize(
    "changed",
    [
        {"service": "facebook"},
        {"service": ["google"]},
        {"service": None},
        {"response": None},
        {"response": "text"},
        {"response": {"oauthToken": "x" * 5000}},
        {"response": {"a": {"b": {"c": {"d": {}}}}}},
    ],
    ids=lambda changed: json.dumps(changed)[:40],
)
def test_a_hand_over_that_can_be_no_login_is_refused(
    page: ChatPage, httpserver: HTTPServer, changed: dict[str, Any]
) -> None:
    answer = hand_over(page.browser, facts_of(page.frame()), **changed)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False
    assert nobody_was_logged_in(page, answer)
    assert httpserver.log == []


def test_whom_google_confirms_and_the_site_does_not_let_in_is_told_so(
    start_site: StartSite, chat: RunningSandbox, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/tokeninfo").respond_with_json(token_facts())
    browser = start_site(
        may_chat=lambda user: user.email != ANN,
        rocketchat_oauth="google",
        rocketchat_google_client_id=CLIENT_ID,
        rocketchat_google_url=httpserver.url_for("").rstrip("/"),
    )
    page = ChatPage(chat, browser)
    answer = hand_over(browser, facts_of(page.frame()))
    assert answer.status_code == 403
    assert "does not let your account into its chat" in answer.text
    assert page.ask().status_code == 401
    assert title_of(page.frame()) == "You may not use the chat"
    assert list(chat.calls) == []


def test_few_logins_at_a_time_wait_for_a_service_and_the_next_is_told_at_once_to_come_later(
    start_site: StartSite, chat: RunningSandbox, another: Callable[[Browser], Browser]
) -> None:
    arrived, go_on = threading.Semaphore(0), threading.Event()

    def verify(service: str, response: Any) -> ChatUser | None:
        arrived.release()
        go_on.wait(LONG)
        return ChatUser(response["userName"])

    first = start_site(rocketchat_oauth="twitter", rocketchat_oauth_verifier=verify)
    waiting, late = [first, another(first)], another(first)
    facts = {browser: facts_of(ChatPage(chat, browser).frame()) for browser in (*waiting, late)}

    def log_in(browser: Browser) -> requests.Response:
        return hand_over(browser, facts[browser], service="twitter", response={"userName": ANN})

    with ThreadPoolExecutor(len(waiting)) as beside:
        answers = [beside.submit(log_in, browser) for browser in waiting]
        for _ in waiting:
            assert arrived.acquire(timeout=LONG)
        refused = log_in(late)
        go_on.set()
        assert [answer.result().json() for answer in answers] == [{"ok": True}] * len(waiting)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert "Too many people are logging in this way" in refused.text
    assert log_in(late).json() == {"ok": True}


def test_the_hosts_own_verifier_is_asked_instead_where_there_is_one(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    asked = []

    def verify(service: str, response: Any) -> ChatUser | None:
        asked.append((service, response["userName"]))
        return ChatUser(ANN) if response["userName"] == "ann" else None

    page = ChatPage(chat, start_site(rocketchat_oauth="twitter", rocketchat_oauth_verifier=verify))
    facts = facts_of(page.frame())
    answer = hand_over(page.browser, facts, service="twitter", response={"userName": "eve"})
    assert answer.status_code == 403
    assert nobody_was_logged_in(page, answer)
    assert hand_over(page.browser, facts, service="twitter", response={"userName": "ann"}).json() == {
        "ok": True
    }
    assert page.open() == ANN
    assert asked == [("twitter", "eve"), ("twitter", "ann")]
