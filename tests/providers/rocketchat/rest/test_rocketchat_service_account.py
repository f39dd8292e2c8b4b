from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from chatsso_middleware.changes import Edit
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.secret import Secret
from chatsso_middleware.sessions import ChatSession
from chatsso_middleware.users import ChatUser
from tests.support.rocketchat import (
    NO_PERMISSION,
    NOT_LOGGED_IN,
    UNKNOWN_FIELD,
    ScriptedChat,
    user,
)

Make = Callable[..., RocketChat]

ANN = ChatUser("ann@example.com", username="ann")
NOT_AUTHORIZED = {"success": False, "error": "Not authorized", "errorType": "error-not-authorized"}
TOKEN = {"success": True, "data": {"userId": "u1", "authToken": "T0ken"}}


@pytest.fixture
def chat(scripted: ScriptedChat) -> ScriptedChat:
    """Knows Ann by her address."""
    scripted.answer("users.info", {"success": True, "user": user("u1", "ann@example.com")})
    return scripted


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


def test_each_call_is_made_with_the_key_in_the_headers(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.createToken", TOKEN)
    make_scripted().open_session(ANN)
    for call in chat.asked:
        assert (call.headers["X-User-Id"], call.headers["X-Auth-Token"]) == ("adminId", "adminT0ken")
        assert "adminT0ken" not in str(call.fields)


@pytest.mark.parametrize(
    ("secret", "sent"),
    [(None, {"userId": "u1"}), (Secret("s3cret"), {"userId": "u1", "secret": "s3cret"})],
)
def test_both_generations_are_asked_for_a_token_in_their_way(
    secret: Secret | None, sent: dict[str, str], chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.createToken", TOKEN)
    assert make_scripted(token_secret=secret).open_session(ANN).token == "T0ken"
    assert chat.fields("users.createToken") == [sent]


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (None, "CREATE_TOKENS_FOR_USERS=true (before 8.0), or with CREATE_TOKENS_FOR_USERS_SECRET"),
        (Secret("s3cret"), "take it away for an older server"),
    ],
)
@pytest.mark.parametrize(
    ("body", "status"), [(NOT_AUTHORIZED, 400), (UNKNOWN_FIELD, 400), (NO_PERMISSION, 403)]
)
def test_a_chat_that_makes_no_tokens_raises_one_alarm_that_says_what_to_set(
    secret: Secret | None,
    words: str,
    body: Any,
    status: int,
    chat: ScriptedChat,
    make_scripted: Make,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chat.answer("users.createToken", body, status)
    chat.answer("users.createToken", body, status)
    chat.answer("users.createToken", TOKEN)
    chat.answer("users.createToken", body, status)
    made = make_scripted(token_secret=secret)
    for _ in range(2):
        with pytest.raises(Rejected) as caught:
            made.open_session(ANN)
        assert caught.value.credentials
        assert words in caught.value.reason
    [line] = errors(caplog)
    assert words in line
    assert "user-generate-access-token" in line
    made.open_session(ANN)
    with pytest.raises(Rejected):
        made.open_session(ANN)
    assert errors(caplog) == [line] * 2


def test_a_refused_key_raises_one_alarm_that_names_the_settings(
    scripted: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.answer("users.info", NOT_LOGGED_IN, 401)
    scripted.answer("me", NOT_LOGGED_IN, 401)
    made = make_scripted()
    for _ in range(2):
        with pytest.raises(Rejected, match="refuses the key of the service account") as caught:
            made.open_session(ANN)
        assert caught.value.credentials
    with pytest.raises(Rejected, match="refuses the key of the service account"):
        made.probe()
    [line] = errors(caplog)
    assert "rocketchat.admin_user_id and rocketchat.admin_token" in line
    assert "adminT0ken" not in caplog.text


@pytest.mark.parametrize(
    ("body", "status"), [(NO_PERMISSION, 403), ({"success": False, "error": "unauthorized"}, 401)]
)
def test_a_missing_permission_raises_one_alarm_that_names_it(
    body: Any, status: int, scripted: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.answer("users.info", {"success": False, "error": "User not found."}, 400)
    scripted.answer("users.create", body, status)
    scripted.answer("me", {"success": True, **user("adminId")})
    made = make_scripted()
    for _ in range(2):
        with pytest.raises(Rejected, match="lacks the permission create-user") as caught:
            made.open_session(ANN)
        assert caught.value.credentials
    [line] = errors(caplog)
    assert "users.create" in line
    assert "permission create-user" in line


def test_a_second_factor_raises_one_alarm_that_says_what_to_do(
    chat: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    chat.answer(
        "users.update", {"success": False, "error": "TOTP Required", "errorType": "totp-required"}, 400
    )
    made = make_scripted()
    for _ in range(2):
        with pytest.raises(Rejected, match="Ignore Two Factor Authentication") as caught:
            made.deliver(Edit(ANN.email, username="annie"))
        assert caught.value.credentials
    assert len(errors(caplog)) == 1


def test_a_second_factor_that_is_wanted_again_raises_the_alarm_again(
    chat: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    wanted = {"success": False, "error": "TOTP Required", "errorType": "totp-required"}
    for body, status in ((wanted, 400), ({"success": True}, 200), (wanted, 400)):
        chat.answer("users.update", body, status)
    made = make_scripted()
    for expected in (1, 1, 2):
        with suppress(Rejected):
            made.deliver(Edit(ANN.email, username="annie"))
        assert len(errors(caplog)) == expected


OLD_LIMIT = {
    "success": False,
    "error": "You must wait 42 seconds before trying this endpoint again. [error-too-many-requests]",
}


@pytest.mark.parametrize(("status", "body"), [(429, OLD_LIMIT), (400, OLD_LIMIT)])
def test_a_rate_limit_is_obeyed_and_told_once(
    status: int, body: Any, chat: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    reset = str(int((time.time() + 42) * 1000))
    chat.answer("users.createToken", body, status, X_RateLimit_Reset=reset)
    made = make_scripted()
    with pytest.raises(Unavailable) as caught:
        made.open_session(ANN)
    assert caught.value.retry_after == pytest.approx(42, abs=2)
    assert not made.api.available
    with pytest.raises(Unavailable):
        made.open_session(ANN)
    assert chat.paths().count("users.createToken") == 1
    [line] = errors(caplog)
    assert "api-bypass-rate-limit" in line


def test_a_limit_that_is_met_by_logins_and_logouts_is_told_once(
    chat: ScriptedChat, make_scripted: Make, caplog: pytest.LogCaptureFixture
) -> None:
    chat.answer("users.createToken", OLD_LIMIT, 429)
    chat.answer("users.logout", OLD_LIMIT, 429)
    made = make_scripted()
    with pytest.raises(Unavailable, match="limits our calls"):
        made.open_session(ANN)
    chat.answer("logout", {"success": True})
    made.close_session(ChatSession("T0ken", 0.0, "u1"))
    assert chat.paths()[-2:] == ["users.logout", "logout"]
    assert len(errors(caplog)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"success": True},
        {"success": True, "data": "T0ken"},
        {"success": True, "data": {"userId": "u1"}},
        {"success": True, "data": {"userId": "u1", "authToken": ""}},
        {"success": True, "data": {"userId": "u1", "authToken": {"$ne": 1}}},
        {"success": True, "data": {"userId": {"$ne": 1}, "authToken": "T0ken"}},
        {"success": True, "data": {"userId": "u2", "authToken": "T0ken"}},
    ],
)
def test_a_token_that_cannot_be_one_is_not_handed_out(
    body: Any, chat: ScriptedChat, make_scripted: Make
) -> None:
    chat.answer("users.createToken", body)
    with pytest.raises(Unavailable):
        make_scripted().open_session(ANN)


def test_any_other_refusal_is_told_in_the_chats_words(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.createToken", {"success": False, "error": "Not on Sundays, u1"}, 400)
    with pytest.raises(Rejected) as caught:
        make_scripted().open_session(ANN)
    assert (caught.value.reason, caught.value.credentials) == ("no token: Not on Sundays, ...", False)


def test_a_chat_that_is_down_for_a_moment_is_asked_again(chat: ScriptedChat, make_scripted: Make) -> None:
    chat.answer("users.createToken", {}, 503)
    chat.answer("users.createToken", TOKEN)
    assert make_scripted().open_session(ANN).token == "T0ken"


# The probe


@pytest.mark.parametrize(
    ("told", "secret", "words"),
    [
        ({"version": "7.12"}, None, "@adminId; the chat is of version 7.12; "),
        ({"info": {"version": "8.4.1"}}, Secret("s"), "@adminId; the chat is of version 8.4; "),
        ({}, None, "does not tell its version"),
        ({"version": {"$ne": 1}, "info": "x"}, None, "does not tell its version"),
    ],
)
def test_a_probe_says_who_the_service_account_is_and_of_which_version_the_chat(
    told: Any, secret: Secret | None, words: str, scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("me", {"success": True, **user("adminId")})
    scripted.answer("info", {"success": True, **told})
    assert words in make_scripted(token_secret=secret).probe()
    assert {call.method for call in scripted.asked} == {"GET"}


@pytest.mark.parametrize(
    ("version", "secret", "words"),
    [
        ("8.0", None, "set the same value as rocketchat.token_secret"),
        ("7.9", Secret("s"), "take rocketchat.token_secret away"),
    ],
)
def test_a_probe_finds_the_settings_of_the_other_generation(
    version: str, secret: Secret | None, words: str, scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("me", {"success": True, **user("adminId")})
    scripted.answer("info", {"success": True, "version": version})
    with pytest.raises(Rejected, match=words):
        make_scripted(token_secret=secret).probe()


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"success": True, **user("somebody.else")}, 200, Unavailable),
        ({"success": False, "error": "no"}, 400, Rejected),
    ],
)
def test_a_probe_that_finds_no_service_account_says_so(
    body: Any, status: int, error: type[Exception], scripted: ScriptedChat, make_scripted: Make
) -> None:
    scripted.answer("me", body, status)
    with pytest.raises(error):
        make_scripted().probe()
