"""Whatever a name or a token is made of, it stays data; and what is secret is shown to nobody."""

from __future__ import annotations

import json
import logging
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import html5lib
import pytest

from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Page
from tests.support.chat_page import NOBODY, ChatPage, facts_of, form_fields, title_of
from tests.support.mongo_server import serving_mongo
from tests.support.waiting import until

from .conftest import StartChat, StartSite
from .modes import ANN, MODES, PASSWORD, Mode

HOSTILE = (
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<!--<script>",
    "]]>&lt;&#60;",
    "line\u2028separator\u2029and\u0085next",
    "\u202eright to left\ufeff",
    "{{7*7}}${7*7}%(secret)s",
    '{"$ne": ""}',
    "ü" * 100,
)


def elements_of(page: Page) -> list[str]:
    """The elements of a page in their order, with the names of their attributes."""
    document = html5lib.parse(page.source, namespaceHTMLElements=False)
    return [f"{each.tag} {sorted(each.attrib)}" for each in document.iter()]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_name_is_text_on_every_page_of_the_frame(
    start_site: StartSite, chat: RunningSandbox, hostile: str
) -> None:
    shown: dict[str, list[list[str]]] = {}
    for name in ("Ann Bell", hostile):
        browser = start_site()
        browser.post("/login", images=False, email=ANN, username="ann", name=name)
        page = ChatPage(chat, browser)
        entering = page.frame()
        assert page.open() == ANN
        page.log_out()
        left = page.frame()
        shown[name] = [elements_of(entering), elements_of(left)]
        for frame in (entering, left):
            text = "".join(html5lib.parse(frame.source, namespaceHTMLElements=False).itertext())
            assert name in text
    assert shown[hostile] == shown["Ann Bell"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_username_that_no_chat_could_take_makes_no_other_account(
    start_site: StartSite, chat: RunningSandbox, hostile: str
) -> None:
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username=hostile)
    assert ChatPage(chat, browser).open() == ANN
    user = chat.chat.user(ANN)
    assert user is not None
    assert user.username
    assert not set(user.username) & set("<>\"'&{}$ \u2028")


@pytest.mark.parametrize(
    "token",
    ["</script><script>alert(1)</script>", "\"'><img/src=x>", "a&b=c#d%20?e", "<!--<script>", "\\u2028\\"],
)
def test_a_token_of_any_signs_is_data_wherever_it_stands(
    start_site: StartSite, chat: RunningSandbox, token: str
) -> None:
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username="ann")
    user = chat.chat.add_user("ann", email=ANN)
    answer = {"success": True, "data": {"userId": user.id, "authToken": token}}
    path = "/api/v1/users.createToken"
    chat.fail_with(body=json.dumps(answer), content_type="application/json", on=path)
    page = ChatPage(chat, browser)
    given = page.ask()
    assert given.status_code == 401 or given.json() == {"loginToken": token}
    if given.status_code == 200:
        frame = page.frame()
        assert facts_of(frame)["message"]["loginToken"] == token
        assert [each for each in elements_of(frame) if each.startswith("script")] == [
            "script ['id', 'type']",
            "script ['nonce']",
        ]
        location = browser.ask("/chatsso/go?provider=rocketchat").headers["Location"]
        assert parse_qs(urlsplit(location).query) == {"resumeToken": [token]}
        assert urlsplit(location).fragment == ""


@pytest.mark.parametrize("mode", MODES, ids=str)
@pytest.mark.parametrize("fault", [None, "HTML", "stopped"])
def test_no_secret_stands_in_a_log_or_on_a_page_that_it_does_not_belong_to(
    start_chat: StartChat,
    start_site: StartSite,
    caplog: pytest.LogCaptureFixture,
    mode: Mode,
    fault: str | None,
) -> None:
    with caplog.at_level(logging.DEBUG):
        chat = start_chat(server_version=mode.version)
        browser = start_site(chat, rocketchat_mode=mode.name, page_wait="0.2", **mode.settings(chat))
        page = ChatPage(chat, browser)
        fields = mode.fields(chat)
        if fault == "HTML":
            chat.fail_with(body="<html>nonsense</html>")
        elif fault == "stopped":
            chat.stop()
        pages = [browser.post("/login", images=False, email=ANN, username="ann", **fields)]
        given = page.ask()
        if fault != "HTML":  # which reaches the REST API alone
            assert given.status_code == (200 if fault is None else 401)
        paths = ("/", "/chatsso/nowhere", "/chatsso/go?to=//evil", "/logout")
        pages += [browser.get(path, images=False) for path in paths]
        if fault is None:
            until(lambda: page.log_in(given.json()) == "")
    secrets = [chat.admin_token, chat.token_secret, PASSWORD, *fields.values()]
    secrets += list(given.json().values()) if given.status_code == 200 else []
    seen = [record.getMessage() + str(record.exc_info) for record in caplog.records if is_ours(record)]
    seen += [shown.source.decode() + str(shown.headers) for shown in pages]
    for secret in secrets:
        for form in (secret, quote(secret), quote(secret, safe="")):
            assert [text for text in seen if form in text] == []


def test_no_token_of_the_database_stands_in_a_log(
    start_chat: StartChat, start_site: StartSite, caplog: pytest.LogCaptureFixture
) -> None:
    """pymongo logs its commands at DEBUG."""
    with caplog.at_level(logging.DEBUG), serving_mongo() as mongo:
        chat = start_chat(mongodb=mongo.users)
        browser = start_site(chat, rocketchat_mode="mongodb", rocketchat_mongodb_url=mongo.url)
        page = ChatPage(chat, browser)
        tokens = []
        for _ in range(2):
            browser.post("/login", images=False, email=ANN, username="ann")
            tokens.append(page.token())
            assert page.open() == ANN
            browser.get("/logout", images=False)
            until(lambda: page.resume() == NOBODY)
            page.kept_token = ""
    assert tokens[0] != tokens[1], "it is a new one each time"
    seen = "".join(record.getMessage() for record in caplog.records if is_ours(record))
    assert not [token for token in tokens if token in seen]
    assert chat.admin_token not in seen


def is_ours(record: logging.LogRecord) -> bool:
    """Whether the site logged it: the client of the tests logs every frame that it sends."""
    return not record.name.startswith("websockets.client") or "chatsso" in record.pathname


def test_the_token_stands_in_the_answers_that_are_for_it_and_not_in_the_cookies(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username="ann")
    page = ChatPage(chat, browser)
    token = page.token()
    assert token not in str(browser.session.cookies)
    assert token not in str(page.frame().headers)
    page.kept_token = token
    page.log_out()
    left = page.frame()
    assert title_of(left) == "You logged out of the chat"
    assert token.encode() not in left.source
    assert set(form_fields(left)) == {"forgery_token"}


def test_no_handle_site_or_error_shows_what_it_holds(start_site: StartSite, chat: RunningSandbox) -> None:
    seen: list[str] = []

    class Curious:
        """A site that writes down all that it can see of us."""

        def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
            handle = environ["chatsso"]
            handle.log_in(email=ANN, username="ann")
            seen.extend(map(repr, (handle, handle.state, *handle._flow.chats.values(), handle._flow)))
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b""]

    browser = start_site(site=Curious())
    browser.get("/", images=False)
    assert len(seen) > 3
    for secret in (chat.admin_token, chat.token_secret):
        assert secret not in "".join(seen)
