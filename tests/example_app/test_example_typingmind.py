"""One login for the site and an assistant of TypingMind, over real sockets, as ``typingmind.ini`` has it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from chatsso_middleware.sandbox.typingmind import RunningSandbox, serve
from tests.support.browser import Browser, Page
from tests.support.servers import serving

PASSWORD = "three odd words"
PAGES = ("/", "/events", "/shed", "/members", "/profile")


class Member(Browser):
    """Somebody in a browser, with the site and with the assistant."""

    def __init__(self, site: str, chat: RunningSandbox, *, direct: bool) -> None:
        super().__init__(site)
        self.chat = chat
        self.direct = direct

    def elements(self, path: str, name: str) -> list[Element]:
        """The elements with this name in the page at `path`."""
        document = html5lib.parse(self.get(path).source, namespaceHTMLElements=False)
        return list(document.iter(name))

    def send(self, path: str, **fields: str) -> Page:
        """Fill in the last form at `path`, send it and follow where it leads."""
        hidden = [
            each for each in self.elements(path, "form")[-1].iter("input") if each.get("type") == "hidden"
        ]
        filled: dict[str, Any] = {str(each.get("name")): str(each.get("value")) for each in hidden}
        filled |= fields
        return self.post(path.partition("?")[0], **filled)

    def log_in(self, path: str = "/login") -> Page:
        return self.send(path, email="ann@example.com", password=PASSWORD)

    def follow_chat(self) -> Page:
        """Follow the link in the navigation."""
        [address] = [link.get("href") for link in self.elements("/events", "a") if link.text == "Chat"]
        return self.get(str(address))

    def widget_code(self, path: str) -> str | None:
        """The code of the widget on the page at `path`; `None` without a widget."""
        if self.direct:
            tags = [
                tag for tag in self.elements(path, "script") if tag.get("src") == f"{self.chat.url}/widget.js"
            ]
            assert len(tags) <= 1
            return tags[0].get("data-external-auth-code") if tags else None
        assert [tag.get("src") for tag in self.elements(path, "script")] == [
            "/chatsso/typingmind/members-widget.js"
        ]
        code: str | None = self.ask("/chatsso/typingmind/code", Sec_Fetch_Site="same-origin").json()["code"]
        return code

    def in_widget_as(self, path: str) -> str | None:
        """The address of whoever the widget on the page at `path` logs in; `None` without a widget."""
        code = self.widget_code(path)
        return None if code is None else self.chat.instance.user_of_code(code).email


@pytest.fixture
def chat() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


@pytest.fixture(
    params=[
        pytest.param((noticed, delivery), id=f"{'noticed' if noticed else 'explicit'}-{delivery}")
        for noticed in (False, True)
        for delivery in ("direct", "gateway")
    ]
)
def member(
    request: pytest.FixtureRequest, make_site: Callable[..., Any], chat: RunningSandbox
) -> Iterator[Member]:
    """A browser in front of each variant, with each delivery in turn."""
    noticed, delivery = request.param
    secrets = {"TYPINGMIND_SECRET": chat.secret, "TYPINGMIND_API_KEY": chat.api_key}
    options = {"chat": "typingmind", "noticed": noticed, "delivery": delivery}
    with serving(make_site({"chat_address": chat.url}, secrets, **options)) as address:
        browser = Member(address, chat, direct=delivery == "direct")
        yield browser
        browser.close()


@pytest.fixture
def ann(member: Member) -> Member:
    """Somebody who has just joined."""
    member.send("/signup", username="Ann", email="ann@example.com", password=PASSWORD)
    return member


def test_a_guest_has_no_widget_and_is_asked_to_log_in_on_the_way_to_the_chat(member: Member) -> None:
    assert member.widget_code("/") is None
    page = member.follow_chat()
    assert page.address.startswith(f"{member.site}/login?came_from=")
    assert member.chat.instance.users == ()


def test_a_login_on_the_way_to_the_chat_ends_there(ann: Member) -> None:
    ann.send("/logout")
    page = ann.log_in(ann.follow_chat().address)
    assert (page.address, page.user) == (f"{ann.chat.url}/", "ann@example.com")


def test_the_link_in_the_navigation_logs_the_member_in(ann: Member) -> None:
    page = ann.follow_chat()
    assert (page.address, page.user) == (f"{ann.chat.url}/", "ann@example.com")


def test_the_widget_knows_the_member_on_every_page(ann: Member) -> None:
    assert {path: ann.in_widget_as(path) for path in PAGES} == dict.fromkeys(PAGES, "ann@example.com")


def test_no_page_holds_a_token_where_they_must_not(ann: Member) -> None:
    for path in PAGES:
        page = ann.get(path)
        assert (b"eyJ" in page.source) == ann.direct
        if ann.direct:
            assert "no-store" in page.headers["Cache-Control"]


def test_after_a_logout_nothing_on_the_site_logs_in(ann: Member) -> None:
    assert ann.in_widget_as("/events") == "ann@example.com"
    ann.send("/logout")
    assert ann.widget_code("/events") is None
    assert b"eyJ" not in ann.get("/events").source
    assert ann.follow_chat().address.startswith(f"{ann.site}/login?")


def test_the_next_member_at_the_same_browser_is_not_taken_for_the_last(ann: Member) -> None:
    assert ann.follow_chat().user == "ann@example.com"
    ann.send("/logout")
    ann.send("/signup", username="Bea", email="bea@example.com", password=PASSWORD)
    assert ann.in_widget_as("/") == "bea@example.com"
    assert ann.follow_chat().user == "bea@example.com"


def test_a_member_with_a_new_address_stays_the_same_person_in_the_chat(ann: Member) -> None:
    ann.follow_chat()
    [user] = ann.chat.instance.users
    ann.send("/profile/email", email="ann@example.org", password=PASSWORD)
    assert ann.follow_chat().user == "ann@example.org"
    assert ann.chat.instance.users == (user,)
    assert user.external_id != "ann@example.com"


def test_a_deleted_member_leaves_the_chat_and_his_seat(ann: Member) -> None:
    ann.follow_chat()
    [user] = ann.chat.instance.users
    ann.send("/profile/delete", password=PASSWORD)
    ann.chat.calls.wait_for(f"/api/v2/users/{user.id}")
    assert ann.chat.instance.users == ()


def test_an_ordinary_visit_leaves_nothing_in_the_log(ann: Member, caplog: pytest.LogCaptureFixture) -> None:
    for path in (*PAGES, "/static/site.css", "/avatars/none.png", "/nothing-here"):
        ann.get(path)
    ann.follow_chat()
    ann.send("/logout")
    ann.get("/")
    complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in complaints] == []


def test_the_site_is_the_same_without_its_chat(ann: Member) -> None:
    ann.chat.stop()
    assert ann.get("/members").status == 200
    assert ann.get("/shed").status == 200
