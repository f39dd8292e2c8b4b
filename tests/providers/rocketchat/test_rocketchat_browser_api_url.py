"""The API URL: 200 with exactly one token for the chat's own page, else 401 with nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatsso_middleware.providers.rocketchat.browser import BrowserSide
from chatsso_middleware.providers.visits import Reply, Visit
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser

CHAT = "https://chat.example"
ANN = ChatUser("ann@example.com")
SESSION = ChatSession("q-T_9", 0.0)

STRANGERS = [
    None,
    "",
    "null",
    "*",
    "https://chat.example.evil",
    "https://chat.example:444",
    "https://chat.example:443",
    "http://chat.example",
    "https://chat.example.",
    "https://CHAT.EXAMPLE",
    "https://chat.example/",
    "https://evil-chat.example",
    "https://sub.chat.example",
    "https://chat.exampl",
    "https://chat.example https://evil.example",
    "https://user@chat.example",
    "chat.example",
]


class Asked:
    """A session that counts how often somebody wants it."""

    def __init__(self, session: ChatSession | None = SESSION) -> None:
        self.times = 0
        self._session = session

    def __call__(self) -> ChatSession | None:
        self.times += 1
        return self._session


def ask(side: BrowserSide | None = None, /, *, session: Any = None, **visit: Any) -> Reply:
    endpoint = next(one for one in (side or make()).endpoints if one.path == "token")
    facts = {"method": "POST", "origin": CHAT, "user": ANN, "session": session or Asked(), **visit}
    return endpoint.answer(Visit(**facts))


def make(url: str = CHAT, **options: Any) -> BrowserSide:
    return BrowserSide(url, **{"token_field": "loginToken", **options})


def shared(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.headers if name.startswith("Access-Control-")}


def assert_refused(reply: Reply) -> None:
    assert (reply.status, reply.body) == (401, "")
    assert ("Vary", "Origin") in reply.headers


def test_it_takes_the_methods_of_all_published_clients_and_no_forgery_token() -> None:
    endpoint = next(one for one in make().endpoints if one.path == "token")
    assert {"GET", "POST", "OPTIONS"} <= set(endpoint.methods)
    assert endpoint.checks_forgery is False


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize("token_field", ["loginToken", "token"])
def test_who_is_logged_in_gets_one_token_under_the_name_of_its_kind(method: str, token_field: str) -> None:
    reply = ask(make(token_field=token_field), method=method)
    assert reply.status == 200
    assert reply.content_type == "application/json"
    assert json.loads(reply.body) == {token_field: "q-T_9"}
    assert shared(reply) == {
        "Access-Control-Allow-Origin": CHAT,
        "Access-Control-Allow-Credentials": "true",
    }
    assert ("Vary", "Origin") in reply.headers


@pytest.mark.parametrize(
    "visit",
    [
        {"user": None},
        {"has_left": True},
        {"session": Asked(None)},
        {"session": Asked(ChatSession("", 0.0))},
    ],
    ids=["nobody", "left the chat", "no session", "empty token"],
)
def test_who_cannot_be_let_in_gets_401_with_nothing_and_the_chat_may_read_that(visit: dict[str, Any]) -> None:
    reply = ask(**visit)
    assert_refused(reply)
    assert shared(reply)["Access-Control-Allow-Origin"] == CHAT


@pytest.mark.parametrize("origin", STRANGERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_gets_neither_a_token_nor_leave_to_read_and_the_chat_is_not_asked(
    origin: str | None, method: str
) -> None:
    session = Asked()
    reply = ask(method=method, origin=origin, session=session)
    assert_refused(reply)
    assert shared(reply) == {}
    assert session.times == 0


def test_a_stranger_stays_one_even_where_the_browser_calls_him_the_same_origin() -> None:
    assert_refused(ask(origin="https://evil.example", same_origin=True))


def test_a_page_of_the_sites_own_origin_needs_no_origin_header() -> None:
    reply = ask(method="GET", origin=None, same_origin=True)
    assert json.loads(reply.body) == {"loginToken": "q-T_9"}
    assert shared(reply) == {}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Chat.Example:443/", "https://chat.example"),
        ("HTTPS://chat.example/rocket/", "https://chat.example"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("https://chat.example:8443/a", "https://chat.example:8443"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
    ],
)
def test_the_configured_address_is_read_as_a_browser_writes_origins(url: str, origin: str) -> None:
    reply = ask(make(url), origin=origin)
    assert reply.status == 200
    assert shared(reply)["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize("url", ["ftp://chat.example", "chat.example", "https://chat example", ""])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="http or https"):
        make(url)


def test_a_preflight_of_the_chat_is_told_what_it_may_send() -> None:
    session = Asked()
    reply = ask(method="OPTIONS", session=session)
    assert (reply.status, reply.body) == (204, "")
    assert shared(reply) == {
        "Access-Control-Allow-Origin": CHAT,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, POST",
        "Access-Control-Allow-Headers": "Content-Type, X-Requested-With",
        "Access-Control-Max-Age": "600",
    }
    assert session.times == 0


@pytest.mark.parametrize("origin", STRANGERS)
def test_a_preflight_of_a_stranger_is_told_nothing(origin: str | None) -> None:
    reply = ask(method="OPTIONS", origin=origin)
    assert (reply.status, reply.body) == (204, "")
    assert shared(reply) == {}
    assert ("Vary", "Origin") in reply.headers


@pytest.mark.parametrize("token", ["</script>", '"', "\u2028", "\\", "ä", "a%b#c"])
def test_whatever_stands_in_a_token_is_data(token: str) -> None:
    reply = ask(session=Asked(ChatSession(token, 0.0)))
    assert json.loads(reply.body) == {"loginToken": token}
    assert reply.body.isascii()
