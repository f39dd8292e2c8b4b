"""Nobody reads a password, a key or a token where it does not belong, and nobody gets another's login."""

from __future__ import annotations

import logging
from urllib.parse import quote, quote_plus

import pytest

from chatsso_middleware import ChatSSOMiddleware, ConfigurationError
from chatsso_middleware.sandbox.directory import RunningSandbox
from tests.support.form_browser import FormBrowser
from tests.support.servers import serving
from tests.support.shared_cache import SharedCache

from .chats import CHATS
from .conftest import ANN, BOB, PASSWORDS, StartChat, StartSite, sign_in

CANARY = "canary-of-the-caller/+&"
TOKEN_PARAMETERS = ("external-auth-token", "externalAuthCode", "access_token")


@pytest.mark.parametrize("name", CHATS)
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("fault", [None, "html", "stopped"])
def test_no_password_key_or_token_stands_in_a_log_or_on_a_page_where_it_does_not_belong(
    start_chat: StartChat,
    start_site: StartSite,
    directory: RunningSandbox,
    caplog: pytest.LogCaptureFixture,
    name: str,
    method: str,
    fault: str | None,
) -> None:
    chat = start_chat(name)
    directory.directory.api_key = CANARY
    settings = {"signin__method": method, "signin.header.X-Api-Key": CANARY}
    pages = []
    with caplog.at_level(logging.DEBUG):
        browser = start_site(chat, **settings)
        chat.ask_for_login(browser)
        if fault == "html":
            directory.directory.fail_with(body="<html>nonsense</html>")
        elif fault == "stopped":
            directory.stop()
        browser.send(login="ann", password=PASSWORDS["ann"] + "-mistyped")
        pages.append(browser.shown)
        browser.send(login=PASSWORDS["ann"], password="typed into the wrong field")
        sign_in(browser, "ann")
        if fault is None:
            assert browser.get("/").user == ANN
        paths = (
            "/",
            "/chatsso/signin",
            "/chatsso/nowhere",
            "/chatsso/go?to=//evil",
            "/chatsso/signin/logout",
        )
        pages += [browser.get(path) for path in paths]
    ours = [record for record in caplog.records if not record.name.startswith(("urllib3", "asyncio"))]
    said = [record.getMessage() + str(record.exc_info) for record in ours]
    tokens = [token for parameter in TOKEN_PARAMETERS for token in browser.given(parameter)]
    for secret in (
        PASSWORDS["ann"],
        CANARY,
        *(chat.settings[key] for key in chat.settings if "key" in key),
        *tokens,
    ):
        for form in (secret, quote(secret), quote(secret, safe=""), quote_plus(secret)):
            assert [text for text in said if form in text] == []
    for secret in (PASSWORDS["ann"], CANARY):
        everything = [record.getMessage() for record in caplog.records]
        everything += [page.source.decode() + str(page.headers) + page.address for page in pages]
        assert [text for text in everything if secret in text or quote(secret, safe="") in text] == []


def test_what_was_typed_as_password_never_comes_back_with_the_form(
    start_chat: StartChat, start_site: StartSite
) -> None:
    browser = start_site(start_chat("publica_la GET"))
    browser.get("/chatsso/signin")
    browser.send(login="ann", password="mistyped-horse")
    assert browser.attribute("login", "value") == "ann"
    assert browser.attribute("password", "value") is None
    assert "mistyped-horse" not in browser.shown.source.decode()


def test_a_settings_error_of_the_page_names_the_keys_and_shows_no_secret(start_chat: StartChat) -> None:
    chat = start_chat("publica_la GET")
    with pytest.raises(ConfigurationError) as error:
        ChatSSOMiddleware(
            lambda environ, start_response: [],
            {
                "providers": chat.provider,
                "identity": "signin",
                "secret": "canary-canary-canary-canary-canary",
                **chat.settings,
                "signin.url": "http://accounts.example/login",
                "signin.header.X-Api-Key": "canary-{pasword}",
                "signin.feild.login": "{login}",
                "signin.limit_ip": "many",
            },
        )
    text = str(error.value)
    assert {problem.key for problem in error.value.problems} >= {
        "signin.url",
        "signin.header.X-Api-Key",
        "signin.feild.login",
        "signin.limit_ip",
    }
    assert "canary" not in text


@pytest.mark.parametrize("name", ["typingmind", "website_toolbox", "publica_la POST"])
@pytest.mark.parametrize("delivery", ["direct", "gateway"])
def test_two_visitors_behind_a_shared_cache_never_get_each_others_login(
    start_chat: StartChat, start_site: StartSite, name: str, delivery: str
) -> None:
    chat = start_chat(name)
    origin = start_site(chat, delivery=delivery)
    with SharedCache(origin.site) as cache, serving(cache) as address:
        browsers = {ANN: FormBrowser(address), BOB: FormBrowser(address), "nobody": FormBrowser(address)}
        given = {}
        for email in (ANN, BOB):
            browser = browsers[email]
            browser.get("/chatsso/signin")
            sign_in(browser, email.partition("@")[0])
            browser.get("/chatsso/go", images=False)
            given[email] = {token for parameter in TOKEN_PARAMETERS for token in browser.given(parameter)}
            if name == "publica_la POST":
                given[email] |= {str(each.get("value")) for each in browser.document.iter("input")}
            assert given[email]
        assert not given[ANN] & given[BOB]
        for _ in range(2):
            for email, browser in browsers.items():
                for path in ("/", "/another", "/chatsso/signin", "/chatsso/go"):
                    answer = browser.ask(path, Accept="text/html")
                    seen = answer.text + str(answer.headers)
                    others = set().union(*(given[other] for other in given if other != email))
                    assert not any(token in seen for token in others)
                    if path.startswith("/chatsso/"):  # the site's own page is public, with a name in it
                        assert not any(other in seen for other in (ANN, BOB) if other != email)
        assert cache.hits > 0, "the cache never answered, so nothing was tested"
        for browser in browsers.values():
            browser.close()
