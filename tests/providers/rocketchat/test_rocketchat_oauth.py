"""Whom the hand-over of an OAuth login logs in, and what it tells everybody else."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.api import ChatAPI
from chatsso_middleware.providers.rocketchat.browser import BrowserSide
from chatsso_middleware.providers.rocketchat.oauth import HostVerifier, OAuthVerifier
from chatsso_middleware.providers.rocketchat.oauth_services import Facebook, Google
from chatsso_middleware.providers.visits import Endpoint, Reply, Visit
from chatsso_middleware.secret import Secret
from chatsso_middleware.users import ChatUser

ANN = ChatUser("ann@example.com")
RESPONSE = {"userName": "ann", "userId": 293123, "secret": "s3cr3t", "token": "t0ken"}


class Host:
    """A verifier of the host's own that remembers what it was asked."""

    def __init__(self, answer: ChatUser | Exception | None) -> None:
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self._answer = answer

    def __call__(self, service: str, response: Mapping[str, Any]) -> ChatUser | None:
        self.asked.append((service, response))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def endpoint_with(by_host: HostVerifier) -> Endpoint:
    oauth = OAuthVerifier(["google", "twitter"], by_host=by_host)
    side = BrowserSide("https://chat.example", token_field="loginToken", oauth=oauth)
    return next(one for one in side.endpoints if one.path == "oauth")


def hand_over(host: Host, **fields: Any) -> Reply:
    visit = Visit(method="POST", fields={"service": "twitter", "response": RESPONSE, **fields})
    return endpoint_with(host).answer(visit)


def message(reply: Reply) -> str:
    outcome = json.loads(reply.body)
    assert reply.content_type == "application/json"
    assert reply.logs_in is None
    assert outcome["ok"] is False
    text: str = outcome["message"]
    assert text
    return text


def test_it_takes_a_post_of_our_own_page_alone() -> None:
    endpoint = endpoint_with(Host(ANN))
    assert endpoint.methods == ("POST",)
    assert endpoint.checks_forgery is True


def test_there_is_no_such_address_without_services() -> None:
    side = BrowserSide("https://chat.example", token_field="loginToken")
    assert "oauth" not in [endpoint.path for endpoint in side.endpoints]


def test_whom_the_host_confirms_is_logged_in() -> None:
    host = Host(ANN)
    reply = hand_over(host)
    assert (reply.status, json.loads(reply.body)) == (200, {"ok": True})
    assert reply.logs_in == ANN
    assert host.asked == [("twitter", RESPONSE)]


def test_whom_the_host_does_not_confirm_is_not() -> None:
    reply = hand_over(Host(None))
    assert reply.status == 403
    assert message(reply) == "Twitter did not confirm this login."


@pytest.mark.parametrize("service", ["facebook", "", "Google", None, 1, ["google"], {"google": 1}])
def test_a_service_that_is_not_offered_is_refused(service: object) -> None:
    host = Host(ANN)
    reply = hand_over(host, service=service)
    assert reply.status == 400
    assert message(reply) == "This site has no such login."
    assert host.asked == []


@pytest.mark.parametrize(
    "response",
    [
        None,
        "token",
        1,
        [],
        {"token": "x" * 4097},
        {"x" * 4097: 1},
        {1: "one"},
        {str(number): number for number in range(41)},
        {"token": list(range(41))},
        {"a": {"b": {"c": {"d": 1}}}},
        {"token": object()},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_the_answer_of_a_service_is_refused(response: object) -> None:
    host = Host(ANN)
    reply = hand_over(host, response=response)
    assert reply.status == 400
    assert message(reply) == "What the chat sent cannot be a login."
    assert host.asked == []


def test_the_answer_of_a_service_may_hold_every_kind_of_json() -> None:
    response = {"authResponse": {"session_key": True, "list": [1, 2.5, None]}, "token": "x" * 4096}
    host = Host(ANN)
    assert hand_over(host, response=response).status == 200
    assert host.asked == [("twitter", response)]


def test_a_service_that_does_not_answer_logs_nobody_in(caplog: pytest.LogCaptureFixture) -> None:
    reply = hand_over(Host(Unavailable("twitter", "cannot be reached: no connection")))
    assert reply.status == 503
    assert message(reply) == "Twitter does not answer at the moment."
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "Nobody can be logged in with Twitter now: it cannot be reached: no connection")
    ]


def test_a_service_that_refuses_us_logs_nobody_in() -> None:
    reply = hand_over(Host(Rejected("twitter", "refuses our app", credentials=True)))
    assert reply.status == 503
    assert "does not work" in message(reply)


def test_a_fault_in_the_hosts_own_code_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        hand_over(Host(ZeroDivisionError()))


def test_no_secret_is_told_to_the_page_or_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        for answer in (None, Rejected("twitter", "said no"), Unavailable("twitter", "is down")):
            reply = hand_over(Host(answer))
            assert "s3cr3t" not in reply.body + caplog.text
            assert "t0ken" not in reply.body + caplog.text
    assert caplog.records


@pytest.mark.parametrize("services", [["twitter"], ["google"], ["facebook"]])
def test_a_service_that_nobody_can_be_asked_about_is_refused(services: list[str]) -> None:
    with pytest.raises(ValueError, match="nobody to verify"):
        OAuthVerifier(services)


def test_a_service_that_the_chat_has_not_is_refused_whoever_verifies_it() -> None:
    with pytest.raises(ValueError, match="github"):
        OAuthVerifier(["github"], by_host=Host(ANN))


def test_the_hosts_verifier_is_asked_about_all_services() -> None:
    api = ChatAPI("rocketchat", timeout=1)
    host = Host(ANN)
    verifier = OAuthVerifier(
        ["google", "facebook"],
        google=Google(api, "client", "http://127.0.0.1:1"),
        facebook=Facebook(api, "app", Secret("secret"), "http://127.0.0.1:1"),
        by_host=host,
    )
    assert verifier.verify("google", {}) == verifier.verify("facebook", {}) == ANN
    assert [service for service, _ in host.asked] == ["google", "facebook"]


def test_the_frame_asks_the_chat_for_what_each_service_needs() -> None:
    api = ChatAPI("rocketchat", timeout=1)
    verifier = OAuthVerifier(
        ["facebook", "google", "twitter"], google=Google(api, "client-id"), by_host=Host(ANN)
    )
    assert verifier.calls == {
        "facebook": {"event": "call-facebook-login", "permissions": ["email"]},
        "google": {"event": "call-google-login", "scopes": "profile email", "webClientId": "client-id"},
        "twitter": {"event": "call-twitter-login"},
    }
    assert list(verifier.titles.values()) == ["Facebook", "Google", "Twitter"]
