"""Account changes of the site reach the chat, in order, and passwords only when asked for."""

from __future__ import annotations

from chatsso_middleware.sandbox.website_toolbox import RunningSandbox

from .conftest import StartSite

ANN = "ann@example.com"


def test_a_new_account_is_registered_in_the_chat(start_site: StartSite, room: RunningSandbox) -> None:
    browser = start_site()
    browser.post(
        "/account",
        do="register",
        email=ANN,
        username="ann",
        password="her-own",
        avatar_url="http://a.example/1.png",
    )
    (call,) = room.calls.wait_for("/sso/user/register")
    assert call.parameters["email"] == ANN
    assert "password" not in call.parameters


def test_a_password_goes_on_only_where_the_setting_says_so(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site(website_toolbox_send_password="yes")
    browser.post("/account", do="register", email=ANN, username="ann", password="her-own")
    room.calls.wait_for("/sso/user/register")
    account = room.room.account(ANN)
    assert account is not None
    assert account.password_is("her-own")


def test_a_user_who_changes_his_address_keeps_his_account_and_his_login(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site()
    browser.post("/login", email=ANN, username="ann")
    browser.post("/account", do="edit", address=ANN, email="new@example.com")
    page = browser.get("/")
    assert browser.get(page.links["plain"], images=False).user == "new@example.com"
    assert [account.email for account in room.room.accounts] == ["new@example.com"]
    paths = [call.path for call in room.calls]
    assert paths.index("/sso/user/edit") < len(paths) - 1 - paths[::-1].index("/sso/token/generate")


def test_only_what_changes_is_sent(start_site: StartSite, room: RunningSandbox) -> None:
    browser = start_site()
    browser.post("/login", email=ANN, username="ann")
    browser.post("/account", do="edit", address=ANN, username="annie")
    (call,) = room.calls.wait_for("/sso/user/edit")
    assert set(call.parameters) == {"apikey", "user", "username"}


def test_deleted_accounts_go_in_one_call_and_their_browsers_do_not_bring_them_back(
    start_site: StartSite, room: RunningSandbox
) -> None:
    browser = start_site()
    browser.post("/login", email=ANN)
    browser.post("/account", do="delete", addresses=f"{ANN} bob@example.com")
    (call,) = room.calls.wait_for("/sso/user/delete")
    assert set(call.parameters["emails"].split(",")) == {ANN, "bob@example.com"}
    for _ in range(3):
        browser.get("/")
    assert room.room.accounts == ()


def test_another_browser_of_a_deleted_user_cannot_bring_the_account_back(
    start_site: StartSite, room: RunningSandbox
) -> None:
    here = start_site()
    elsewhere = start_site()
    elsewhere.post("/login", email=ANN)
    here.post("/login", email=ANN)
    here.post("/account", do="delete", addresses=ANN)
    room.calls.wait_for("/sso/user/delete")
    for _ in range(3):
        elsewhere.get("/")
    assert room.room.accounts == ()
