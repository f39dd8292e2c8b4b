from __future__ import annotations

from typing import Any

import pytest

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat.ddp import (
    CallsLimited,
    LoginResult,
    LoginsBlocked,
    RemoteProtocolError,
    SecondFactorWanted,
)
from chatsso_middleware.providers.rocketchat.ddp.answers import read_login_result, refusal
from chatsso_middleware.providers.rocketchat.ddp.codec import MethodError

SECONDS = 1480377601.0
SENT = {"user": {"username": "ann"}, "password": {"digest": "d1g3st", "algorithm": "sha-256"}}


NO_ENDS: list[Any] = [SECONDS, "2030-01-01", [], {}, {"date": SECONDS}]
NO_DATES: list[Any] = [None, True, "1480377601", {}, 0, -1, -1480377601000, 10**32, 1e300]


def result(**changed: Any) -> dict[str, Any]:
    return {"id": "u", "token": "T", "tokenExpires": {"$date": SECONDS}, **changed}


@pytest.mark.parametrize("date", [1480377601, 1480377601.0, 1480377601000, 1480377601000.0])
def test_an_end_in_seconds_and_one_in_milliseconds_are_the_same_moment(date: float) -> None:
    assert read_login_result(result(tokenExpires={"$date": date})) == LoginResult("u", "T", SECONDS)


@pytest.mark.parametrize(
    ("date", "seconds"),
    [(1, 1.0), (99999999999, 99999999999.0), (100000000000, 100000000.0), (1480377601999, 1480377601.999)],
)
def test_the_unit_is_told_by_the_size(date: int, seconds: float) -> None:
    assert read_login_result(result(tokenExpires={"$date": date})).expires_at == seconds


def test_a_login_may_have_no_end_and_more_than_was_asked_for() -> None:
    assert read_login_result({"id": "u", "token": "T", "type": "resume"}) == LoginResult("u", "T", None)
    assert read_login_result(result(tokenExpires=None)).expires_at is None


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        "T",
        [],
        {},
        {"id": "u"},
        {"token": "T"},
        *(
            result(token=token)
            for token in ("", " ", "a b", "a\n", "é", "a\x00", None, 7, {"$ne": 1}, "x" * 1025)
        ),
        *(result(id=name) for name in ("", "a b", None, 7, {"$ne": 1})),
        *(result(tokenExpires=end) for end in NO_ENDS),
        *(result(tokenExpires={"$date": date}) for date in NO_DATES),
    ],
    ids=repr,
)
def test_a_login_without_a_token_that_can_be_used_is_none(value: object) -> None:
    with pytest.raises(RemoteProtocolError, match=r"^a login whose "):
        read_login_result(value)


def test_the_token_is_not_shown() -> None:
    assert "S3cret" not in repr(read_login_result(result(token="S3cret")))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MethodError(403, "Incorrect password"), "refuses the login: Incorrect password"),
        (MethodError(403), "refuses the login: 403"),
        (
            MethodError("error-user-is-not-activated", "User is not activated"),
            "refuses the login: User is not activated",
        ),
    ],
)
def test_a_no_to_this_user_is_rejected_in_the_chats_own_words(error: MethodError, reason: str) -> None:
    refused = refusal("rocketchat", "login", error, SENT)
    assert isinstance(refused, Rejected)
    assert refused.reason == reason
    assert not refused.credentials


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MethodError("totp-required", "TOTP Required", {"method": "email"}), "TOTP Required"),
        (MethodError("totp-invalid", ""), "totp-invalid"),
    ],
)
def test_a_second_factor_is_an_error_of_its_own(error: MethodError, told: str) -> None:
    refused = refusal("rocketchat", "login", error, SENT)
    assert isinstance(refused, SecondFactorWanted)
    assert refused.reason == f"wants a second factor from this user, which only he has: {told}"


@pytest.mark.parametrize("whom", ["ip", "user"])
def test_too_many_failed_logins_pass(whom: str) -> None:
    refused = refusal("rocketchat", "login", MethodError(f"error-login-blocked-for-{whom}", "blocked"), SENT)
    assert isinstance(refused, LoginsBlocked)
    assert refused.reason.endswith("for a while: too many failed")


@pytest.mark.parametrize("code", ["too-many-requests", 429])
@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ({"timeToReset": 45999}, 45.999),
        ({"timeToReset": 10**20}, 300.0),
        ({"timeToReset": -5}, 0.0),
        ({"timeToReset": "45"}, None),
        ({"timeToReset": True}, None),
        ({}, None),
    ],
)
def test_a_limit_says_how_long_to_wait(
    code: int | str, details: dict[str, Any], seconds: float | None
) -> None:
    refused = refusal("rocketchat", "login", MethodError(code, "slow down", details), SENT)
    assert isinstance(refused, CallsLimited)
    assert refused.retry_after == seconds
    assert refused.reason == "limits our calls of the method login"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (500, "failed in the method login (error 500)"),
        ("503", "failed in the method login (error 503)"),
    ],
)
def test_what_is_not_about_this_user_may_pass(code: int | str, reason: str) -> None:
    refused = refusal("rocketchat", "login", MethodError(code, "Internal server error"), SENT)
    assert isinstance(refused, Unavailable)
    assert refused.reason == reason


@pytest.mark.parametrize(
    "error",
    [
        MethodError(403, "no d1g3st here"),
        MethodError(403, "nod1g3sthere"),
        MethodError(403, "no D1G3ST here"),
        MethodError(403, "User ann not found"),
        MethodError(403, "d1g3st" + "x" * 500),
        MethodError("d1g3st"),
        MethodError(403, "\x00\n \u202e"),
    ],
)
def test_words_that_echo_what_was_sent_are_not_told(error: MethodError) -> None:
    assert refusal("rocketchat", "login", error, SENT).reason == "refuses the login"


def test_the_chats_words_are_told_on_one_line_and_not_at_length() -> None:
    refused = refusal("rocketchat", "login", MethodError(403, "no\r\n\x1b[31mway\u2028 " + "x" * 500), SENT)
    assert refused.reason == "refuses the login: " + ("no [31mway " + "x" * 500)[:200]
