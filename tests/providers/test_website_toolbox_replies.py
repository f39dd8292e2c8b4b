from __future__ import annotations

import json
from typing import Any

import pytest

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.api import Answer
from chatsso_middleware.providers.website_toolbox.replies import Reply, ServerBlocked, read_reply

SENT = ("K3y.secret", "ann@example.com", "ann")


def read(
    body: Any, status: int = 200, sent: tuple[str, ...] = SENT, headers: dict[str, str] | None = None
) -> Reply:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_reply(Answer("room", status, headers or {}, encoded), sent)


def refusal(message: object, status: int = 200) -> Reply:
    return read({"success": False, "message": message}, status)


def test_success_is_the_json_true_with_a_status_of_success() -> None:
    assert read({"success": True, "message": "ok", "access_token": "T"}) == Reply(True, "", "T")
    assert read({"success": True}, 201) == Reply(True, "", None)


@pytest.mark.parametrize("success", [1, "true", "True", None, [], {}, 0, "false"])
def test_nothing_but_true_and_false_is_an_answer(success: object) -> None:
    with pytest.raises(Unavailable, match="neither yes nor no"):
        read({"success": success, "access_token": "T"})


@pytest.mark.parametrize("body", [{}, {"error": "x"}, {"access_token": "T"}])
def test_json_without_success_is_no_answer(body: Any) -> None:
    with pytest.raises(Unavailable, match=r"neither yes nor no \(status 200\)"):
        read(body)


@pytest.mark.parametrize("status", [404, 418])
def test_success_with_a_status_of_failure_is_no_answer(status: int) -> None:
    with pytest.raises(Unavailable, match="neither yes nor no"):
        read({"success": True, "access_token": "T"}, status)


@pytest.mark.parametrize("token", [1, None, ["T"], {"a": "b"}])
def test_a_token_that_is_no_text_is_none(token: object) -> None:
    assert read({"success": True, "access_token": token}).token is None


@pytest.mark.parametrize(
    "message",
    [
        "Invalid API Key",
        "The apikey is missing.",
        "api_key does not match",
        "API-key expired",
        "Unauthorized",
        "You are unauthorised.",
    ],
)
@pytest.mark.parametrize("status", [200, 400, 403])
def test_a_refused_key_is_known_by_the_text(message: str, status: int) -> None:
    with pytest.raises(Rejected) as caught:
        refusal(message, status)
    assert caught.value.credentials
    assert caught.value.reason == "refuses the API key"


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"success": false}', b'{"success": true}'])
def test_a_refused_key_is_known_by_the_status_401(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        read(body, 401)
    assert caught.value.credentials


@pytest.mark.parametrize("body", [b"", b"<html>Forbidden", b"<?xml?><e/>", b'{"success": false}', b"[]"])
def test_403_means_that_this_server_is_blocked(body: bytes) -> None:
    with pytest.raises(ServerBlocked):
        read(body, 403)


@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad Request", b"<?xml?><e/>", b'{"success": false}', b'{"success": true}']
)
def test_400_without_a_reason_is_taken_for_the_limit_of_calls(body: bytes) -> None:
    with pytest.raises(Unavailable, match="limits our calls") as caught:
        read(body, 400, headers={"Retry-After": "9"})
    assert caught.value.retry_after == 9.0


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    "message", ["Too many requests", "Rate limit exceeded", "rate-limited", "Please try again later."]
)
def test_the_limit_of_calls_is_known_by_the_text(message: str, status: int) -> None:
    with pytest.raises(Unavailable, match="limits our calls"):
        refusal(message, status)


def test_400_with_another_reason_is_a_refusal_of_the_call() -> None:
    assert refusal("Invalid email address", 400) == Reply(False, "Invalid email address")


@pytest.mark.parametrize("message", [None, 7, ["x"], ""])
def test_a_refusal_without_a_text_is_a_refusal(message: object) -> None:
    assert refusal(message) == Reply(False)


@pytest.mark.parametrize(("body", "kind"), [(b"<html>", "HTML"), (b"<?xml?>", "XML"), (b"", "nothing")])
@pytest.mark.parametrize("status", [200, 404])
def test_what_is_no_json_is_no_answer(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(Unavailable) as caught:
        read(body, status)
    assert caught.value.reason == f"answered {kind} instead of a JSON object (status {status})"


@pytest.mark.parametrize(
    "message",
    [
        "It looks like you already have a chat room account! A chat room account for that username and email"
        " address combination already exists!",
        "That email address is already registered.",
        "E-mail already in use",
    ],
)
def test_an_account_that_exists_is_known_by_the_text(message: str) -> None:
    assert refusal(message).exists_already
    assert not refusal(message).not_found


@pytest.mark.parametrize(
    "message",
    [
        "That username already exists.",
        "A chat room account for that username already exists!",
        "Bad email. x",
    ],
)
def test_a_user_name_that_is_taken_is_another_refusal(message: str) -> None:
    assert not refusal(message).exists_already


@pytest.mark.parametrize(
    "message",
    [
        "User not found",
        "The user could not be found.",
        "User does not exist",
        "That account doesn't exist",
        "That account doesn\u2019t exist",
        "No such member",
        "There is no user with that email",
        "Unknown email",
    ],
)
def test_an_account_that_is_missing_is_known_by_the_text(message: str) -> None:
    assert refusal(message).not_found
    assert not refusal(message).exists_already


def test_a_success_is_neither() -> None:
    reply = read({"success": True, "message": "User not found, email already registered"})
    assert not reply.not_found
    assert not reply.exists_already


def test_the_rooms_words_are_kept_without_what_it_was_sent() -> None:
    reply = refusal("Key K3Y.SECRET: ann (ann@example.com) annoyed\r\n\x1b[31m" + "x" * 500)
    assert reply.message.startswith("Key ...: ... (...) annoyed   [31mxxx")
    assert len(reply.message) == 200


def test_a_user_name_cannot_cry_api_key() -> None:
    sent = ("K", "a@x.org", "invalid api key")
    reply = read({"success": False, "message": "Invalid API key is no valid name"}, sent=sent)
    assert reply.message == "... is no valid name"


def test_the_repr_shows_neither_token_nor_message() -> None:
    assert repr(Reply(True, "S3cret", "T0ken")) == "Reply(success=True)"
