from __future__ import annotations

import json
from typing import Any

import pytest

from chatsso_middleware.errors import Unavailable
from chatsso_middleware.providers.api import Answer
from chatsso_middleware.providers.rocketchat.replies import (
    Account,
    Reply,
    TooManyCalls,
    read_account,
    read_identifier,
    read_reply,
)
from tests.support.rocketchat import NO_PERMISSION, NOT_FOUND, NOT_LOGGED_IN, UNKNOWN_FIELD, user

SENT = ("T0ken.secret", "ann@example.com", "ann")


def read(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_reply(Answer("rocketchat", status, headers or {}, encoded), SENT)


@pytest.mark.parametrize(
    "body",
    [
        {"success": True},
        {"status": "success", "data": {}},
        {"success": True, "status": "online"},  # `me` tells the user's presence in this place
        {"success": True, "status": "error"},
    ],
)
def test_both_generations_say_yes_in_their_way(body: dict[str, Any]) -> None:
    reply = read(body)
    assert reply.success
    assert reply.body == body


@pytest.mark.parametrize("said", [1, "true", None, [], {}, 0, "false"])
def test_nothing_but_true_and_false_is_an_answer(said: object) -> None:
    with pytest.raises(Unavailable, match=r"neither yes nor no \(status 200\)"):
        read({"success": said, "status": "success"})


@pytest.mark.parametrize("body", [{}, {"status": "online"}, {"status": {"$ne": 1}}, {"data": {}}])
def test_json_that_says_nothing_is_no_answer(body: dict[str, Any]) -> None:
    with pytest.raises(Unavailable, match="neither yes nor no"):
        read(body)


def test_a_yes_with_a_status_of_failure_is_no_answer() -> None:
    with pytest.raises(Unavailable, match=r"neither yes nor no \(status 404\)"):
        read({"success": True}, 404)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"success": true, "success": true}'])
@pytest.mark.parametrize("status", [200, 400, 401])
def test_what_is_no_json_object_is_no_answer(body: bytes, status: int) -> None:
    with pytest.raises(Unavailable):
        read(body, status)


@pytest.mark.parametrize(
    ("body", "status", "code", "message"),
    [
        (NOT_LOGGED_IN, 401, "", "You must be logged in to do this."),
        ({"success": False, "error": "unauthorized"}, 401, "unauthorized", "unauthorized"),
        ({"status": "error", "error": "Unauthorized", "message": "no"}, 401, "Unauthorized", "no"),
        ({"status": "error", "error": 403, "message": "Incorrect password"}, 401, "", "Incorrect password"),
        (
            {"success": False, "error": "gone [error-invalid-user]"},
            400,
            "error-invalid-user",
            "gone [error-invalid-user]",
        ),
        (
            {"success": False, "error": "taken :( [error-other]", "errorType": "error-field-unavailable"},
            400,
            "error-field-unavailable",
            "taken :( [error-other]",
        ),
        ({"success": False, "error": {"$ne": 1}, "errorType": ["x"], "message": 7}, 400, "", ""),
        ({"success": False}, 400, "", ""),
    ],
)
def test_both_generations_say_no_in_their_way(
    body: dict[str, Any], status: int, code: str, message: str
) -> None:
    reply = read(body, status)
    assert (reply.success, reply.status, reply.code, reply.message) == (False, status, code, message)


def test_a_refusal_is_told_in_the_chats_words_without_what_it_was_sent() -> None:
    words = "Ann (ann@example.com) annoyed T0ken.secret\r\n\x1b[31m" + "x" * 500
    refusal = read({"success": False, "error": words}, 400).refusal("rocketchat", "no account")
    assert refusal.reason.startswith("no account: ... (...) annoyed ...   [31mxxx")
    assert len(refusal.reason) == len("no account: ") + 200
    assert not refusal.credentials


def test_an_address_that_was_not_sent_is_not_told_either() -> None:
    words = "u1 <o'hara+x@example.com>, Bob.Lee@Example.org: the last owner of #team" + "x" * 200
    refusal = read({"success": False, "error": words + " late@example.com"}, 400).refusal("rocketchat", "no")
    assert refusal.reason.startswith("no: u1 <...>, ...: the last owner of #teamxxx")
    assert "@" not in refusal.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"success": False, "errorType": "error-x"}, "no edit: error-x"),
        ({"success": False}, "no edit: refused without a reason (status 400)"),
    ],
)
def test_a_refusal_without_words_is_told_by_what_there_is(body: dict[str, Any], reason: str) -> None:
    assert read(body, 400).refusal("rocketchat", "no edit").reason == reason


@pytest.mark.parametrize(
    "body",
    [
        NOT_FOUND,
        {"success": False, "error": "x", "errorType": "error-invalid-user"},
        {"success": False, "error": "x [error-invalid-user-id]"},
        {"success": False, "error": 'The required "userId" param provided does not match any users'},
    ],
)
def test_an_account_that_is_missing_is_known_by_code_or_words(body: dict[str, Any]) -> None:
    assert read(body, 400).no_such_account


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "error": "x", "errorType": "error-field-unavailable"},
        {"success": False, "error": "Username is already in use"},
        {"success": False, "error": "Email already exists. [403]"},
        {"success": False, "error": "E11000 duplicate key error collection: rocketchat.users"},
    ],
)
def test_an_account_that_is_there_is_known_by_code_or_words(body: dict[str, Any]) -> None:
    reply = read(body, 400)
    assert reply.taken
    assert not reply.no_such_account


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        ({"error": "Email already exists. [403]"}, True),
        ({"error": "<strong>ANN@example.com</strong> is already in use :("}, True),
        (
            {"error": "in use", "errorType": "error-email-exists", "details": {"field": "ann@example.com"}},
            True,
        ),
        (
            {
                "error": "x is already in use",
                "details": {"field": "email"},
                "message": "email already in use",
            },
            True,
        ),
        ({"error": "E11000 duplicate key error index: emails.address_1"}, True),
        ({"error": "Username is already in use"}, False),
        ({"error": "ann is already in use :(", "errorType": "error-field-unavailable"}, False),
        ({"error": "x", "errorType": "error-field-unavailable", "details": {"field": "ann"}}, False),
        ({"error": "x", "errorType": "error-field-unavailable", "details": "ann@example.com"}, False),
        ({"error": "ann@example.com is on no list"}, False),
    ],
    ids=repr,
)
def test_what_is_taken_is_the_address_or_the_name(body: dict[str, Any], taken: bool) -> None:
    assert read({"success": False, **body}, 400).takes_address("ann@example.com") is taken


@pytest.mark.parametrize("kind", ["ip", "user"])
def test_logins_that_are_blocked_are_known_by_their_code(kind: str) -> None:
    body = {"status": "error", "error": f"error-login-blocked-for-{kind}", "message": "blocked"}
    assert read(body, 401).blocks_logins


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (NO_PERMISSION, 403),
        ({"success": False, "error": "unauthorized"}, 401),
        (NOT_LOGGED_IN, 401),
        ({"success": False, "error": "x", "errorType": "error-not-authorized"}, 400),
        (
            {
                "success": False,
                "error": "Adding user is not allowed",
                "errorType": "error-action-not-allowed",
            },
            400,
        ),
    ],
)
def test_what_may_not_be_done_is_known_by_status_or_code(body: dict[str, Any], status: int) -> None:
    assert read(body, status).not_allowed


def test_the_last_administrator_is_no_matter_of_permissions() -> None:
    body = {
        "success": False,
        "error": "Leaving the app without admins is not allowed",
        "errorType": "error-action-not-allowed",
    }
    assert not read(body, 400).not_allowed


def test_a_yes_is_none_of_these() -> None:
    reply = read(
        {"success": True, "error": "User not found, already in use", "errorType": "error-not-authorized"}
    )
    assert not any((reply.no_such_account, reply.taken, reply.not_allowed))


def test_a_user_name_cannot_cry_already_in_use() -> None:
    answer = Answer("rocketchat", 400, {}, b'{"success": false, "error": "already in use is no valid name"}')
    reply = read_reply(answer, ("already in use",))
    assert reply.message == "... is no valid name"
    assert not reply.taken


def test_a_second_factor_and_unknown_fields_are_known_by_their_code() -> None:
    assert read({"success": False, "error": "TOTP Required [totp-required]"}, 400).wants_second_factor
    assert read({"status": "error", "error": "totp-required", "message": "x"}, 401).wants_second_factor
    assert read(UNKNOWN_FIELD, 400).wrong_fields
    assert read({"success": False, "error": "x [error-blocked-username]"}, 400).name_refused


def test_the_limit_of_older_servers_says_in_words_how_long_to_wait() -> None:
    words = (
        "Error, too many requests. Please slow down. You must wait 42 seconds before trying this endpoint"
        " again. [error-too-many-requests]"
    )
    with pytest.raises(TooManyCalls, match="limits our calls") as caught:
        read({"success": False, "error": words}, 400)
    assert (caught.value.retry_after, caught.value.status) == (42.0, 400)


def test_a_limit_without_words_is_read_from_the_headers() -> None:
    with pytest.raises(TooManyCalls) as caught:
        read({"success": False, "errorType": "error-too-many-requests"}, 400, {"Retry-After": "9"})
    assert caught.value.retry_after == 9.0


# Users


def test_a_user_is_read_with_the_addresses_in_lower_case() -> None:
    account = read_account("rocketchat", user("u1", "Ann@Example.com", "b@x.org"))
    addresses = frozenset({"ann@example.com", "b@x.org"})
    assert account == Account("u1", "u1", addresses, addresses, True, "user")
    assert account.has_address("ANN@example.com")
    assert not account.has_address("nn@example.com")


@pytest.mark.parametrize(
    ("verified", "proven"), [(True, True), (False, False), (None, False), ("true", False), (1, False)]
)
def test_an_address_is_verified_where_the_chat_says_so_and_not_otherwise(
    verified: object, proven: bool
) -> None:
    emails = [{"address": "Ann@Example.com", "verified": verified}, {"address": "b@x.org"}]
    account = read_account("rocketchat", {"_id": "u1", "emails": emails})
    assert account.has_verified("ANN@example.com") is proven
    assert not account.has_verified("b@x.org")


@pytest.mark.parametrize("emails", [None, []])
def test_a_user_without_addresses_has_none_of_them(emails: object) -> None:
    account = read_account("rocketchat", {"_id": "u1", "emails": emails})
    assert account == Account("u1", None, None, frozenset(), True, "user")
    assert not account.has_address("")


@pytest.mark.parametrize(
    "value",
    [
        None,
        "u1",
        {},
        {"_id": ""},
        {"_id": {"$ne": 1}},
        {"_id": "a b"},
        {"_id": "u1", "username": {}},
        {"_id": "u1", "active": "yes"},
        {"_id": "u1", "type": 1},
        {"_id": "u1", "emails": "ann@example.com"},
        {"_id": "u1", "emails": ["ann@example.com"]},
        {"_id": "u1", "emails": [{"address": {"$ne": 1}}]},
        {"_id": "u1", "emails": [{}]},
    ],
)
def test_objects_where_texts_belong_are_no_user(value: object) -> None:
    with pytest.raises(Unavailable):
        read_account("rocketchat", value)


@pytest.mark.parametrize("value", ["", " ", "a b", "t\u00f6ken", "\u0661", "x" * 1025, 7, ["T"], None, "a\n"])
def test_a_token_that_cannot_be_one_is_refused(value: object) -> None:
    with pytest.raises(Unavailable, match="without a token that can be used"):
        read_identifier("rocketchat", value, "a token")


def test_the_repr_of_a_reply_shows_nothing_that_was_said() -> None:
    reply = read({"success": False, "error": "S3cret words"}, 400)
    assert "S3cret" not in repr(reply)
