"""A Facebook login counts only if Facebook says so, for our own app and with an address."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.rocketchat.oauth import OAuthVerifier
from chatsso_middleware.providers.rocketchat.oauth_services import Facebook, NotConfirmed
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser

APP, APP_SECRET = "1384", "4pp-s3cr3t"
TOKEN = "a7s6d8a76s8d7"
NATIVE = {
    "authResponse": {
        "accessToken": TOKEN,
        "expiresIn": "5172793",
        "secret": "...",
        "session_key": True,
        "sig": "...",
        "userID": "675676576",
    },
    "status": "connected",
}
FROM_THE_CHATS_PAGE = {
    "authResponse": {"accessToken": TOKEN, "expiresIn": 1480377601, "secret": "..."},
    "userID": "675676576",
}
FLAT = {"accessToken": TOKEN, "userID": "675676576", "status": "connected"}


class Graph:
    """Stands in for the Graph API: answers as it is told, and remembers what it was asked."""

    def __init__(self, server: HTTPServer) -> None:
        self.token: dict[str, Any] = {"app_id": APP, "is_valid": True, "user_id": "675676576"}
        self.me: dict[str, Any] = {"id": "675676576", "email": "ann@example.com"}
        self.responses: dict[str, Response] = {}
        self.requests: list[Request] = []
        self.url = server.url_for("/v23.0")
        server.expect_request("/v23.0/debug_token").respond_with_handler(self._debug_token)
        server.expect_request("/v23.0/me").respond_with_handler(self._me)

    def _debug_token(self, request: Request) -> Response:
        self.requests.append(request)
        return self.responses.get("debug_token") or Response(json.dumps({"data": self.token}))

    def _me(self, request: Request) -> Response:
        self.requests.append(request)
        return self.responses.get("me") or Response(json.dumps(self.me))


@pytest.fixture
def graph(httpserver: HTTPServer) -> Graph:
    return Graph(httpserver)


@pytest.fixture
def facebook(graph: Graph, make_api: Callable[..., ChatAPI]) -> Facebook:
    return Facebook(make_api(), APP, Secret(APP_SECRET), graph.url)


def alarms(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize("response", [NATIVE, FROM_THE_CHATS_PAGE, FLAT], ids=["native", "page", "flat"])
def test_the_user_is_who_facebook_says(facebook: Facebook, graph: Graph, response: dict[str, Any]) -> None:
    user = OAuthVerifier(["facebook"], facebook=facebook).verify("facebook", response)
    assert user == ChatUser("ann@example.com")
    first, second = graph.requests
    assert dict(first.args) == {"input_token": TOKEN}
    assert first.headers["Authorization"] == f"Bearer {APP}|{APP_SECRET}"
    proof = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    assert dict(second.args) == {"fields": "id,email", "appsecret_proof": proof}
    assert second.headers["Authorization"] == f"Bearer {TOKEN}"


def test_ids_may_be_numbers(facebook: Facebook, graph: Graph) -> None:
    graph.token.update(app_id=int(APP), user_id=675676576)
    assert facebook.verify(NATIVE).email == "ann@example.com"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_valid": False}, "does not know the token"),
        ({"is_valid": "true"}, "does not know the token"),
        ({"is_valid": None}, "does not know the token"),
        ({"user_id": None}, "does not know the token"),
        ({"user_id": True}, "does not know the token"),
        ({"app_id": "999"}, "another app"),
        ({"app_id": None}, "another app"),
        ({"app_id": {"$ne": 1}}, "another app"),
        ({"user_id": "1"}, "somebody else"),
    ],
)
def test_a_token_that_is_not_his_or_not_for_our_app_logs_nobody_in(
    facebook: Facebook, graph: Graph, change: dict[str, Any], reason: str
) -> None:
    graph.token.update(change)
    with pytest.raises(NotConfirmed, match=reason):
        facebook.verify(NATIVE)
    assert len(graph.requests) == 1


def test_one_of_two_user_ids_is_not_enough(facebook: Facebook) -> None:
    with pytest.raises(NotConfirmed, match="somebody else"):
        facebook.verify({**NATIVE, "userID": "1"})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "1"}, "somebody else"),
        ({"id": None}, "somebody else"),
        ({"email": None}, "no email address"),
        ({"email": "ann"}, "no email address"),
        ({"email": ["ann@example.com"]}, "no email address"),
    ],
)
def test_an_account_without_an_address_logs_nobody_in(
    facebook: Facebook, graph: Graph, change: dict[str, Any], reason: str
) -> None:
    graph.me.update(change)
    with pytest.raises(NotConfirmed, match=reason) as refused:
        facebook.verify(NATIVE)
    assert ("email address" in refused.value.for_visitor) == ("email" in change)


@pytest.mark.parametrize(
    "response",
    [
        {},
        {"authResponse": "accessToken"},
        {"authResponse": {"accessToken": {"$gt": ""}}},
        {"authResponse": {"accessToken": ""}},
        {"authResponse": None, "accessToken": 5},
    ],
)
def test_without_a_token_facebook_is_not_even_asked(
    facebook: Facebook, graph: Graph, response: dict[str, Any]
) -> None:
    with pytest.raises(NotConfirmed, match="sent no token"):
        facebook.verify(response)
    assert graph.requests == []


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refusal_of_our_app_is_one_alarm_for_the_owner(
    facebook: Facebook, graph: Graph, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    graph.responses["debug_token"] = Response('{"error": {"code": 190}}', status=status)
    for _ in range(3):
        with pytest.raises(Rejected, match="refuses our app") as refused:
            facebook.verify(NATIVE)
        assert refused.value.credentials is True
        assert not isinstance(refused.value, NotConfirmed)
    (alarm,) = alarms(caplog)
    assert "rocketchat.facebook_app_secret" in alarm
    del graph.responses["debug_token"]
    facebook.verify(NATIVE)
    graph.responses["debug_token"] = Response("{}", status=status)
    with pytest.raises(Rejected):
        facebook.verify(NATIVE)
    assert len(alarms(caplog)) == 2


def test_a_token_that_facebook_no_longer_takes_logs_nobody_in(facebook: Facebook, graph: Graph) -> None:
    graph.responses["me"] = Response('{"error": {"code": 190}}', status=400)
    with pytest.raises(NotConfirmed, match="does not take the token"):
        facebook.verify(NATIVE)


@pytest.mark.parametrize("path", ["debug_token", "me"])
@pytest.mark.parametrize(
    "response", [Response("<html>"), Response("[]"), Response("{}", status=202), Response("", status=500)]
)
def test_what_is_no_answer_of_facebook_is_no_login(
    facebook: Facebook, graph: Graph, path: str, response: Response
) -> None:
    graph.responses[path] = response
    with pytest.raises(Unavailable):
        facebook.verify(NATIVE)


def test_an_answer_without_a_word_about_the_token_is_no_login(facebook: Facebook, graph: Graph) -> None:
    graph.responses["debug_token"] = Response("{}")
    with pytest.raises(Unavailable, match="without a word"):
        facebook.verify(NATIVE)


def test_no_secret_stands_in_a_log_line_or_an_error(
    facebook: Facebook, graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    graph.responses["me"] = Response("", status=500)
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as failure:
        facebook.verify(NATIVE)
    ours = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    assert any("debug_token" in line for line in ours)
    seen = "".join(ours) + repr(failure.value)
    assert TOKEN not in seen
    assert APP_SECRET not in seen
