"""One login for the site and a Rocket.Chat, over real sockets, as ``rocketchat.ini`` has it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import html5lib
import pytest
import requests
import webtest
from paste.deploy.loadwsgi import ConfigLoader

from chatsso_middleware.sandbox.rocketchat import RunningSandbox, serve
from example_app.demo import SITE_SECRETS, demo_secrets
from example_app.demo_chats import CHATS
from tests.support.browser import Browser, Page
from tests.support.servers import serving

PASSWORD = "three odd words"
API_URL = "/chatsso/rocketchat/token"
FRAME = "/chatsso/rocketchat/frame"


class Member(Browser):
    """Somebody in a browser, with the site and with the chat, whose page asks the site by itself."""

    def __init__(self, site: str, chat: RunningSandbox) -> None:
        super().__init__(site)
        self.chat = chat

    def send(self, path: str, **fields: str) -> Page:
        """Fill in the last form at `path`, send it and follow where it leads."""
        form = html5lib.parse(self.get(path).source, namespaceHTMLElements=False).findall(".//form")[-1]
        hidden = [field for field in form.iter("input") if field.get("type") == "hidden"]
        filled = {field.get("name"): field.get("value") for field in hidden} | fields
        return self.post(path.partition("?")[0], **filled)

    def log_in(self, path: str = "/login") -> Page:
        return self.send(path, email="ann@example.com", password=PASSWORD)

    def ask(self, path: str = API_URL, **headers: str) -> requests.Response:
        """Ask as the chat's page asks its API URL."""
        address = self.site + path
        return self.session.post(address, headers={"Origin": self.chat.url, **headers}, timeout=20)

    def token(self) -> str:
        """What the chat's page would log in with; empty for nobody."""
        answer = self.ask()
        if answer.status_code == 401:
            assert answer.content == b""
            return ""
        [(key, token)] = answer.json().items()
        assert key == "loginToken"
        return str(token)

    def in_chat_as(self) -> str:
        """Whom the chat takes this browser for; empty for nobody."""
        token = self.token()
        if not token:
            return ""
        owner = self.chat.chat.token_owner(token)
        assert owner is not None, "the site gave a token that the chat does not take"
        return owner.email

    def link(self, path: str, text: str) -> str:
        """Where the link with this text leads to from the page at `path`."""
        document = html5lib.parse(self.get(path).source, namespaceHTMLElements=False)
        [address] = [link.get("href") for link in document.iter("a") if link.text == text]
        return str(address)

    def frame(self, path: str) -> dict[str, str]:
        """The attributes of the frame in the page at `path`."""
        document = html5lib.parse(self.get(path).source, namespaceHTMLElements=False)
        [frame] = document.iter("iframe")
        return dict(frame.attrib)


@pytest.fixture
def chat() -> Iterator[RunningSandbox]:
    with serve() as sandbox:
        yield sandbox


def environment(chat: RunningSandbox) -> dict[str, str]:
    return {
        "ROCKETCHAT_ADMIN_USER_ID": chat.admin_user_id,
        "ROCKETCHAT_ADMIN_TOKEN": chat.admin_token,
        "ROCKETCHAT_TOKEN_SECRET": chat.token_secret,
    }


@pytest.fixture(
    params=[
        pytest.param((noticed, delivery), id=f"{'noticed' if noticed else 'explicit'}-{delivery}")
        for noticed in (False, True)
        for delivery in ("direct", "gateway")
    ]
)
def variant(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def member(variant: Any, make_site: Callable[..., Any], chat: RunningSandbox) -> Iterator[Member]:
    """A browser in front of each variant, with each delivery in turn."""
    noticed, delivery = variant
    options = {"chat": "rocketchat", "noticed": noticed, "delivery": delivery}
    site = make_site({"chat_address": chat.url}, environment(chat), **options)
    with serving(site) as address:
        browser = Member(address, chat)
        yield browser
        browser.close()


@pytest.fixture
def ann(member: Member) -> Member:
    """Somebody who has just joined."""
    member.send("/signup", username="Ann", email="ann@example.com", password=PASSWORD)
    return member


def test_nobody_is_logged_in_and_the_frame_shows_the_site_s_login_page(member: Member) -> None:
    assert member.in_chat_as() == ""
    page = member.get(FRAME, Sec_Fetch_Dest="iframe")
    assert page.address.startswith(f"{member.site}/login?came_from=")
    assert f"frame-ancestors 'self' {member.chat.url}" in page.headers["Content-Security-Policy"]
    assert b"<nav" not in page.source


def test_a_login_in_the_frame_ends_in_the_frame_with_a_token_for_the_chat(ann: Member) -> None:
    ann.send("/logout")
    page = ann.log_in(ann.get(FRAME).address)
    assert page.address == f"{ann.site}{FRAME}?came_back=1"
    [token] = set(re.findall(rb'"loginToken": "([^"]+)"', page.source))
    owner = ann.chat.chat.token_owner(token.decode())
    assert owner is not None
    assert owner.email == "ann@example.com"


def test_whoever_joins_is_known_in_the_chat(ann: Member) -> None:
    assert ann.in_chat_as() == "ann@example.com"
    user = ann.chat.chat.user("ann@example.com")
    assert user is not None
    assert user.username == "Ann"


def test_a_logout_on_the_site_ends_the_session_in_the_chat(ann: Member) -> None:
    token = ann.token()
    assert ann.chat.chat.token_owner(token) is not None
    ann.send("/logout")
    assert ann.in_chat_as() == ""
    ann.chat.calls.wait_for("/api/v1/users.logout")
    assert ann.chat.chat.token_owner(token) is None
    ann.log_in()
    assert ann.in_chat_as() == "ann@example.com"


def test_the_next_member_at_the_same_browser_is_not_taken_for_the_last(ann: Member) -> None:
    assert ann.in_chat_as() == "ann@example.com"
    ann.send("/logout")
    ann.send("/signup", username="Bea", email="bea@example.com", password=PASSWORD)
    assert ann.in_chat_as() == "bea@example.com"


def test_whoever_logged_out_in_the_chat_is_not_logged_in_again_unasked(ann: Member) -> None:
    ann.chat.chat.log_out(ann.token())
    page = ann.get("/chatsso/logout?provider=rocketchat")
    assert page.address == f"{ann.site}/logout"
    assert b"Log out?" in page.source
    assert ann.in_chat_as() == ""
    assert "Enter the chat as Ann" in ann.get(FRAME).source.decode()
    ann.send(FRAME)
    assert ann.in_chat_as() == "ann@example.com"


def test_the_link_in_the_navigation_logs_in_where_frames_have_no_cookies(ann: Member) -> None:
    address = ann.link("/events", "Chat")
    assert address.startswith("/chatsso/go?")
    answer = ann.session.get(ann.site + address, allow_redirects=False, timeout=20)
    leads_to, _, token = answer.headers["Location"].partition("?resumeToken=")
    assert leads_to == f"{ann.chat.url}/"
    owner = ann.chat.chat.token_owner(token)
    assert owner is not None
    assert owner.email == "ann@example.com"


def test_no_page_of_the_site_holds_a_token(ann: Member) -> None:
    token = ann.token().encode()
    for path in ("/", "/shed", "/members", "/profile"):
        assert token not in ann.get(path).source


def test_the_shed_shows_the_chat_in_a_frame_with_a_name(ann: Member, variant: Any) -> None:
    gateway = "/chatsso/go?to=%2Fchannel%2Fgeneral%3Flayout%3Dembedded&provider=rocketchat"
    frame = ann.frame("/shed")
    assert (frame["src"], frame["title"]) == (gateway, "The chat of Millbrook Lane")
    ann.send("/logout")
    as_it_is = f"{ann.chat.url}/channel/general?layout=embedded"
    assert ann.frame("/shed")["src"] == (gateway if variant[1] == "gateway" else as_it_is)


def test_the_script_of_an_embedded_chat_and_what_it_asks_are_let_through(ann: Member) -> None:
    page = ann.get("/shed")
    [script] = re.findall(r'<script src="([^"]+)"', page.source.decode())
    assert script == "/chatsso/rocketchat/embed.js"
    assert ann.get(script).headers["Content-Type"].startswith("text/javascript")
    directives = dict(part.split(" ", 1) for part in page.headers["Content-Security-Policy"].split("; "))
    assert (directives["script-src"], directives["connect-src"]) == ("'self'", "'self'")


def test_a_new_address_and_a_new_name_reach_the_chat(ann: Member) -> None:
    assert ann.in_chat_as() == "ann@example.com"
    user = ann.chat.chat.user("ann@example.com")
    assert user is not None
    ann.send("/profile/email", email="ann@example.org", password=PASSWORD)
    ann.send("/profile/about", username="Ann Lee", about="Beans")
    ann.chat.calls.wait_for("/api/v1/users.update", count=2)
    assert ann.in_chat_as() == "ann@example.org"
    changed = ann.chat.chat.user("ann@example.org")
    assert changed is not None
    assert (changed.id, changed.username) == (user.id, "Ann.Lee")


def test_a_deleted_member_is_nobody_in_the_chat(ann: Member) -> None:
    token = ann.token()
    ann.send("/profile/delete", password=PASSWORD)
    ann.chat.calls.wait_for("/api/v1/users.delete")
    assert ann.in_chat_as() == ""
    assert ann.chat.chat.token_owner(token) is None
    assert ann.chat.chat.user("ann@example.com") is None


def test_a_login_in_the_frame_leaves_no_greeting_for_later(ann: Member) -> None:
    ann.send("/logout")
    hidden = ann.get(FRAME).address
    form = html5lib.parse(ann.get(hidden).source, namespaceHTMLElements=False).findall(".//form")[-1]
    fields = {field.get("name"): field.get("value") or "" for field in form.iter("input")}
    fields |= {"email": "ann@example.com", "password": PASSWORD}
    ann.session.post(
        f"{ann.site}/login",
        data=fields,
        headers={"Sec-Fetch-Dest": "iframe", "Accept": "text/html"},
        timeout=20,
    )
    assert b"Log out" in ann.get("/events").source
    assert b"Good to see you" not in ann.get("/events").source


def test_an_ordinary_visit_leaves_nothing_in_the_log(ann: Member, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/", "/static/site.css", "/avatars/none.png", "/nothing-here", "/members", "/shed", FRAME):
        ann.get(path)
    assert ann.in_chat_as() == "ann@example.com"
    ann.send("/logout")
    assert ann.in_chat_as() == ""
    complaints = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in complaints] == []


def test_the_site_is_the_same_without_its_chat(ann: Member) -> None:
    ann.chat.stop()
    assert ann.get("/members").status == 200
    assert ann.get("/shed").status == 200


@pytest.mark.parametrize("hooks", ["explicit", "noticed"])
@pytest.mark.parametrize("mode", ["password", "realtime"])
def test_with_a_mode_that_wants_it_the_login_hands_the_password_over(
    mode: str, hooks: str, chat: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**demo_secrets(tmp_path, SITE_SECRETS), **environment(chat)}.items():
        monkeypatch.setenv(name, value)
    text = CHATS["rocketchat"].ini.read_text(encoding="utf-8")
    assert f"#   rocketchat.mode = {mode}\n" in text
    text = text.replace("rocketchat.mode = create_token", f"rocketchat.mode = {mode}")
    text = text.replace("site.chat_password = false", "site.chat_password = true")
    (tmp_path / "site.ini").write_text(text, encoding="utf-8")
    loader = ConfigLoader(str(tmp_path / "site.ini"))
    loader.update_defaults({"chat_address": chat.url, "var": str(tmp_path)})
    with serving(loader.get_app("main" if hooks == "explicit" else "noticed")) as site:
        ann = Member(site, chat)
        ann.send("/signup", username="Ann", email="ann@example.com", password=PASSWORD)
        assert ann.in_chat_as() == "ann@example.com"
        ann.send("/logout")
        assert ann.in_chat_as() == ""
        ann.log_in()
        assert ann.in_chat_as() == "ann@example.com"
        ann.close()


def test_for_a_chat_on_another_site_all_cookies_say_so(
    chat: RunningSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**demo_secrets(tmp_path, SITE_SECRETS), **environment(chat)}.items():
        monkeypatch.setenv(name, value)
    loader = ConfigLoader(str(CHATS["rocketchat"].ini))
    site_address = "https://millbrook.example"
    loader.update_defaults(
        {"chat_address": chat.url, "site_address": site_address, "cookies": "none", "var": str(tmp_path)}
    )
    visitor = webtest.TestApp(
        loader.get_app("main"), extra_environ={"wsgi.url_scheme": "https", "HTTP_HOST": "millbrook.example"}
    )
    form = next(form for form in visitor.get("/signup").forms.values() if form.action == "/signup")
    form["username"], form["email"], form["password"] = "Ann", "ann@example.com", PASSWORD
    answer = form.submit(status=303, headers={"Origin": site_address})
    cookies = answer.headers.getall("Set-Cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} >= {
        "chatsso",
        "millbrook_login",
        "millbrook_session",
    }
    for cookie in cookies:
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"samesite=none", "secure"} <= attributes
