"""What the site says of its accounts reaches the chat, in order, and nobody becomes two people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chatsso_middleware.sandbox.rocketchat import Refused, RunningSandbox
from tests.support.browser import Browser
from tests.support.chat_page import NOBODY, ChatPage
from tests.support.mongo_server import serving_mongo
from tests.support.waiting import until

from .conftest import StartChat, StartSite
from .modes import ANN, NO_SERVICE_ACCOUNT

NEW = "annie@example.com"
Another = Callable[[Browser], Browser]


def paths(chat: RunningSandbox) -> list[str]:
    return [call.path.removeprefix("/api/v1/") for call in chat.calls]


def people(chat: RunningSandbox) -> list[str]:
    return sorted(user.email for user in chat.chat.users if user.id != chat.admin_user_id)


def test_a_new_account_is_there_before_its_first_login_and_is_made_once(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    browser = start_site()
    fields = {"username": "ann", "password": "canary-password"}
    browser.post("/account", images=False, do="register", email=ANN, **fields)
    chat.calls.wait_for("/api/v1/users.create")
    user = chat.chat.user(ANN)
    assert user is not None
    assert (user.username, user.email_verified) == ("ann", True)
    browser.post("/login", images=False, email=ANN, username="ann")
    assert ChatPage(chat, browser).open() == ANN
    assert len(chat.calls.to("/api/v1/users.create")) == 1
    assert not can_log_in(chat, ANN, "canary-password")


def test_a_user_who_changes_his_address_keeps_his_account_and_his_login_comes_after_the_change(
    start_site: StartSite, chat: RunningSandbox
) -> None:
    browser = start_site()
    page = ChatPage(chat, browser)
    browser.post("/login", images=False, email=ANN, username="ann")
    assert page.open() == ANN
    before = chat.chat.user(ANN)
    assert before is not None
    chat.calls.clear()
    browser.post("/account", images=False, do="edit", address=ANN, email=NEW)
    until(lambda: people(chat) == [NEW])
    assert page.open() == NEW, "he stays logged in"
    after = chat.chat.user(NEW)
    assert after is not None
    assert after.id == before.id


def test_a_login_under_the_new_address_in_another_browser_waits_for_the_change(
    start_site: StartSite, chat: RunningSandbox, another: Another
) -> None:
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username="ann")
    assert ChatPage(chat, browser).open() == ANN
    chat.fail_with(status=503, on="/api/v1/users.update", times=1)
    browser.post("/account", images=False, do="edit", address=ANN, email=NEW, username="annie")
    elsewhere = ChatPage(chat, another(browser))
    elsewhere.browser.post("/login", images=False, email=NEW, username="annie")
    until(lambda: elsewhere.open() == NEW)
    assert people(chat) == [NEW], "one account, under the new address"
    assert len(chat.calls.to("/api/v1/users.create")) == 1
    done = paths(chat)
    minted = len(done) - 1 - done[::-1].index("users.createToken")
    assert max(place for place, path in enumerate(done) if path == "users.update") < minted


def test_name_and_picture_reach_the_chat(start_site: StartSite, chat: RunningSandbox) -> None:
    browser = start_site()
    browser.post("/login", images=False, email=ANN, username="ann")
    assert ChatPage(chat, browser).open() == ANN
    browser.post(
        "/account",
        images=False,
        do="edit",
        address=ANN,
        username="annie",
        avatar_url="https://site.example/ann.png",
    )
    chat.calls.wait_for("/api/v1/users.setAvatar")
    user = chat.chat.user(ANN)
    assert user is not None
    assert (user.username, user.avatar_url) == ("annie", "https://site.example/ann.png")


def test_a_deleted_account_is_gone_with_its_sessions_and_no_browser_brings_it_back(
    start_site: StartSite, chat: RunningSandbox, another: Another
) -> None:
    browser = start_site()
    page = ChatPage(chat, browser)
    browser.post("/login", images=False, email=ANN, username="ann")
    elsewhere = ChatPage(chat, another(browser))
    elsewhere.browser.post("/login", images=False, email=ANN, username="ann")
    assert page.open() == elsewhere.open() == ANN
    browser.post("/account", images=False, do="delete", addresses=ANN)
    until(lambda: people(chat) == [])
    assert page.resume() == elsewhere.resume() == NOBODY
    assert page.ask().status_code == 401
    dead = elsewhere.ask()
    assert dead.status_code == 401 or elsewhere.log_in(dead.json()) == NOBODY
    assert people(chat) == []


def test_without_a_service_account_the_database_takes_the_changes(
    start_chat: StartChat, start_site: StartSite
) -> None:
    with serving_mongo() as mongo:
        chat = start_chat(mongodb=mongo.users)
        browser = start_site(
            chat, rocketchat_mode="mongodb", rocketchat_mongodb_url=mongo.url, **NO_SERVICE_ACCOUNT
        )
        page = ChatPage(chat, browser)
        browser.post("/account", images=False, do="register", email=ANN, username="ann")
        until(lambda: people(chat) == [ANN])
        browser.post("/login", images=False, email=ANN, username="ann")
        assert page.open() == ANN
        browser.post("/account", images=False, do="edit", address=ANN, email=NEW)
        until(lambda: people(chat) == [NEW])
        assert page.resume() == NEW
        browser.post("/account", images=False, do="delete", addresses=NEW)
        until(lambda: page.resume() == NOBODY)
        assert page.ask().status_code == 401


@pytest.mark.parametrize("send", ["register", "edit"])
def test_a_password_goes_on_where_site_and_chat_have_it_in_common_and_nowhere_else(
    start_site: StartSite, chat: RunningSandbox, send: str
) -> None:
    for mode, sent in (("password", True), ("create_token", False)):
        address = f"{mode}@example.com"
        name = mode.replace("_", ".")
        browser = start_site(rocketchat_mode=mode)
        fields = {"username": name, "password": "canary-password"}
        if send == "register":
            browser.post("/account", images=False, do="register", email=address, **fields)
            until(lambda: chat.chat.user(address))  # noqa: B023 - it is over in this round
        else:
            chat.chat.add_user(name, email=address)
            fields["username"] = f"{name}.2"
            browser.post("/account", images=False, do="edit", address=address, **fields)
            until(lambda: chat.chat.user(fields["username"]))  # noqa: B023
        assert can_log_in(chat, address, "canary-password") is sent


def can_log_in(chat: RunningSandbox, address: str, password: str) -> bool:
    try:
        chat.chat.log_in(email=address, password=password, code=None)
    except Refused:
        return False
    return True
