"""The external system fails: the visitor reads that it is the service, and nobody is logged in."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from chatsso_middleware.sandbox.directory import RunningSandbox
from tests.support.form_browser import FormBrowser

from .chats import LinkedChat
from .conftest import ANN, BOB, PASSWORDS, Another, StartChat, StartSite, sign_in

JSON = "application/json"
NO_IDENTIFIER = "instead of an identifier at signin.user.id = id"


def saying(**members: Any) -> dict[str, str]:
    return {"body": json.dumps({"email": ANN} | members), "content_type": JSON}


FAULTS: dict[str, tuple[Mapping[str, Any], str]] = {
    "slow": ({"delay": 30}, "gave no whole answer within 0.4 seconds"),
    "HTML with 200": ({"body": "<html>maintenance</html>"}, "answered HTML instead of a JSON object"),
    "HTML with 403": ({"refuse": True}, "answered HTML instead of a JSON object"),
    "broken": ({"status": 500}, "answered with status 500"),
    "overloaded": ({"status": 429, "headers": (("Retry-After", "17"),)}, "limits our calls (429)"),
    "moved": ({"status": 302, "headers": (("Location", "https://elsewhere.example/"),)}, "redirect"),
    "no JSON object": ({"body": "[]", "content_type": JSON}, "JSON"),
    "no identifier": (saying(), f"gave nothing {NO_IDENTIFIER}"),
    "null as identifier": (saying(id=None), f"gave nothing {NO_IDENTIFIER}"),
    "an empty identifier": (saying(id=""), NO_IDENTIFIER),
    "a list as identifier": (saying(id=["u-4711"]), f"gave a list {NO_IDENTIFIER}"),
    "an object as identifier": (saying(id={"a": 1}), f"gave an object {NO_IDENTIFIER}"),
    "a boolean as identifier": (saying(id=True), NO_IDENTIFIER),
    "a fraction as identifier": (saying(id=1.5), NO_IDENTIFIER),
    "no address": (saying(id="u-1", email=None), "instead of an address at signin.user.email = email"),
    "an unusable address": (saying(id="u-1", email="not an address"), "unusable user"),
    "too much": (
        {"body": json.dumps({"id": "x" * 70_000}), "content_type": JSON},
        "answered more than 65536 bytes",
    ),
}


@pytest.fixture
def store(start_chat: StartChat) -> LinkedChat:
    return start_chat("publica_la GET")


def reasons(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("chatsso_middleware") and record.levelno >= logging.WARNING
    )


def assert_told_that_it_is_the_service(browser: FormBrowser) -> None:
    assert (browser.shown.status, browser.heading) == (503, "Log in")
    assert "Logging in does not work at the moment" in browser.text
    assert "It is not your password" in browser.text
    assert "password is wrong" not in browser.text


@pytest.mark.parametrize("fault", [*FAULTS, "down"])
def test_the_visitor_reads_that_it_is_the_service_and_the_owner_reads_why(
    store: LinkedChat,
    start_site: StartSite,
    directory: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
    fault: str,
) -> None:
    browser = start_site(store, api_timeout="0.4" if fault == "slow" else "5")
    store.ask_for_login(browser)
    if fault == "down":
        directory.stop()
    else:
        directory.directory.fail_with(**FAULTS[fault][0])
    sign_in(browser, "ann")
    assert_told_that_it_is_the_service(browser)
    assert browser.attribute("login", "value") == "ann", "he need not type it again"
    why = "cannot be reached" if fault == "down" else FAULTS[fault][1]
    assert why in reasons(caplog)
    assert browser.get("/").user == "nobody"
    store.ask_for_login(browser)
    assert browser.heading == "Log in"
    assert store.sandbox.store.users == ()


def test_the_owners_own_words_are_said_instead(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox
) -> None:
    directory.stop()
    browser = start_site(store, **{"signin.message.unavailable": "Our accounts are asleep. Call 555 0100."})
    browser.get("/chatsso/signin")
    sign_in(browser, "ann")
    assert "Our accounts are asleep. Call 555 0100." in browser.text


def test_a_directory_that_says_when_to_come_back_is_passed_on(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox
) -> None:
    directory.directory.fail_with(**FAULTS["overloaded"][0])
    browser = start_site(store)
    browser.get("/chatsso/signin")
    sign_in(browser, "ann")
    assert browser.shown.headers["Retry-After"] == "17"


def test_when_the_service_is_back_the_same_form_logs_in(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox
) -> None:
    browser = start_site(store)
    store.ask_for_login(browser)
    directory.directory.fail_with(body="<html>maintenance</html>")
    sign_in(browser, "ann")
    directory.directory.recover()
    sign_in(browser, "ann")
    assert browser.shown.address == store.destination


def test_a_login_that_hangs_costs_no_other_page_any_time(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox, another: Another
) -> None:
    browser = start_site(store, api_timeout="60")
    browser.get("/chatsso/signin")
    reader = another(browser)
    directory.directory.fail_with(delay=60)
    with ThreadPoolExecutor(1) as pool:
        attempt = pool.submit(sign_in, browser, "ann")
        directory.directory.faults.wait_until_held_back()
        assert reader.get("/").user == "nobody"
        reader.get("/chatsso/signin")
        assert reader.heading == "Log in"
        assert not attempt.done(), "it hangs, as it shall"
        directory.directory.recover()
        attempt.result(timeout=20)
    assert browser.shown.user == ANN


def test_two_logins_that_hang_send_the_third_away_before_they_fill_the_server(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox, another: Another
) -> None:
    first = start_site(store, api_timeout="60")
    browsers = [first, another(first), another(first)]
    for browser in browsers:
        browser.get("/chatsso/signin")
    directory.directory.fail_with(delay=60)
    with ThreadPoolExecutor(2) as pool:
        attempts = [pool.submit(sign_in, browser, "ann") for browser in browsers[:2]]
        directory.directory.faults.wait_until_held_back(count=2)
        sign_in(browsers[2], "bob")
        assert_told_that_it_is_the_service(browsers[2])
        assert not any(attempt.done() for attempt in attempts), "they hang, as they shall"
        directory.directory.recover()
        for attempt in attempts:
            attempt.result(timeout=20)
    assert {browser.shown.user for browser in browsers[:2]} == {ANN}


def test_what_one_account_meets_keeps_nobody_else_out(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox, another: Another
) -> None:
    directory.directory.fail_with(status=500, times=8)
    unlucky = start_site(store)
    unlucky.get("/chatsso/signin")
    for _ in range(8):
        sign_in(unlucky, "ann")
        assert_told_that_it_is_the_service(unlucky)
    lucky = another(unlucky)
    lucky.get("/chatsso/signin")
    sign_in(lucky, "bob")
    assert lucky.shown.user == BOB


def test_a_redirect_takes_nobodys_password_along(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox, httpserver: HTTPServer
) -> None:
    directory.directory.fail_with(status=307, headers=(("Location", httpserver.url_for("/steal")),))
    browser = start_site(store)
    browser.get("/chatsso/signin")
    sign_in(browser, "ann")
    assert_told_that_it_is_the_service(browser)
    assert httpserver.log == []
    assert PASSWORDS["ann"] not in browser.shown.source.decode()
