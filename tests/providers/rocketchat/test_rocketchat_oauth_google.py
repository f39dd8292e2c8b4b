"""A Google login counts only if Google says so, for our own app and a verified address."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chatsso_middleware.errors import Unavailable
from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.rocketchat.oauth import OAuthVerifier
from chatsso_middleware.providers.rocketchat.oauth_services import Google, NotConfirmed
from chatsso_middleware.users import ChatUser

NOW = 1_700_000_000
CLIENT = "1234-abc.apps.googleusercontent.com"
RESPONSE = {
    "email": "mallory@example.com",
    "userId": "1082039180239",
    "displayName": "Mallory",
    "imageUrl": "https://evil.example/photo.jpg",
    "oauthToken": "123198273kajhsdh1892h",
}
FACTS = {
    "azp": CLIENT,
    "aud": CLIENT,
    "sub": "1082039180239",
    "scope": "https://www.googleapis.com/auth/userinfo.email openid",
    "exp": str(NOW + 60),
    "expires_in": "60",
    "email": "ann@example.com",
    "email_verified": "true",
}


class TokenInfo:
    """Stands in for ``tokeninfo``: answers as it is told, and remembers what it was asked."""

    def __init__(self, server: HTTPServer) -> None:
        self.facts: dict[str, Any] = dict(FACTS)
        self.response: Response | None = None
        self.requests: list[Request] = []
        self.url = server.url_for("").rstrip("/")
        server.expect_request("/tokeninfo").respond_with_handler(self._respond)

    def _respond(self, request: Request) -> Response:
        self.requests.append(request)
        return self.response or Response(json.dumps(self.facts), content_type="application/json")


@pytest.fixture
def tokeninfo(httpserver: HTTPServer) -> TokenInfo:
    return TokenInfo(httpserver)


@pytest.fixture
def google(tokeninfo: TokenInfo, make_api: Callable[..., ChatAPI]) -> Google:
    return Google(make_api(), CLIENT, tokeninfo.url + "/", clock=lambda: float(NOW))


def test_the_user_is_who_google_says_and_nothing_that_the_browser_sent_is_believed(
    google: Google, tokeninfo: TokenInfo
) -> None:
    user = OAuthVerifier(["google"], google=google).verify("google", RESPONSE)
    assert user == ChatUser("ann@example.com")
    (request,) = tokeninfo.requests
    assert request.method == "GET"
    assert dict(request.args) == {"access_token": "123198273kajhsdh1892h"}


@pytest.mark.parametrize("verified", [True, "true"])
def test_a_verified_address_is_written_in_either_way(
    google: Google, tokeninfo: TokenInfo, verified: object
) -> None:
    tokeninfo.facts["email_verified"] = verified
    assert google.verify(RESPONSE).email == "ann@example.com"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"aud": "somebody-else.apps.googleusercontent.com"}, "another client id"),
        ({"aud": None}, "another client id"),
        ({"aud": [CLIENT]}, "another client id"),
        ({"aud": "other", "azp": CLIENT}, "another client id"),
        ({"sub": "1"}, "somebody else"),
        ({"sub": None}, "somebody else"),
        ({"exp": str(NOW)}, "expired"),
        ({"exp": NOW - 1}, "expired"),
        ({"exp": None}, "expired"),
        ({"exp": "soon"}, "expired"),
        ({"exp": "-5"}, "expired"),
        ({"exp": "9" * 31}, "expired"),
        ({"exp": True}, "expired"),
        ({"email_verified": "false"}, "not verified"),
        ({"email_verified": False}, "not verified"),
        ({"email_verified": None}, "not verified"),
        ({"email_verified": 1.5}, "not verified"),
        ({"email_verified": {"true": True}}, "not verified"),
        ({"email": None}, "no email address"),
        ({"email": ""}, "no email address"),
        ({"email": "ann"}, "no email address"),
        ({"email": {"$ne": ""}}, "no email address"),
        ({"email": "ann@example.com\n"}, "no email address"),
    ],
)
def test_what_google_does_not_confirm_logs_nobody_in(
    google: Google, tokeninfo: TokenInfo, change: dict[str, Any], reason: str
) -> None:
    tokeninfo.facts.update(change)
    with pytest.raises(NotConfirmed, match=reason) as refused:
        google.verify(RESPONSE)
    assert refused.value.for_visitor.startswith("Google ")


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_that_google_does_not_know_logs_nobody_in(
    google: Google, tokeninfo: TokenInfo, status: int
) -> None:
    tokeninfo.response = Response('{"error": "invalid_token"}', status=status)
    with pytest.raises(NotConfirmed, match="does not know the token"):
        google.verify(RESPONSE)


@pytest.mark.parametrize("token", [None, "", 17, {"$gt": ""}, ["a"]])
def test_without_a_token_google_is_not_even_asked(
    google: Google, tokeninfo: TokenInfo, token: object
) -> None:
    with pytest.raises(NotConfirmed, match="sent no token"):
        google.verify({**RESPONSE, "oauthToken": token})
    assert tokeninfo.requests == []


def test_the_native_plug_in_calls_the_token_by_another_name(google: Google, tokeninfo: TokenInfo) -> None:
    assert google.verify({"accessToken": "native"}).email == "ann@example.com"
    assert tokeninfo.requests[0].args["access_token"] == "native"


@pytest.mark.parametrize(
    "response",
    [
        Response("<html>", status=200),
        Response("[]", status=200),
        Response(json.dumps(FACTS), status=202),
        Response("{}", status=500),
        Response("{}", status=429),
        Response("", status=302, headers={"Location": "/elsewhere"}),
    ],
    ids=lambda response: str(response.status_code),
)
def test_what_is_no_answer_of_google_is_no_login(
    google: Google, tokeninfo: TokenInfo, response: Response
) -> None:
    tokeninfo.response = response
    with pytest.raises(Unavailable):
        google.verify(RESPONSE)


def test_nobody_answering_is_no_login(make_api: Callable[..., ChatAPI], closed_port: int) -> None:
    google = Google(make_api(), CLIENT, f"http://127.0.0.1:{closed_port}")
    with pytest.raises(Unavailable, match="google"):
        google.verify(RESPONSE)


def test_a_token_that_is_refused_silences_nobody(google: Google, tokeninfo: TokenInfo) -> None:
    tokeninfo.facts["aud"] = "other"
    for _ in range(20):
        with pytest.raises(NotConfirmed):
            google.verify(RESPONSE)
    tokeninfo.facts["aud"] = CLIENT
    assert google.verify(RESPONSE).email == "ann@example.com"


def test_the_token_stands_in_no_log_line_and_no_error(
    google: Google, tokeninfo: TokenInfo, caplog: pytest.LogCaptureFixture
) -> None:
    tokeninfo.response = Response("nonsense", status=500)
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as failure:
        google.verify(RESPONSE)
    ours = [record.getMessage() for record in caplog.records if record.name != "werkzeug"]
    assert any("tokeninfo" in line for line in ours)
    assert RESPONSE["oauthToken"] not in "".join(ours) + repr(failure.value)
