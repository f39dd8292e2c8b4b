"""The chat fails; the site does not change."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
from tests.support.browser import Browser
from tests.support.servers import serving
from tests.support.site import SmallSite

from .conftest import StartSite

PATHS = ("/", "/landing", "/json", "/image", "/nowhere", "/stream", "/cached")
FAULTS: dict[str, dict[str, Any]] = {
    "slow": {"delay": 30},
    "refusing": {"refuse": True},
    "answering HTML": {"body": "<html>maintenance</html>"},
    "answering success without a token": {"body": '{"success": true}', "content_type": "application/json"},
    "answering a list": {"body": "[]", "content_type": "application/json"},
    "saying no": {"message": "no"},
    "broken": {"status": 500},
    "limiting": {"status": 429, "headers": (("Retry-After", "100"),)},
}


@pytest.fixture
def bare_site(room: RunningSandbox) -> Iterator[Browser]:
    """The same site without the middleware."""
    with serving(SmallSite(room.url)) as address:
        browser = Browser(address)
        yield browser
        browser.close()


@pytest.mark.parametrize("fault", [*FAULTS, "stopped"])
def test_every_page_has_the_status_and_the_text_that_it_has_without_us(
    start_site: StartSite, bare_site: Browser, room: RunningSandbox, fault: str
) -> None:
    if fault == "stopped":
        room.stop()
    else:
        room.room.fail_with(**FAULTS[fault])
    site = start_site(links="no", tags="no", page_wait="0.1")
    for path in PATHS:
        with_us, without = site.ask(path), bare_site.ask(path)
        assert (with_us.status_code, with_us.content) == (without.status_code, without.content)
    for browser in (site, bare_site):
        browser.session.post(
            browser.site + "/login", data={"email": "ann@example.com"}, allow_redirects=False, timeout=20
        )
    for path in PATHS:
        with_us, without = site.ask(path), bare_site.ask(path)
        assert (with_us.status_code, with_us.content) == (without.status_code, without.content)


@pytest.mark.parametrize("fault", [*FAULTS, "stopped"])
def test_the_page_after_the_login_is_the_sites_own_but_for_the_gateway(
    start_site: StartSite, bare_site: Browser, room: RunningSandbox, fault: str
) -> None:
    if fault == "stopped":
        room.stop()
    else:
        room.room.fail_with(**FAULTS[fault])
    site = start_site(page_wait="0.1")
    with_us = site.post("/login", images=False, email="ann@example.com")
    without = bare_site.post("/login", images=False, email="ann@example.com")
    assert with_us.status == without.status
    (tag,) = with_us.tags
    image = f'<img border="0" width="1" height="1" alt="" src="{tag}">'.encode()
    assert image in with_us.source
    source = with_us.source.replace(image, b"")
    for link, address in without.links.items():
        if room.url in address:
            written = address.replace("&", "&amp;")
            source = source.replace(with_us.links[link].replace("&", "&amp;").encode(), written.encode())
    assert source == without.source


def test_a_login_never_waits_for_the_chat(start_site: StartSite, room: RunningSandbox) -> None:
    """It holds every call back for longer than the browser has patience with the site."""
    room.room.fail_with(delay=60)
    site = start_site(page_wait="0.1", api_timeout="60")
    for number in range(20):
        answer = site.session.post(
            site.site + "/login",
            data={"email": f"user{number}@example.com"},
            allow_redirects=False,
            timeout=20,
        )
        assert answer.status_code == 303
    assert room.calls.to("/sso/token/generate") == (), "the chat has answered nobody yet"


def test_the_tag_stays_due_until_the_chat_is_back(start_site: StartSite, room: RunningSandbox) -> None:
    room.room.fail_with(body="<html>maintenance</html>", times=1)
    browser = start_site()
    page = browser.post("/login", email="ann@example.com")
    assert page.tags[0].startswith("/chatsso/website_toolbox/login.gif?event=")
    give_up = time.monotonic() + 30
    while browser.get(f"{room.url}/", images=False).user == "" and time.monotonic() < give_up:
        browser.get("/")
    assert browser.get(f"{room.url}/", images=False).user == "ann@example.com"


def test_who_follows_the_link_while_the_chat_api_is_down_enters_as_a_guest(
    start_site: StartSite, room: RunningSandbox
) -> None:
    room.room.fail_with(status=500)
    browser = start_site(page_wait="0.1")
    page = browser.post("/login", images=False, email="ann@example.com")
    chat = browser.get(page.links["room"], images=False)
    assert chat.status == 200
    assert chat.address.startswith(f"{room.url}/room/garden?color=red&size=2")
    assert chat.user == ""
