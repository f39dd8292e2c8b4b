"""The chat fails; the site does not change, and nobody is told that he is logged in."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

import pytest
import requests

from chatsso_middleware.sandbox.rocketchat import PERMISSIONS, Behaviour, RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import NOBODY, ChatPage, title_of
from tests.support.mongo_server import serving_mongo
from tests.support.waiting import until

from .conftest import StartChat, StartSite
from .modes import ANN

PATHS = ("/", "/landing", "/json", "/image", "/nowhere", "/stream", "/cached")
JSON = "application/json"
FAULTS: dict[str, dict[str, Any]] = {
    "slow": {"delay": 30},
    "refusing": {"refuse": True},
    "answering HTML": {"body": "<html>maintenance</html>"},
    "answering success without a token": {"body": '{"success": true}', "content_type": JSON},
    "answering a list": {"body": "[]", "content_type": JSON},
    "answering neither yes nor no": {"body": "{}", "content_type": JSON},
    "saying no": {"message": "no"},
    "redirecting": {"status": 302, "body": "", "headers": (("Location", "https://elsewhere.example/"),)},
    "broken": {"status": 500},
    "limiting": {"status": 429},
}
PATIENCE = 1.0
"""Seconds: the sites of these tests have this `api_timeout`."""
CREATE = "/api/v1/users.createToken"


def fail(chat: RunningSandbox, fault: str) -> None:
    if fault == "stopped":
        chat.stop()
    elif fault == "limiting":
        reset = str(round((time.time() + 100) * 1000))
        chat.fail_with(status=429, headers=(("X-RateLimit-Reset", reset),))
    else:
        chat.fail_with(**FAULTS[fault])


def log_in(browser: Browser, email: str = ANN) -> requests.Response:
    """A login without the pages after it."""
    return browser.session.post(
        f"{browser.site}/login",
        data={"email": email, "username": email.partition("@")[0]},
        allow_redirects=False,
        timeout=20,
    )


@pytest.mark.parametrize("fault", [*FAULTS, "stopped"])
def test_a_chat_that_fails_logs_nobody_in_and_changes_no_page_of_the_site(
    start_site: StartSite, chat: RunningSandbox, fault: str
) -> None:
    healthy = start_site()
    assert log_in(healthy).status_code == 303
    fail(chat, fault)
    browser = start_site(api_timeout=str(PATIENCE), page_wait="0.1")
    assert log_in(browser).status_code == 303
    for path in PATHS:
        with_fault, without = browser.ask(path), healthy.ask(path)
        assert (with_fault.status_code, with_fault.content) == (without.status_code, without.content), path

    page = ChatPage(chat, browser)
    for _ in range(2):
        started = time.monotonic()
        answer = page.ask()
        assert (answer.status_code, answer.content) == (401, b"")
        assert time.monotonic() - started < PATIENCE + 5, "it would wait 30 seconds for the slow one"
    frame = page.frame()
    assert (frame.status, title_of(frame)) == (200, "The chat could not log you in")


def test_a_login_never_waits_for_the_chat(start_site: StartSite, chat: RunningSandbox) -> None:
    """It holds every call back for longer than the browser has patience with the site."""
    chat.fail_with(delay=60)
    browser = start_site(page_wait="0.1", api_timeout="60", rocketchat_mode="password")
    for number in range(20):
        answer = browser.session.post(
            f"{browser.site}/login",
            data={"email": f"user{number}@example.com", "chat_password": "password"},
            allow_redirects=False,
            timeout=20,
        )
        assert answer.status_code == 303
    assert list(chat.calls) == [], "the chat has answered nobody yet"


def test_the_next_who_asks_gets_in_when_the_chat_is_back(start_site: StartSite, chat: RunningSandbox) -> None:
    chat.fail_with(status=500, times=1)
    browser = start_site()
    log_in(browser)
    page = ChatPage(chat, browser)
    assert page.open() == NOBODY
    until(lambda: page.open() == ANN)


def test_a_logout_while_the_chat_is_down_ends_the_session_when_it_is_back(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    browser = start_site()
    log_in(browser)
    page = ChatPage(chat, browser)
    assert page.open() == ANN
    chat.fail_with(status=503, times=2)
    browser.get("/logout", images=False)
    until(lambda: page.resume() == NOBODY)


def test_a_database_that_is_away_logs_nobody_in_and_holds_up_no_page(
    start_chat: StartChat, start_site: StartSite
) -> None:
    with serving_mongo() as mongo:
        browser = start_site(
            start_chat(mongodb=mongo.users),
            rocketchat_mode="mongodb",
            rocketchat_mongodb_url=mongo.url,
            api_timeout=str(PATIENCE),
        )
        page = ChatPage(start_chat(), browser)
        mongo.stop()
        log_in(browser)
        assert browser.get("/", images=False).user == ANN
        assert page.ask(origin=None).status_code == 401


def test_one_line_tells_the_owner_of_a_refused_service_account_not_one_for_each_visitor(
    start_site: StartSite, chat: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    browser = start_site(rocketchat_admin_token="canary-wrong-token")
    for number in range(5):
        log_in(browser, f"user{number}@example.com")
        assert ChatPage(chat, browser).open() == NOBODY
    alarms = [record for record in caplog.records if "rocketchat.admin_token" in record.getMessage()]
    assert len(alarms) == 1
    assert alarms[0].levelno >= logging.ERROR
    assert "canary" not in caplog.text


def test_at_the_limit_of_calls_the_chat_is_left_alone_and_one_line_says_what_to_set(
    start_chat: StartChat, start_site: StartSite, caplog: pytest.LogCaptureFixture
) -> None:
    behaviour = Behaviour(rate_limit=4, permissions=PERMISSIONS - {"api-bypass-rate-limit"})
    chat = start_chat(behaviour=behaviour)
    browser = start_site(chat)
    entered = []
    for number in range(12):
        log_in(browser, f"user{number}@example.com")
        entered.append(ChatPage(chat, browser).open())
    assert entered == [f"user{number}@example.com" for number in range(4)] + [NOBODY] * 8
    limited = [call for call in chat.calls if call.status == 429]
    assert len(limited) == 1, "the answer said for how long"
    advice = [record for record in caplog.records if "api-bypass-rate-limit" in record.getMessage()]
    assert len(advice) == 1


@pytest.mark.parametrize("version", ["7.0", "8.0"])
def test_a_server_of_the_other_generation_gets_a_line_that_says_what_to_set(
    start_chat: StartChat, start_site: StartSite, caplog: pytest.LogCaptureFixture, version: str
) -> None:
    chat = start_chat(server_version=version)
    browser = start_site(chat, rocketchat_token_secret="canary-secret" if version == "7.0" else None)
    for number in range(3):
        log_in(browser, f"user{number}@example.com")
        assert ChatPage(chat, browser).open() == NOBODY
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    (line,) = [error for error in errors if "makes no login tokens" in error]
    assert "token_secret" in line
    assert "CREATE_TOKENS_FOR_USERS=true" in line
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "token",
    ["", " ", "two words", "a\nb", "é", "\u2028", None, 17, True, ["token"], {"$ne": ""}, {"token": "x"}],
    ids=ascii,
)
def test_what_can_be_no_token_is_refused(start_site: StartSite, chat: RunningSandbox, token: Any) -> None:
    browser = start_site()
    log_in(browser)
    user = chat.chat.add_user("ann", email=ANN)
    body = answer_with({"data": {"userId": user.id, "authToken": token}})
    chat.fail_with(body=body, content_type=JSON, on=CREATE)
    answer = ChatPage(chat, browser).ask()
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("user_id", ["", None, {"$ne": ""}, ["a"], "somebody-else"], ids=ascii)
def test_a_token_of_somebody_else_is_refused(
    start_site: StartSite, chat: RunningSandbox, user_id: Any
) -> None:
    browser = start_site()
    log_in(browser)
    chat.chat.add_user("ann", email=ANN)
    body = answer_with({"data": {"userId": user_id, "authToken": "token-of-eve"}})
    chat.fail_with(body=body, content_type=JSON, on=CREATE)
    assert ChatPage(chat, browser).ask().status_code == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"_id": {"$ne": ""}},
        {"_id": ""},
        {"emails": "ann@example.com"},
        {"emails": [{"address": {"$ne": ""}}]},
        {"emails": None},
        {"username": {"a": 1}},
        {"active": "yes"},
        {"active": False},
        {"type": "bot"},
        {"type": ["user"]},
    ],
    ids=str,
)
def test_a_user_that_cannot_be_read_or_may_not_enter_gets_no_token(
    start_site: StartSite, chat: RunningSandbox, changed: dict[str, Any]
) -> None:
    browser = start_site()
    log_in(browser)
    user = {"_id": "annsOwnId12345678", "username": "ann", "emails": [{"address": ANN}], "active": True}
    chat.fail_with(body=answer_with({"user": user | changed}), content_type=JSON, on="/api/v1/users.info")
    assert ChatPage(chat, browser).ask().status_code == 401
    assert chat.calls.to(CREATE) == ()


def test_an_account_with_somebody_elses_address_is_not_entered(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    eve = {"_id": "evesOwnId12345678", "username": "ann", "emails": [{"address": "eve@example.com"}]}
    browser = start_site()
    log_in(browser)
    chat.fail_with(body=answer_with({"user": eve}), content_type=JSON, on="/api/v1/users.info")
    assert ChatPage(chat, browser).open() == ANN, "with an account of her own"


def answer_with(members: dict[str, Any]) -> str:
    """A well-formed yes of the API."""
    return json.dumps({"success": True} | members)
