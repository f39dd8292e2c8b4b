"""One login over a connection of its own, against a chat that behaves and against those that do not."""

from __future__ import annotations

import hashlib
import json
import logging
import ssl
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat.ddp import (
    LoginParameters,
    LoginResult,
    NoConnection,
    OAuthLogin,
    PasswordLogin,
    ResumeLogin,
    log_in,
    log_out,
)
from tests.providers.rocketchat.ddp.ddp_server import TOKEN, USER, DDPServer, Visitor

Chat = Callable[..., DDPServer]

SOON = 0.4
"""Seconds that are given to what never comes to an end."""
LATEST = 3.0
"""Seconds. Far below what any of the servers here would take, far above what a busy machine adds."""

PASSWORD = PasswordLogin.with_password("username", "ann", "pass")
OAUTH = OAuthLogin("cr3dential-token", "cr3dential-secret")
RESUME = ResumeLogin(TOKEN)


def entered(
    url: str, parameters: LoginParameters = RESUME, seconds: float = 5.0, **options: Any
) -> LoginResult:
    return log_in(url, parameters, deadline=time.monotonic() + seconds, **options)


def refused(url: str, parameters: LoginParameters = RESUME, seconds: float = 5.0) -> Unavailable | Rejected:
    started = time.monotonic()
    with pytest.raises((Unavailable, Rejected)) as caught:
        entered(url, parameters, seconds)
    assert time.monotonic() - started < LATEST
    written = "".join(traceback.format_exception(caught.value))
    assert not any(text in written for text in (TOKEN, PASSWORD.digest, "cr3dential"))
    error = caught.value
    assert isinstance(error, Unavailable | Rejected)
    assert error.provider == "rocketchat"
    return error


def let_in(visitor: Visitor) -> None:
    visitor.welcome()
    visitor.let_in(visitor.method(), expires_at=1480377601)


def after_the_call(*texts: str) -> Callable[[Visitor], None]:
    """A script that answers the login with `texts`, in which ``CALL`` stands for its id."""

    def script(visitor: Visitor) -> None:
        visitor.welcome()
        call = visitor.method()
        for text in texts:
            visitor.connection.send(text.replace("CALL", call["id"]))

    return script


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (
            PASSWORD,
            {
                "user": {"username": "ann"},
                "password": {"digest": hashlib.sha256(b"pass").hexdigest(), "algorithm": "sha-256"},
            },
        ),
        (OAUTH, {"oauth": {"credentialToken": "cr3dential-token", "credentialSecret": "cr3dential-secret"}}),
        (RESUME, {"resume": TOKEN}),
    ],
    ids=["password", "oauth", "resume"],
)
def test_each_way_of_the_vendors_page_logs_in(
    chat: Chat, parameters: LoginParameters, sent: dict[str, Any]
) -> None:
    server = chat(let_in)
    assert entered(server.url, parameters) == LoginResult(USER, TOKEN, 1480377601.0)
    assert server.wait_until_left(1)
    assert server.visitors[0].heard[1]["params"] == [sent]


def test_it_works_over_tls(chat: Chat, tls: ssl.SSLContext, authority_file: str) -> None:
    assert entered(chat(let_in, tls).url, verify=authority_file).token == TOKEN


def test_updated_before_the_result_and_news_of_the_user_are_read_past(chat: Chat) -> None:
    server = chat(
        after_the_call(
            '{"msg":"added","collection":"users","id":"u","fields":{"username":"ann"}}',
            '{"msg":"updated","methods":["CALL"]}',
            '{"msg":"result","id":"CALL","result":{"id":"u","token":"T"}}',
        )
    )
    assert entered(server.url) == LoginResult("u", "T", None)


def test_pings_are_answered_while_the_login_takes_its_time(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        call = visitor.method()
        visitor.say(msg="ping", id="1")
        visitor.say(msg="ping")
        assert [visitor.hear(), visitor.hear()] == [{"msg": "pong", "id": "1"}, {"msg": "pong"}]
        visitor.let_in(call)

    assert entered(chat(script).url).user_id == USER


@pytest.mark.parametrize(
    ("code", "reason", "told"),
    [
        (403, "Incorrect password", "refuses the login: Incorrect password"),
        (403, f"No such token: {TOKEN}", "refuses the login"),
        (
            "totp-required",
            "TOTP Required",
            "wants a second factor from this user, which only he has: TOTP Required",
        ),
    ],
)
def test_a_no_is_rejected(chat: Chat, code: int | str, reason: str, told: str) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.refuse(visitor.method(), code, reason)

    server = chat(script)
    error = refused(server.url)
    assert isinstance(error, Rejected)
    assert error.reason == told
    assert server.wait_until_left(1)


def test_a_limit_is_obeyed(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.refuse(visitor.method(), "too-many-requests", "You must wait", timeToReset=7777)

    server = chat(script)
    error = refused(server.url)
    assert isinstance(error, Unavailable)
    assert error.retry_after == 7.777
    assert server.wait_until_left(1)


def test_another_version_of_ddp_is_rejected(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.say(msg="failed", version="pre2")

    error = refused(chat(script).url)
    assert isinstance(error, Rejected)
    assert error.reason == "speaks another version of DDP than 1"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("secret", "broke the rules of DDP: malformed JSON instead of a message"),
        ('{"msg":"result","id":"CALL"}', "broke the rules of DDP: a login whose result is no object"),
        (
            '{"msg":"result","id":"CALL","result":{"id":"u","token":{"$ne":""}}}',
            "broke the rules of DDP: a login whose token is none that can be used",
        ),
        (
            '{"msg":"result","id":"another","result":{"id":"u","token":"T"}}',
            "broke the rules of DDP: the result of a call that is not under way",
        ),
        ('{"msg":"error","reason":"secret"}', "made nothing of our call of the method login"),
        ('{"msg":"x","x":"' + "x" * 65536 + '"}', "sent a message of more than 65536 bytes"),
    ],
    ids=lambda value: value[:40],
)
def test_nonsense_is_told_without_being_quoted_and_not_asked_for_twice(
    chat: Chat, text: str, reason: str
) -> None:
    server = chat(after_the_call(text))
    error = refused(server.url)
    assert type(error) is Unavailable
    assert error.reason == reason
    assert server.wait_until_left(1)


def silence(visitor: Visitor) -> None:
    visitor.hold()


def silence_after_the_call(visitor: Visitor) -> None:
    visitor.welcome()
    visitor.method()
    visitor.hold()


def pings_for_ever(visitor: Visitor) -> None:
    visitor.welcome()
    visitor.method()
    while not visitor.stopped.is_set():
        visitor.say(msg="ping", id="x" * 100)


def news_for_ever(visitor: Visitor) -> None:
    while not visitor.stopped.is_set():
        visitor.say(server_id="0")


def drip(visitor: Visitor) -> None:
    visitor.welcome()
    visitor.method()

    def letters() -> Any:
        for letter in '{"msg":"result","id":"1","result":' + " " * 10000:
            yield letter
            if visitor.stopped.wait(0.02):
                return

    visitor.connection.send(letters())


@pytest.mark.parametrize("script", [silence, silence_after_the_call, pings_for_ever, news_for_ever, drip])
def test_the_deadline_is_for_all_of_it(chat: Chat, script: Callable[[Visitor], None]) -> None:
    server = chat(script)
    started = time.monotonic()
    error = refused(server.url, seconds=SOON)
    assert error.reason == "gave no whole answer in time"
    assert type(error) is Unavailable
    assert time.monotonic() - started >= SOON
    assert len(server.visitors) == 1


def closes_the_first(until: Callable[[Visitor], object]) -> Callable[[Visitor], None]:
    """A script that closes the first connection after `until`, and lets in over the second."""

    def script(visitor: Visitor) -> None:
        if visitor.number == 1:
            until(visitor)
            visitor.connection.close()
        else:
            let_in(visitor)

    return script


@pytest.mark.parametrize("parameters", [PASSWORD, OAUTH, RESUME], ids=["password", "oauth", "resume"])
@pytest.mark.parametrize(
    "until", [lambda visitor: None, lambda visitor: visitor.hear()], ids=["open", "connect"]
)
def test_a_connection_lost_before_the_call_is_made_again(
    chat: Chat, parameters: LoginParameters, until: Callable[[Visitor], object]
) -> None:
    server = chat(closes_the_first(until))
    assert entered(server.url, parameters).token == TOKEN
    assert server.wait_until_left(2)


def until_the_call(visitor: Visitor) -> None:
    visitor.welcome()
    visitor.method()


@pytest.mark.parametrize("parameters", [PASSWORD, RESUME], ids=["password", "resume"])
def test_a_connection_lost_after_the_call_is_made_again(chat: Chat, parameters: LoginParameters) -> None:
    server = chat(closes_the_first(until_the_call))
    assert entered(server.url, parameters).token == TOKEN
    assert server.wait_until_left(2)
    assert [visitor.heard[1] for visitor in server.visitors] == [server.visitors[0].heard[1]] * 2


def test_a_chat_that_leaves_with_the_result_has_given_it(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        call = visitor.method()
        visitor.say(msg="ping")
        visitor.let_in(call)
        visitor.connection.close()

    server = chat(script)
    assert entered(server.url, OAUTH).token == TOKEN
    assert server.wait_until_left(1)


def test_an_oauth_credential_goes_out_once(chat: Chat) -> None:
    server = chat(closes_the_first(until_the_call))
    assert isinstance(refused(server.url, OAUTH), NoConnection)
    assert server.wait_until_left(1)


def test_a_connection_is_made_twice_and_not_more_often(chat: Chat) -> None:
    server = chat(lambda visitor: visitor.connection.close())
    assert isinstance(refused(server.url), NoConnection)
    assert server.wait_until_left(2)


def test_there_is_no_second_try_without_time_for_it(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "chatsso_middleware.providers.rocketchat.ddp.line._random.uniform", lambda low, high: 9
    )
    server = chat(lambda visitor: visitor.connection.close())
    assert isinstance(refused(server.url, seconds=2), NoConnection)
    assert server.wait_until_left(1)


def test_nothing_of_a_login_is_logged(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("", "websockets", "websockets.client", "chatsso", "chatsso.websocket"):
        caplog.set_level(logging.DEBUG, logger=name)
    caplog.set_level(logging.WARNING, logger="websockets.server")  # the server of this test
    server = chat(let_in)
    for parameters in (PASSWORD, OAUTH, RESUME):
        entered(server.url, parameters)
    assert not [record for record in caplog.records if not record.name.startswith("websockets.server")]


def test_a_missing_library_is_told_with_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "chatsso_middleware.providers.rocketchat.ddp.websocket", raising=False)
    for name in [name for name in sys.modules if name.startswith("websockets.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "websockets", None)
    error = refused("http://127.0.0.1:1")
    assert isinstance(error, Rejected)
    assert error.reason == ("needs the package websockets here: pip install 'chatsso-middleware[realtime]'")


def test_another_missing_module_is_not_taken_for_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "chatsso_middleware.providers.rocketchat.ddp.websocket", raising=False)
    monkeypatch.setitem(sys.modules, "chatsso_middleware.providers.rocketchat.ddp.sockets", None)
    with pytest.raises(ModuleNotFoundError, match="sockets"):
        entered("http://127.0.0.1:1")


def test_a_login_is_ended_with_its_token(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        call = visitor.method()
        assert call["params"] == [{"resume": TOKEN}]
        visitor.let_in(call)
        call = visitor.method("logout")
        assert call["params"] == []
        visitor.say(msg="result", id=call["id"])

    server = chat(script)
    log_out(server.url, TOKEN, deadline=time.monotonic() + 5)
    assert server.wait_until_left(1)
    assert [message["msg"] for message in server.visitors[0].heard] == ["connect", "method", "method"]


def test_a_login_that_has_ended_needs_no_end(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.refuse(visitor.method(), 403, "You've been logged out by the server. Please log in again.")
        with pytest.raises(ConnectionClosed):
            visitor.hear()

    server = chat(script)
    log_out(server.url, TOKEN, deadline=time.monotonic() + 5)
    assert server.wait_until_left(1)


def test_a_logout_that_fails_is_told(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        visitor.refuse(visitor.method("logout"), 500, "Internal server error")

    with pytest.raises(Unavailable, match=r"failed in the method logout \(error 500\)"):
        log_out(chat(script).url, TOKEN, deadline=time.monotonic() + 5)


def test_what_goes_over_the_wire_is_ascii(chat: Chat) -> None:
    seen: list[str | bytes] = []

    def script(visitor: Visitor) -> None:
        visitor.welcome()
        seen.append(visitor.connection.recv())
        visitor.let_in({"id": "1"})

    entered(chat(script).url, PasswordLogin.with_password("username", '\u2028</script>\u00df"', "pass"))
    assert isinstance(seen[0], str)
    assert seen[0].isascii()
    assert json.loads(seen[0])["params"][0]["user"] == {"username": '\u2028</script>\u00df"'}
