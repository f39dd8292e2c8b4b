"""The Iframe URL, as the server answers it. What its script does is tested in a browser."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from xml.etree.ElementTree import Element

import html5lib
import pytest

from chatsso_middleware.plain_page import STYLE_SOURCE
from chatsso_middleware.providers.rocketchat.browser import BrowserSide
from chatsso_middleware.providers.rocketchat.oauth import OAuthVerifier
from chatsso_middleware.providers.visits import Endpoint, Reply, Visit
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser

CHAT = "https://chat.example"
BASE = "/shop/chatsso/rocketchat"
LOGIN = "/login?came_from=%2Fback"
ANN = ChatUser("ann@example.com", username="ann", name="Ann B")
TOKEN = "tOk-en_1"
HOSTILE = "</script><img src=x onerror=alert(1)><!--<script>'\"\u2028\u2029&amp;]]>"


def nobody(service: str, response: Any) -> ChatUser | None:
    return None


OAUTH = OAuthVerifier(["google", "twitter"], by_host=nobody)


def make(url: str = CHAT, **options: Any) -> BrowserSide:
    return BrowserSide(url, **{"token_field": "loginToken", **options})


def frame_of(side: BrowserSide) -> Endpoint:
    return next(one for one in side.endpoints if one.path == "frame")


def ask(side: BrowserSide | None = None, /, **visit: Any) -> Reply:
    facts: dict[str, Any] = {
        "method": "GET",
        "base": BASE,
        "session": lambda: ChatSession(TOKEN, 0.0),
        "forgery_token": "f0rgery",
        "login_page": LOGIN,
        "front_page": "/shop/",
        **visit,
    }
    return frame_of(side or make()).answer(Visit(**facts))


class Page:
    """A reply as a browser reads it."""

    def __init__(self, reply: Reply) -> None:
        assert reply.status == 200
        assert reply.content_type == "text/html"
        headers = dict(reply.headers)
        self.policy = dict(
            directive.partition(" ")[::2] for directive in headers.pop("Content-Security-Policy").split("; ")
        )
        self.refresh = headers.pop("Refresh", None)
        assert headers == {}
        self.root: Element = html5lib.parse(reply.body, namespaceHTMLElements=False)
        self.scripts = list(self.root.iter("script"))

    @property
    def title(self) -> str:
        return "".join(next(self.root.iter("h1")).itertext())

    @property
    def text(self) -> str:
        return " ".join("".join(next(self.root.iter("main")).itertext()).split())

    @property
    def links(self) -> dict[str, Element]:
        """The last link of each text; parts of a page that are shown one at a time share some."""
        return {"".join(link.itertext()): link for link in self.root.iter("a")}

    @property
    def facts(self) -> Any:
        block = next(script for script in self.scripts if script.get("id") == "facts")
        assert block.get("type") == "application/json"
        return json.loads(block.text or "")


def assert_opens_the_chat_in_a_new_tab(link: Element, path: str = "/") -> None:
    address = urlsplit(link.get("href", ""))
    assert address.path == "/shop/chatsso/login"
    assert parse_qs(address.query) == {"to": [path], "provider": ["rocketchat"]}
    assert link.get("target") == "_blank"
    assert set(link.get("rel", "").split()) >= {"noopener"}


def test_it_takes_a_get_and_the_button_of_its_own_page() -> None:
    endpoint = frame_of(make())
    assert set(endpoint.methods) == {"GET", "HEAD", "POST"}
    assert endpoint.checks_forgery is True


def test_who_is_logged_in_gets_a_page_that_knows_the_message_and_the_chats_exact_origin() -> None:
    page = Page(ask(make("https://Chat.Example:443/team/"), user=ANN))
    assert page.facts == {
        "chatOrigin": "https://chat.example",
        "message": {"event": "login-with-token", "loginToken": TOKEN},
        "appMessage": {
            "event": "login-with-token",
            "loginToken": TOKEN,
            "server": "https://chat.example/team",
        },
        "patience": 10000,
    }
    assert "Ann B" in page.text
    assert_opens_the_chat_in_a_new_tab(page.links["Open the chat in a new tab"], "/team/")
    assert page.links["Try again"].get("href") == f"{BASE}/frame"


def test_in_mode_mongodb_the_page_holds_no_token_and_says_that_the_app_cannot_use_it() -> None:
    asked: list[str] = []

    def session() -> ChatSession:
        asked.append("session")  # which puts the token into the chat's database
        return ChatSession(TOKEN, 0.0)

    reply = ask(make(token_field="token"), user=ANN, session=session)
    page = Page(reply)
    assert page.facts["message"] == {"event": "try-iframe-login"}
    assert page.facts["appMessage"] is None
    assert TOKEN not in reply.body
    assert "app on your phone" in page.text
    assert asked == ["session"]


def test_only_the_chat_may_frame_it_and_only_our_script_runs() -> None:
    page = Page(ask(user=ANN))
    nonce = page.policy["script-src"].removeprefix("'nonce-").removesuffix("'")
    assert page.policy == {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}'",
        "style-src": STYLE_SOURCE,
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": CHAT,
    }
    assert [script.get("nonce") for script in page.scripts] == [None, nonce]


def test_a_page_of_the_site_may_be_an_ancestor_where_the_site_embeds_the_chat() -> None:
    assert Page(ask(make(embed=True), user=ANN)).policy["frame-ancestors"] == f"{CHAT} 'self'"


def test_each_answer_has_a_nonce_of_its_own_of_128_bits_or_more() -> None:
    nonces = {Page(ask(user=ANN)).policy["script-src"] for _ in range(20)}
    assert len(nonces) == 20
    assert all(re.fullmatch(r"'nonce-[A-Za-z0-9_-]{22,}'", nonce) for nonce in nonces)


def test_a_page_that_only_explains_lets_no_script_run() -> None:
    page = Page(ask(query={"came_back": "1"}))
    assert "script-src" not in page.policy
    assert page.policy["frame-ancestors"] == CHAT
    assert page.scripts == []


def test_hostile_values_in_every_field_are_data() -> None:
    hostile = {"user": ChatUser("a@example.com", name=HOSTILE), "front_page": f"/{HOSTILE}", "base": HOSTILE}
    reply = ask(session=lambda: ChatSession(HOSTILE, 0.0), **hostile)
    page = Page(reply)
    assert page.facts["message"]["loginToken"] == HOSTILE
    assert len(page.scripts) == 2
    assert list(page.root.iter("img")) == []
    assert HOSTILE not in reply.body
    for more in (
        {"has_left": True, "forgery_token": HOSTILE},
        {"user": None, "query": {"came_back": "1"}},
        {"user": None, "login_page": None},
    ):
        assert list(Page(ask(**hostile | more)).root.iter("img")) == []


def test_hostile_values_beside_the_services_are_data() -> None:
    page = Page(ask(make(oauth=OAUTH), base=HOSTILE, forgery_token=HOSTILE, login_page=f"/{HOSTILE}"))
    assert page.facts["forgeryToken"] == HOSTILE
    assert len(page.scripts) == 2
    assert list(page.root.iter("img")) == []


def test_a_guest_is_sent_to_the_sites_login_page() -> None:
    reply = ask()
    assert (reply.status, reply.body) == (302, "")
    assert reply.headers == (("Location", LOGIN),)


def test_who_comes_back_from_the_login_page_as_a_guest_is_not_sent_there_again() -> None:
    page = Page(ask(query={"came_back": "1"}))
    assert "cookies" in page.text
    assert_opens_the_chat_in_a_new_tab(page.links["Open the chat in a new tab"])
    assert page.links["Try again"].get("href") == f"{BASE}/frame"


def test_who_comes_back_logged_in_enters_the_chat() -> None:
    assert Page(ask(user=ANN, query={"came_back": "1"})).facts["message"]["loginToken"] == TOKEN


def test_a_guest_whom_the_site_does_not_let_into_its_chats_is_told_so_and_sent_nowhere() -> None:
    reply = ask(is_refused=True, query={"came_back": "1"})
    page = Page(reply)
    assert page.title == "You may not use the chat"
    assert "Its owner can tell you why." in page.text
    assert page.links["To the site"].get("href") == "/shop/"
    assert page.refresh is None
    assert TOKEN not in reply.body


def test_without_a_login_page_the_guest_is_told_where_to_go() -> None:
    page = Page(ask(login_page=None))
    assert page.title == "Please log in"
    assert page.links["To the site"].get("href") == "/shop/"
    assert page.links["To the site"].get("target") == "_blank"
    assert page.links["Try again"].get("href") == f"{BASE}/frame"


def test_a_guest_may_choose_between_the_services_and_the_site() -> None:
    page = Page(ask(make(oauth=OAUTH)))
    assert page.facts == {
        "chatOrigin": CHAT,
        "calls": {
            "google": {"event": "call-google-login", "scopes": "profile email"},
            "twitter": {"event": "call-twitter-login"},
        },
        "titles": {"google": "Google", "twitter": "Twitter"},
        "handOver": f"{BASE}/oauth",
        "forgeryToken": "f0rgery",
        "next": f"{BASE}/frame?came_back=1",
        "patience": 60000,
    }
    buttons = {button.get("data-service"): button.text for button in page.root.iter("button")}
    assert buttons == {"google": "Log in with Google", "twitter": "Log in with Twitter"}
    assert page.links["Log in on this site"].get("href") == LOGIN


def test_services_are_offered_where_the_site_has_no_login_page() -> None:
    page = Page(ask(make(oauth=OAUTH), login_page=None))
    assert page.links["To the site"].get("href") == "/shop/"
    assert "Log in on this site" not in page.links


def test_who_left_the_chat_is_asked_before_he_is_let_in_again() -> None:
    asked: list[str] = []
    reply = ask(user=ANN, has_left=True, session=lambda: asked.append("session"))
    page = Page(reply)
    form = next(page.root.iter("form"))
    fields = {field.get("name"): field.get("value") for field in form.iter("input")}
    assert (form.get("method"), form.get("action")) == ("post", f"{BASE}/frame")
    assert fields == {"forgery_token": "f0rgery"}
    assert next(form.iter("button")).text == "Enter the chat as Ann B"
    assert TOKEN not in reply.body
    assert asked == []
    assert reply.comes_back is False


def test_the_button_brings_him_back() -> None:
    reply = ask(user=ANN, has_left=True, method="POST")
    assert reply.comes_back is True
    assert Page(reply).facts["message"]["loginToken"] == TOKEN


def test_he_has_come_back_even_where_the_chat_gives_no_token_yet() -> None:
    reply = ask(user=ANN, has_left=True, method="POST", session=lambda: None)
    assert reply.comes_back is True
    assert Page(reply).title == "The chat could not log you in"


def test_a_visit_by_itself_brings_nobody_back() -> None:
    assert ask(user=ANN).comes_back is False
    assert ask(user=None, method="POST").comes_back is False


@pytest.mark.parametrize("session", [None, ChatSession("", 0.0)])
def test_without_a_token_the_page_says_so_and_offers_to_try_again(session: ChatSession | None) -> None:
    page = Page(ask(user=ANN, session=lambda: session))
    assert page.title == "The chat could not log you in"
    assert page.scripts == []
    assert page.links["Try again"].get("href") == f"{BASE}/frame"
    assert "Log in" not in page.links


def test_without_a_token_the_page_asks_again_by_itself_three_times_and_waits_longer_each_time() -> None:
    waits = []
    query: dict[str, str] = {}
    while (refresh := Page(ask(user=ANN, session=lambda: None, query=query)).refresh) is not None:
        seconds, _, address = refresh.partition("; url=")
        waits.append(int(seconds))
        assert urlsplit(address).path == f"{BASE}/frame"
        query = dict(parse_qsl(urlsplit(address).query))
    assert waits == [2, 4, 8]


@pytest.mark.parametrize("tried", ["3", "-1", "", "00", "0 ", "x", "\u0661"])
def test_a_number_of_tries_that_no_page_of_ours_names_is_the_last(tried: str) -> None:
    assert Page(ask(user=ANN, session=lambda: None, query={"try": tried})).refresh is None


def test_once_the_token_is_there_the_page_asks_no_more() -> None:
    page = Page(ask(user=ANN, query={"try": "1"}))
    assert (page.title, page.refresh) == ("Entering the chat", None)


def test_where_the_chat_needs_the_password_the_page_leads_to_the_login_page() -> None:
    page = Page(ask(make(needs_password=True), user=ANN, session=lambda: None))
    assert page.links["Log in"].get("href") == LOGIN
    assert page.refresh is None, "no token will come without a login"
    page = Page(ask(make(needs_password=True), user=ANN, session=lambda: None, login_page=None))
    assert "Log in" not in page.links


@pytest.mark.parametrize(
    ("user", "name"),
    [
        (ChatUser("ann@example.com"), "ann@example.com"),
        (ChatUser("ann@example.com", username="ann"), "ann"),
        (ChatUser("ann@example.com", username="ann", name=""), "ann"),
    ],
)
def test_a_person_is_called_by_the_best_name_that_is_known(user: ChatUser, name: str) -> None:
    assert f"You are {name} on this site." in Page(ask(user=user)).text


def test_no_page_leaves_the_frame() -> None:
    pages = [
        ask(user=ANN),
        ask(user=ANN, has_left=True),
        ask(user=ANN, session=lambda: None),
        ask(query={"came_back": "1"}),
        ask(login_page=None),
        ask(make(oauth=OAUTH)),
    ]
    targets = {link.get("target") for reply in pages for link in Page(reply).root.iter("a")}
    assert targets == {None, "_blank"}
