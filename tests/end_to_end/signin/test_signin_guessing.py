"""Somebody tries passwords, or wants to know who has an account."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from chatsso_middleware.sandbox.directory import RunningSandbox
from tests.support.form_browser import FormBrowser
from tests.support.plain_server import serving_plainly

from .chats import LinkedChat
from .conftest import ANN, BOB, PASSWORDS, StartChat, StartSite, sign_in

WIDE = {"signin__limit_ip": "1000 per minute", "signin__limit_account": "1000 per minute"}
PROXY = "127.0.0.1"

ComeFrom = Callable[[FormBrowser, str], FormBrowser]


class _From(HTTPAdapter):
    """Connects from an address of this machine other than the usual one."""

    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        super().init_poolmanager(*arguments, **keywords | {"source_address": (self._address, 0)})


@pytest.fixture
def store(start_chat: StartChat) -> LinkedChat:
    return start_chat("publica_la GET")


@pytest.fixture
def come_from() -> Iterator[ComeFrom]:
    """Gives a browser on another machine, as far as the site can see."""
    with ExitStack() as stack:

        def come(browser: FormBrowser, address: str) -> FormBrowser:
            other = FormBrowser(browser.site)
            other.session.mount("http://", _From(address))
            stack.callback(other.close)
            return other

        yield come


def attempt(browser: FormBrowser, login: str, password: str, **headers: str) -> requests.Response:
    """Send the form that is shown, and stay on its page."""
    mark = next(each.get("value") for each in browser.document.iter("input") if each.get("type") == "hidden")
    return browser.session.post(
        f"{browser.site}/chatsso/signin",
        data={"forgery_token": mark, "login": login, "password": password},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        allow_redirects=False,
        timeout=20,
    )


def any_address(number: int) -> str:
    return f"198.51.{number // 250}.{number % 250 + 1}"


def test_a_hundred_wrong_passwords_are_throttled_whatever_address_they_claim_to_come_from(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox, come_from: ComeFrom
) -> None:
    browser = start_site(store, serve=serving_plainly, signin__limit_ip="20 per minute")
    browser.get("/chatsso/signin")
    answers = [
        attempt(browser, f"ann{number % 7}", f"guess{number}", X_Forwarded_For=any_address(number))
        for number in range(100)
    ]
    assert [answer.status_code for answer in answers] == [422] * 20 + [429] * 80
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in answers[20:])
    assert len(directory.calls) == 20, "the directory was left alone"

    elsewhere = come_from(browser, "127.0.0.9")
    elsewhere.get("/chatsso/signin")
    sign_in(elsewhere, "bob")
    assert elsewhere.shown.user == BOB


@pytest.mark.parametrize("entrance", ["python", "paste"])
def test_a_hundred_wrong_passwords_from_a_hundred_addresses_are_throttled_by_their_account(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox, come_from: ComeFrom, entrance: str
) -> None:
    browser = start_site(store, entrance, serve=serving_plainly, signin__trusted_proxies=PROXY)
    browser.get("/chatsso/signin")
    answers = [
        attempt(
            browser, "ann", f"guess{number}", X_Forwarded_For=f"{any_address(999)}, {any_address(number)}"
        )
        for number in range(100)
    ]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 90
    assert len(directory.calls) == 10
    right = attempt(browser, "ann", PASSWORDS["ann"], X_Forwarded_For=any_address(500))
    assert right.status_code == 429, "nor does the right one tell that it is right"

    bob = attempt(browser, "bob", PASSWORDS["bob"], X_Forwarded_For=any_address(3))
    assert (bob.status_code, bob.headers["Location"]) == (303, "/")


def test_what_stands_left_of_the_proxys_own_word_is_nobodys_address(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox
) -> None:
    browser = start_site(
        store, serve=serving_plainly, signin__trusted_proxies=PROXY, signin__limit_ip="5 per minute"
    )
    browser.get("/chatsso/signin")
    answers = [
        attempt(browser, f"user{number}", "guess", X_Forwarded_For=f"{any_address(number)}, 198.51.100.7")
        for number in range(8)
    ]
    assert [answer.status_code for answer in answers] == [422] * 5 + [429] * 3


def test_too_many_attempts_tell_a_person_how_long_to_wait(store: LinkedChat, start_site: StartSite) -> None:
    browser = start_site(store, signin__limit_account="1 per minute")
    browser.get("/chatsso/signin")
    browser.send(login="ann", password="wrong")
    sign_in(browser, "ann")
    assert (browser.shown.status, browser.heading) == (429, "Log in")
    assert re.search(r"There were too many attempts\. You can try again in \d+ seconds?\.", browser.text)
    assert browser.get("/").user == "nobody"


def test_two_hundred_tries_on_known_and_unknown_names_do_not_differ(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox
) -> None:
    """In pairs, whose order is drawn, so that whatever else the machine does slows both alike.

    If names make no difference, each pair is the toss of a coin: that one side wins 85 of 100 happens once in
    a thousand million million runs. A call that is left out, or a hash that is not computed, wins them all.
    """
    browser = start_site(store, **WIDE)
    browser.get("/chatsso/signin")
    seen = set()
    known_was_slower = 0
    draw = random.Random(7)
    for _ in range(100):
        taken = {}
        for login in draw.sample(["ann", "nobody"], 2):
            started = time.perf_counter()
            answer = attempt(browser, login, "wrong")
            taken[login] = time.perf_counter() - started
            seen.add((answer.status_code, _text_without_what_changes(answer, login), _headers_of(answer)))
        known_was_slower += taken["ann"] > taken["nobody"]
    assert len(seen) == 1
    assert 15 < known_was_slower < 85
    assert len(directory.calls) == 200, "both are asked for"


def _text_without_what_changes(answer: requests.Response, login: str) -> str:
    """The page less the name that was entered, the form's mark, and what a policy is bound to."""
    (mark,) = re.findall(r'name="forgery_token" value="([^"]+)"', answer.text)
    nonces = set(re.findall(r'nonce="([^"]+)"', answer.text))
    text = answer.text.replace(f'value="{login}"', 'value=""').replace(mark, "")
    for nonce in nonces:
        text = text.replace(nonce, "")
    return text


def _headers_of(answer: requests.Response) -> tuple[str, ...]:
    return tuple(sorted(name for name in answer.headers if name != "Date"))


def test_a_locked_account_is_told_so_only_where_the_owner_says_it(
    store: LinkedChat, start_site: StartSite, directory: RunningSandbox
) -> None:
    directory.people.change("ann", state="locked")
    quiet = start_site(store)
    quiet.get("/chatsso/signin")
    sign_in(quiet, "ann")
    assert "The user name or the password is wrong." in quiet.text
    directory.people.change("ann", state="active")
    sign_in(quiet, "ann")
    assert quiet.shown.user == ANN
