"""One login for site and chat, over real sockets, in both variants of the ini and with both deliveries."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest

PASSWORD = "three odd words"


@pytest.fixture
def ann(member: Any) -> Any:
    """Somebody who has just joined."""
    member.send("/signup", username="Ann", email="ann@example.com", password=PASSWORD)
    return member


def test_whoever_joins_is_known_in_the_chat(ann: Any) -> None:
    assert ann.in_chat_as() == "ann@example.com"
    assert ann.room.room.account("ann@example.com").username == "Ann"


def test_whoever_logs_out_is_nobody_in_the_chat_and_after_the_next_login_somebody_again(ann: Any) -> None:
    ann.send("/logout")
    assert ann.in_chat_as() == ""
    ann.send("/login", email="ann@example.com", password=PASSWORD)
    assert ann.in_chat_as() == "ann@example.com"


def test_the_next_member_at_the_same_browser_is_not_taken_for_the_last(ann: Any) -> None:
    ann.send("/logout")
    ann.send("/signup", username="Bea", email="bea@example.com", password=PASSWORD)
    ann.get("/")
    assert ann.in_chat_as() == "bea@example.com"


def test_the_chat_remembers_whom_the_site_remembers(ann: Any) -> None:
    ann.send("/logout")
    ann.room.calls.clear()
    ann.send("/login", email="ann@example.com", password=PASSWORD, remember="y")
    ann.get("/")
    [call] = ann.room.calls.to("/sso/token/login")
    assert call.parameters["rememberMe"] == "1"


def test_the_link_in_the_navigation_logs_in_where_images_set_no_cookies(ann: Any) -> None:
    address = ann.link("/events", "Chat")
    ann.session.cookies.pop("sandbox_chatroom")
    assert ann.get(address).user == "ann@example.com"


def test_the_embedded_room_knows_who_looks_at_it(ann: Any) -> None:
    source = ann.get("/shed").source.decode()
    [address] = re.findall(r'<script id="embedded_chatroom" src="([^"]+)"', source)
    if "access_token" in address:  # direct; through the gateway the room has its own cookie
        assert address.endswith("rememberMe=0")
    assert ann.in_chat_as() == "ann@example.com"


def test_a_login_that_the_chat_asked_for_ends_in_the_chat(ann: Any) -> None:
    ann.send("/logout")
    login = ann.get("/chatsso/login?to=/room/garden", images=False)
    assert re.search(r"/login\?came_from=", login.address)
    page = ann.send(login.address, email="ann@example.com", password=PASSWORD)
    assert page.address == f"{ann.room.url}/room/garden"
    assert page.user == "ann@example.com"


def test_the_chat_s_own_logout_leads_to_the_button_on_the_site(ann: Any) -> None:
    page = ann.get("/chatsso/logout")
    assert page.address.endswith("/logout")
    assert b"Log out?" in page.source
    assert ann.in_chat_as() == "ann@example.com"


def test_the_chat_s_create_account_leads_to_the_form_on_the_site(member: Any) -> None:
    assert member.get("/chatsso/register").address.endswith("/signup")


def test_a_member_with_a_new_address_stays_the_same_person_in_the_chat(ann: Any) -> None:
    account = ann.room.room.account("ann@example.com")
    ann.send("/profile/email", email="ann@example.org", password=PASSWORD)
    ann.get("/")
    assert ann.in_chat_as() == "ann@example.org"
    assert ann.room.room.account("ann@example.org") is account


def test_a_deleted_member_is_nobody_in_the_chat(ann: Any) -> None:
    ann.send("/profile/delete", password=PASSWORD)
    ann.room.calls.wait_for("/sso/user/delete")
    ann.get("/")
    assert ann.in_chat_as() == ""
    assert ann.room.room.account("ann@example.com") is None


def test_an_ordinary_visit_leaves_nothing_in_the_log(ann: Any, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/", "/static/site.css", "/avatars/none.png", "/nothing-here", "/members", "/shed"):
        ann.get(path)
    ann.send("/logout")
    ann.get("/chatsso/login?to=/")
    complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in complaints] == []


def test_the_site_is_the_same_without_its_chat(ann: Any) -> None:
    ann.room.stop()
    assert ann.get("/members", images=False).status == 200
