"""The full circle, for each way to a token: out, in, and out again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import NOBODY, ChatPage, facts_of
from tests.support.mongo_server import MongoServer, serving_mongo
from tests.support.waiting import until

from .conftest import StartChat, StartSite
from .modes import ANN, MODES, NO_SERVICE_ACCOUNT, Mode

Another = Callable[[Browser], Browser]


@pytest.fixture(params=[*MODES, Mode("mongodb"), Mode("mongodb", "alone")], ids=str)
def arranged(request: pytest.FixtureRequest, start_chat: StartChat) -> Any:
    """A mode, its chat and the settings of the site."""
    mode: Mode = request.param
    with ExitStack() as stack:
        if mode.name != "mongodb":
            chat = start_chat(server_version=mode.version)
            yield mode, chat, mode.settings(chat)
            return
        mongo = stack.enter_context(serving_mongo())
        yield mode, start_chat(mongodb=mongo.users), mongodb_settings(mongo, alone=mode.case == "alone")


def mongodb_settings(mongo: MongoServer, *, alone: bool) -> dict[str, Any]:
    return {"rocketchat_mongodb_url": mongo.url} | (NO_SERVICE_ACCOUNT if alone else {})


Arranged = tuple[Mode, RunningSandbox, dict[str, Any]]


def test_who_logs_in_on_the_site_is_logged_in_in_the_chat_and_out_again(
    arranged: Arranged, start_site: StartSite
) -> None:
    mode, chat, settings = arranged
    browser = start_site(chat, rocketchat_mode=mode.name, **settings)
    page = ChatPage(chat, browser)

    refused = page.ask()
    assert (refused.status_code, refused.content) == (401, b"")
    assert page.frame().address.startswith(f"{browser.site}/login?came_from=%2Fchatsso%2Frocketchat%2Fframe")

    browser.post("/login", images=False, email=ANN, username="ann", **mode.fields(chat))
    given = page.ask()
    assert given.status_code == 200
    assert list(given.json()) == ["token" if mode.name == "mongodb" else "loginToken"]
    assert page.log_in(given.json()) == ANN
    assert page.resume() == ANN, "as after a reload"

    browser.get("/logout", images=False)
    until(lambda: page.resume() == NOBODY, "the session in the chat has not ended")
    assert page.log_in(given.json()) == NOBODY, "what the API URL gave is worth nothing any more"
    refused = page.ask()
    assert (refused.status_code, refused.content) == (401, b"")


def test_the_frame_hands_the_login_over_after_the_sites_login_page(
    arranged: Arranged, start_site: StartSite
) -> None:
    mode, chat, settings = arranged
    browser = start_site(chat, rocketchat_mode=mode.name, **settings)
    page = ChatPage(chat, browser)
    way_back = page.frame().address.partition("came_from=")[2]
    then = "/chatsso/rocketchat/frame?came_back=1"
    assert way_back == "%2Fchatsso%2Frocketchat%2Fframe%3Fcame_back%3D1"
    entering = browser.post("/login", images=False, email=ANN, username="ann", then=then, **mode.fields(chat))
    assert entering.address == browser.site + then
    facts = facts_of(entering)
    assert facts["chatOrigin"] == chat.url
    if mode.name == "mongodb":
        assert facts["message"] == {"event": "try-iframe-login"}
        assert page.open() == ANN, "which is what the message makes the chat's page do"
    else:
        assert facts["message"]["event"] == "login-with-token"
        assert page.log_in({"loginToken": facts["message"]["loginToken"]}) == ANN


def test_each_browser_has_a_token_of_its_own_where_the_mode_has_one_each(
    arranged: Arranged, start_site: StartSite, another: Another
) -> None:
    mode, chat, settings = arranged
    here = start_site(chat, rocketchat_mode=mode.name, **settings)
    there = another(here)
    pages = [ChatPage(chat, browser) for browser in (here, there)]
    tokens = []
    for page in pages:
        page.browser.post("/login", images=False, email=ANN, username="ann", **mode.fields(chat))
        tokens.append(page.token())
        assert page.open() == ANN
    assert (tokens[0] == tokens[1]) is (mode.name == "mongodb")
    assert [page.token() for page in pages] == tokens, "each keeps its own"
    assert [user.email for user in chat.chat.users if user.email == ANN] == [ANN], "one account"
