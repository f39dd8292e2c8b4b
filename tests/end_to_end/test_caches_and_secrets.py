"""Nobody gets another's token, and nobody reads a secret."""

from __future__ import annotations

import logging
from urllib.parse import quote

import pytest
import requests

from chatsso_middleware import ChatSSOMiddleware, ConfigurationError
from chatsso_middleware.sandbox.website_toolbox import RunningSandbox
from tests.support.browser import Browser
from tests.support.servers import serving
from tests.support.shared_cache import SharedCache

from .conftest import StartSite

ANN = "ann@example.com"
BOB = "bob@example.com"


@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_two_users_behind_a_shared_cache_never_get_each_others_token(
    start_site: StartSite, room: RunningSandbox, delivery: str
) -> None:
    origin = start_site(delivery=delivery)
    with SharedCache(origin.site) as cache, serving(cache) as address:
        ann, bob, guest = Browser(address), Browser(address), Browser(address)
        tokens = {}
        for browser, email in ((ann, ANN), (bob, BOB)):
            browser.post("/login", email=email)
            location = browser.ask("/chatsso/go").headers["Location"]
            tokens[email] = location.partition("access_token=")[2].partition("&")[0]
        assert tokens[ANN] != tokens[BOB]
        for _ in range(2):
            for browser, foreign in ((ann, [BOB]), (bob, [ANN]), (guest, [ANN, BOB])):
                for path in ("/", "/cached", "/stream", "/nowhere"):
                    answer = browser.ask(path, Accept="text/html")
                    assert not any(tokens[email] in answer.text for email in foreign)
                    assert not any(tokens[email] in str(answer.headers) for email in foreign)
        assert cache.hits > 0, "the cache never answered, so nothing was tested"
        for browser in (ann, bob, guest):
            browser.close()


def test_a_page_with_a_token_is_kept_by_no_cache(start_site: StartSite) -> None:
    browser = start_site()
    browser.post("/login", email=ANN)
    page = browser.get("/cached")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in page.headers
    assert "Last-Modified" not in page.headers
    again = browser.get("/cached", If_None_Match="whatever", Accept_Encoding="gzip")
    assert again.status == 200
    assert "access_token" in again.links["plain"]


def test_an_answer_that_sets_the_state_cookie_is_kept_by_no_cache(start_site: StartSite) -> None:
    browser = start_site()
    answer = browser.session.post(
        browser.site + "/login", data={"email": ANN}, allow_redirects=False, timeout=20
    )
    assert "chatsso=" in answer.headers["Set-Cookie"]
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Lax" in answer.headers["Set-Cookie"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert len(answer.headers["Set-Cookie"]) < 1024


def test_a_guests_page_keeps_its_caching_and_its_bytes(start_site: StartSite, room: RunningSandbox) -> None:
    browser = start_site()
    page = browser.get("/cached", Accept_Encoding="identity")
    assert page.headers["Cache-Control"] == "public, max-age=600"
    assert browser.ask("/cached", If_None_Match=page.headers["ETag"]).status_code == 304
    compressed = browser.ask("/cached", Accept_Encoding="gzip", Accept="text/html")
    assert compressed.headers["Content-Encoding"] == "gzip"


def test_gateway_pages_keep_their_caching_since_they_are_alike_for_everybody(start_site: StartSite) -> None:
    browser = start_site(delivery="gateway")
    guest = browser.get("/cached")
    browser.post("/login", email=ANN)
    member = browser.get("/cached")
    assert guest.links == member.links
    assert member.headers["Cache-Control"] == "public, max-age=600"
    assert browser.ask("/cached", If_None_Match=member.headers["ETag"], Accept="text/html").status_code == 304


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("fault", [None, "html", "stopped"])
def test_neither_key_nor_password_stands_in_any_log_error_or_page(
    start_site: StartSite,
    room: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
    method: str,
    fault: str | None,
) -> None:
    password = "canary password/+&"
    with caplog.at_level(logging.DEBUG):
        browser = start_site(
            website_toolbox_method=method, website_toolbox_send_password="yes", page_wait="0.2"
        )
        if fault == "html":
            room.room.fail_with(body="<html>nonsense</html>")
        elif fault == "stopped":
            room.stop()
        pages = [
            browser.post("/login", email=ANN),
            browser.post("/account", do="register", email=BOB, username="bob", password=password),
            browser.get("/"),
            browser.get("/logout"),
            browser.get("/chatsso/nowhere"),
            browser.get("/chatsso/go?to=//evil"),
        ]
        if fault is None:
            room.calls.wait_for("/sso/user/register")
    seen = [record.getMessage() + str(record.exc_info) for record in caplog.records]
    seen += [page.source.decode() + str(page.headers) + page.address for page in pages]
    secrets = (room.api_key, password)
    for secret in secrets:
        for form in (secret, quote(secret), quote(secret, safe="")):
            assert [text for text in seen if form in text] == []


def test_a_settings_error_names_the_keys_and_shows_no_secret() -> None:
    with pytest.raises(ConfigurationError) as error:
        ChatSSOMiddleware(
            lambda environ, start_response: [],
            {
                "providers": "website_toolbox",
                "secret": "canary-short",
                "website_toolbox.url": "http://room.example",
                "website_toolbox.api_key": "canary-key",
                "page_wiat": "1",
                "links": "maybe",
            },
        )
    text = str(error.value)
    assert {problem.key for problem in error.value.problems} == {
        "secret",
        "website_toolbox.url",
        "page_wiat",
        "links",
    }
    assert "page_wait" in text
    assert "canary" not in text


def test_a_forged_state_is_nobodys(start_site: StartSite, room: RunningSandbox) -> None:
    browser = start_site()
    browser.post("/login", email=ANN)
    value = browser.session.cookies["chatsso"]
    answer = requests.get(browser.site, cookies={"chatsso": value[:-3] + "AAA"}, timeout=20)
    assert "access_token" not in answer.text


def test_a_page_that_holds_a_token_by_chat_url_keeps_no_validator(start_site: StartSite) -> None:
    browser = start_site(links="no", tags="no")
    browser.post("/login", email=ANN)
    browser.ask("/chatsso/go")  # which waits for the token
    page = browser.get("/manual")
    assert "access_token" in page.links["own"]
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in page.headers
