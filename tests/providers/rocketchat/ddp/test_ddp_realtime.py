"""A login on a connection that stays open: pings, renewal, reconnection, the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.providers.rocketchat.ddp import (
    LoginResult,
    NoConnection,
    OAuthLogin,
    PasswordLogin,
    Realtime,
    ResumeLogin,
)
from tests.providers.rocketchat.ddp.ddp_server import TOKEN, USER, DDPServer, Visitor, frame, open_by_hand

Chat = Callable[..., DDPServer]

PASSWORD = PasswordLogin.with_password("username", "ann", "pass")
START = 1_800_000_000.0


class Clock:
    """Seconds since the epoch, as a test sets them."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


class RunningClock:
    """Seconds since the epoch, which a test sets and which go on."""

    def __init__(self) -> None:
        self.jump_to(START)

    def jump_to(self, now: float) -> None:
        self._ahead = now - time.monotonic()

    def __call__(self) -> float:
        return self._ahead + time.monotonic()


class Accounts:
    """A script that lets everybody in, with one token after the other, and keeps what was asked for."""

    def __init__(self, *ends: float | None) -> None:
        """The logins end at `ends`, one after the other, and the last holds for all that follow."""
        self.ends = list(ends or [None])
        self.asked: list[object] = []

    def __call__(self, visitor: Visitor) -> None:
        visitor.welcome()
        while True:
            call = visitor.hear()
            if call["msg"] != "method":
                continue
            if call["method"] == "login":
                self.asked += call["params"]
                end = self.ends.pop(0) if len(self.ends) > 1 else self.ends[0]
                visitor.let_in(call, token=f"token-{len(self.asked)}", expires_at=end)
            else:
                self.asked.append(call["method"])
                visitor.result(call, None)


def test_a_login_stays_with_its_connection(chat: Chat) -> None:
    accounts = Accounts()
    server = chat(accounts)
    with Realtime(server.url) as realtime:
        assert realtime.login != (login := realtime.log_in(PASSWORD))
        assert login == realtime.login == LoginResult(USER, "token-1", None)
        assert realtime.keep_alive(0) == realtime.keep_alive(0.1) == login
    assert server.wait_until_left(1)
    assert accounts.asked == [PASSWORD.parameter]


def test_pings_are_answered_while_it_is_kept_alive_and_when_it_looks_late(chat: Chat) -> None:
    answered = threading.Event()

    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        for name in ("1", "2"):
            visitor.say(msg="ping", id=name)
            assert visitor.hear() == {"msg": "pong", "id": name}
        answered.set()

    with Realtime(chat(script).url) as realtime:
        realtime.log_in(PASSWORD)
        deadline = time.monotonic() + 5
        while not answered.is_set() and time.monotonic() < deadline:
            realtime.keep_alive(0)
        assert answered.is_set()


def test_it_is_renewed_before_its_end_with_the_token_and_over_the_same_connection(chat: Chat) -> None:
    clock = Clock()
    accounts = Accounts(START + 3600, START + 7200)
    server = chat(accounts)
    with Realtime(server.url, margin=300, clock=clock) as realtime:
        realtime.log_in(PASSWORD)
        clock.now = START + 3299
        assert realtime.keep_alive(0).token == "token-1"
        clock.now = START + 3300
        assert realtime.keep_alive(0) == LoginResult(USER, "token-2", START + 7200)
        assert realtime.keep_alive(0).token == "token-2"
    assert accounts.asked == [PASSWORD.parameter, {"resume": "token-1"}]
    assert server.wait_until_left(1)


def test_a_renewal_comes_due_while_it_is_kept_alive(chat: Chat) -> None:
    clock = RunningClock()
    accounts = Accounts(START + 3600, None)
    with Realtime(chat(accounts).url, margin=300, clock=clock) as realtime:
        realtime.log_in(PASSWORD)
        clock.jump_to(START + 3299.8)
        assert realtime.keep_alive(0.5).token == "token-2"
    assert accounts.asked == [PASSWORD.parameter, {"resume": "token-1"}]


def test_a_login_that_is_renewed_in_vain_is_not_renewed_all_the_time(chat: Chat) -> None:
    clock = Clock()
    accounts = Accounts(START + 3600)
    with Realtime(chat(accounts).url, margin=300, clock=clock) as realtime:
        realtime.log_in(PASSWORD)
        for seconds in range(300, -10, -5):
            clock.now = START + 3600 - seconds
            realtime.keep_alive(0)
    # The login; 300, 150, 75, 35 seconds before the end; then every 10 seconds, also after the end.
    assert len(accounts.asked) == 1 + 4 + 3


@pytest.mark.parametrize("expires_at", [None, START + 3600])
def test_a_lost_connection_is_made_again_with_the_token(chat: Chat, expires_at: float | None) -> None:
    accounts = Accounts(expires_at)

    def script(visitor: Visitor) -> None:
        if visitor.number == 1:
            visitor.welcome()
            visitor.let_in(visitor.method(), token="token-0", expires_at=expires_at)
            visitor.connection.close()
        else:
            accounts(visitor)

    server = chat(script)
    with Realtime(server.url, clock=Clock()) as realtime:
        realtime.log_in(OAuthLogin("T", "S"))
        deadline = time.monotonic() + 5
        while realtime.login == LoginResult(USER, "token-0", expires_at) and time.monotonic() < deadline:
            realtime.keep_alive(0.3)
        assert realtime.login == LoginResult(USER, "token-1", expires_at)
    assert accounts.asked == [{"resume": "token-0"}]
    assert server.wait_until_left(2)


def test_a_chat_that_loses_every_connection_is_tried_with_pauses_until_the_time_is_over(
    chat: Chat,
) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        visitor.connection.close()

    server = chat(script)
    with Realtime(server.url) as realtime:
        login = realtime.log_in(PASSWORD)
        with pytest.raises(NoConnection):
            realtime.keep_alive(1)
        assert realtime.login == login
    assert 2 <= len(server.visitors) < 100


def test_a_connection_lost_in_the_last_moment_is_made_again(chat: Chat) -> None:
    accounts = Accounts()
    server = chat(accounts)
    with Realtime(server.url) as realtime:
        realtime.log_in(PASSWORD)
        server.visitors[0].connection.close()
        assert realtime.keep_alive(0).token == "token-2"
    assert accounts.asked == [PASSWORD.parameter, {"resume": "token-1"}]


def test_a_chat_that_takes_the_token_no_longer_ends_the_login(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        call = visitor.method()
        if visitor.number == 1:
            visitor.let_in(call)
            visitor.connection.close()
        else:
            visitor.refuse(call, 403, "You've been logged out by the server. Please log in again.")

    with Realtime(chat(script).url) as realtime:
        realtime.log_in(PASSWORD)
        with pytest.raises(Rejected, match="logged out by the server"):
            realtime.keep_alive(5)
        assert realtime.login is None
        for step in (realtime.renew, lambda: realtime.keep_alive(5)):
            with pytest.raises(Rejected, match="has no login of this user that could go on"):
                step()


def test_a_chat_that_talks_nonsense_is_left_and_the_login_kept(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        visitor.connection.send("nonsense")

    server = chat(script)
    with Realtime(server.url) as realtime:
        login = realtime.log_in(PASSWORD)
        with pytest.raises(Unavailable, match="broke the rules of DDP"):
            realtime.keep_alive(5)
        assert realtime.login == login
        assert server.wait_until_left(1)
        assert realtime.renew() == login
    assert server.visitors[1].heard[1]["params"] == [{"resume": login.token}]


def test_a_silent_chat_is_asked_and_one_that_answers_is_kept(chat: Chat) -> None:
    asked = threading.Semaphore(0)

    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        while True:
            assert visitor.hear() == {"msg": "ping"}
            visitor.say(msg="pong")
            asked.release()

    server = chat(script)
    with Realtime(server.url, heartbeat=0.05) as realtime:
        realtime.log_in(PASSWORD)
        deadline = time.monotonic() + 5
        for _ in range(3):
            while not asked.acquire(blocking=False) and time.monotonic() < deadline:
                realtime.keep_alive(0.05)
        assert time.monotonic() < deadline
    assert server.wait_until_left(1)


def test_a_chat_that_has_gone_without_a_word_is_left(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        if visitor.number == 1:
            visitor.hold()

    server = chat(script)
    with Realtime(server.url, heartbeat=0.05, timeout=1.0) as realtime:
        realtime.log_in(PASSWORD)
        realtime.keep_alive(1.5)
    assert server.visitors[1].heard[1]["params"] == [{"resume": TOKEN}]


def test_what_came_while_nobody_listened_is_heard_before_the_chat_is_given_up(chat: Chat) -> None:
    answered = threading.Event()

    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        while True:
            assert visitor.hear() == {"msg": "ping"}
            visitor.say(msg="pong")
            answered.set()

    server = chat(script)
    with Realtime(server.url, heartbeat=0.01, timeout=1.0) as realtime:
        realtime.log_in(PASSWORD)
        realtime.keep_alive(0.02)
        assert answered.wait(5)
        patience_ends = time.monotonic() + 1.1
        while time.monotonic() < patience_ends:
            threading.Event().wait(0.1)
        realtime.keep_alive(0)
    assert server.wait_until_left(1)


def open_and_let_in(wire: Any) -> None:
    open_by_hand(wire)
    wire.connection.recv(4096)
    wire.send(frame(b'{"msg":"connected"}'))
    wire.connection.recv(4096)
    wire.send(frame(b'{"msg":"result","id":"1","result":{"id":"u","token":"T"}}'))


def test_a_flood_of_pings_ends_with_the_time(raw_server: Callable[..., Any]) -> None:
    def script(wire: Any) -> None:
        open_and_let_in(wire)
        while not wire.stopped.is_set():
            wire.send(frame(b'{"msg":"ping"}') * 100)
            wire.connection.recv(65536)

    server = raw_server(script)
    with Realtime(server.url) as realtime:
        login = realtime.log_in(PASSWORD)
        started = time.monotonic()
        assert realtime.keep_alive(0.2) == login
        assert realtime.keep_alive(0) == login
        assert time.monotonic() - started < 2
    assert server.connections == 1


def test_a_chat_that_takes_nothing_more_is_left(raw_server: Callable[..., Any]) -> None:
    def script(wire: Any) -> None:
        open_and_let_in(wire)
        if server.connections == 1:
            wire.connection.settimeout(5)
            while not wire.stopped.is_set():
                wire.send(frame(b'{"msg":"ping","id":"%s"}' % (b"x" * 60000)))
        wire.hold()

    server = raw_server(script)
    with Realtime(server.url, heartbeat=0.5, timeout=5) as realtime:
        login = realtime.log_in(PASSWORD)
        assert realtime.keep_alive(1) == login
    assert server.connections == 2


def test_another_user_takes_the_place_of_the_first(chat: Chat) -> None:
    accounts = Accounts()
    server = chat(accounts)
    with Realtime(server.url) as realtime:
        realtime.log_in(PASSWORD)
        realtime.log_in(ResumeLogin("bob"))
        assert realtime.login == LoginResult(USER, "token-2", None)
    assert accounts.asked == [PASSWORD.parameter, {"resume": "bob"}]
    assert server.wait_until_left(1)


def test_a_refused_login_leaves_nobody_logged_in(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        visitor.refuse(visitor.method(), 403, "Incorrect password")

    with Realtime(chat(script).url) as realtime:
        realtime.log_in(PASSWORD)
        with pytest.raises(Rejected, match="Incorrect password"):
            realtime.log_in(ResumeLogin("bob"))
        assert realtime.login is None


def test_a_logout_ends_the_login_at_the_chat(chat: Chat) -> None:
    accounts = Accounts()
    with Realtime(chat(accounts).url) as realtime:
        realtime.log_out()
        realtime.log_in(PASSWORD)
        realtime.log_out()
        assert realtime.login is None
        realtime.log_out()
    assert accounts.asked == [PASSWORD.parameter, {"resume": "token-1"}, "logout"]


def test_a_logout_comes_through_over_a_new_connection(chat: Chat) -> None:
    accounts = Accounts()
    server = chat(accounts)
    with Realtime(server.url) as realtime:
        realtime.log_in(PASSWORD)
        realtime.close()
        assert server.wait_until_left(1)
        realtime.log_out()
    assert accounts.asked == [PASSWORD.parameter, {"resume": "token-1"}, "logout"]
    assert server.wait_until_left(2)


def test_a_logout_that_did_not_reach_the_chat_can_be_asked_for_again(chat: Chat) -> None:
    def script(visitor: Visitor) -> None:
        visitor.welcome()
        visitor.let_in(visitor.method())
        while True:
            visitor.hear()

    with Realtime(chat(script).url, timeout=0.5) as realtime:
        login = realtime.log_in(PASSWORD)
        with pytest.raises(Unavailable, match="gave no whole answer in time"):
            realtime.log_out()
        assert realtime.login == login
