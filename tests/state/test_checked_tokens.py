"""Tokens that a chat may take back at any time, and of which each browser has one of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.sessions import ChatSession, Credentials
from chatsso_middleware.state.background import Background
from chatsso_middleware.state.token_store import TokenStore
from chatsso_middleware.state.tokens import Holder, Tokens
from chatsso_middleware.users import ChatUser

from .conftest import Clock

ANN = ChatUser("ann@example.com")
LONG = 20.0
DAY = 24 * 3600.0
INTERVAL = 300.0


class Chat:
    """Gives numbered tokens, takes them back, and notes what it was asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self.good: set[str] = set()
        self.asked: list[str] = []
        self.opened_with: list[Credentials | None] = []
        self.replaced: list[str | None] = []
        self.down = False

    def open_session(self, holder: Holder, kept: ChatSession | None) -> ChatSession:
        if self.down:
            raise Unavailable("chat", "is down")
        self.opened_with.append(holder.credentials)
        self.replaced.append(None if kept is None else kept.token)
        token = f"token-{next(self._numbers)}"
        self.good.add(token)
        return ChatSession(token, self._clock() + 30 * DAY, account="ann")

    def check_session(self, session: ChatSession) -> bool:
        self.asked.append(session.token)
        if self.down:
            raise Unavailable("chat", "is down")
        return session.token in self.good


@pytest.fixture
def chat(clock: Clock) -> Chat:
    return Chat(clock)


MakeTokens = Callable[..., Tokens]


@pytest.fixture
def make_tokens(chat: Chat, clock: Clock, background: Background) -> MakeTokens:
    def make(**changed: Any) -> Tokens:
        arguments: dict[str, Any] = {
            "open_session": chat.open_session,
            "check_session": chat.check_session,
            "check_interval": INTERVAL,
            "available": lambda: True,
            "worth_waiting": lambda: True,
            "store": TokenStore("memory:", lock_timeout=10),
            "background": background,
            "margin": DAY,
            "scope": "browser",
            "clock": clock,
        }
        return Tokens("chat", "https://chat.example", **arguments | changed)

    return make


@pytest.fixture
def tokens(make_tokens: MakeTokens) -> Tokens:
    return make_tokens()


def at_laptop(credentials: Credentials | None = None) -> Holder:
    return Holder.logged_in(ANN, 0.0, "laptop", credentials)


def token(session: ChatSession | None) -> str:
    assert session is not None
    return session.token


def test_each_browser_has_a_token_of_its_own_and_keeps_it(tokens: Tokens) -> None:
    at_phone = Holder.logged_in(ANN, 0.0, "phone")
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert token(tokens.confirmed(at_phone, LONG)) == "token-2"
    said_again = Holder.logged_in(ChatUser(ANN.email, username="ann"), 900.0, "laptop")
    assert token(tokens.confirmed(said_again, LONG)) == "token-1"
    assert tokens.retire(at_laptop(), None) is not None
    assert tokens.peek(at_laptop()) is None
    assert token(tokens.peek(at_phone)) == "token-2"


def test_a_chat_whose_tokens_are_the_users_gives_all_his_browsers_one(make_tokens: MakeTokens) -> None:
    tokens = make_tokens(scope="user")
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert token(tokens.confirmed(Holder.logged_in(ANN, 0.0, "phone"), LONG)) == "token-1"


def test_a_browser_from_before_there_were_stays_uses_the_users_token(tokens: Tokens) -> None:
    assert token(tokens.confirmed(Holder.logged_in(ANN, 0.0), LONG)) == "token-1"
    assert token(tokens.confirmed(Holder.logged_in(ANN, 5.0), LONG)) == "token-1"


def test_a_token_is_believed_for_a_while_and_checked_once_after_that(
    tokens: Tokens, chat: Chat, clock: Clock
) -> None:
    for _ in range(3):
        clock.advance(99)
        assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == []
    clock.advance(INTERVAL)
    for _ in range(500):
        assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == ["token-1"]


def test_a_token_that_the_chat_took_back_is_replaced_before_it_is_handed_out(
    tokens: Tokens, chat: Chat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    chat.good.clear()
    clock.advance(INTERVAL + 1)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-2"
    assert chat.replaced == [None, None], "a dead token is nothing to renew"


def test_who_asks_again_at_once_may_not_have_got_in_so_his_token_is_checked_sooner(
    tokens: Tokens, chat: Chat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    clock.advance(100)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    chat.good.clear()
    clock.advance(2)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-2"


def test_a_check_that_fails_leaves_the_token_as_it_was(tokens: Tokens, chat: Chat, clock: Clock) -> None:
    tokens.confirmed(at_laptop(), LONG)
    chat.down = True
    clock.advance(INTERVAL + 1)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"
    assert chat.asked == ["token-1"]


def test_a_dead_token_is_not_handed_out_though_no_other_can_be_had(
    tokens: Tokens, chat: Chat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)

    def refuse(session: ChatSession) -> bool:
        chat.down = True  # between the check and the new token
        return False

    tokens._check_session = refuse
    clock.advance(INTERVAL + 1)
    assert tokens.confirmed(at_laptop(), LONG) is None


def test_a_token_is_renewed_before_its_end_and_the_chat_is_told_which(
    tokens: Tokens, chat: Chat, clock: Clock
) -> None:
    tokens.confirmed(at_laptop(), LONG)
    clock.advance(28 * DAY)
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-2"
    assert chat.replaced == [None, "token-1"]


def test_what_a_login_brings_reaches_the_chat_and_ends_an_earlier_refusal(
    make_tokens: MakeTokens, chat: Chat
) -> None:
    def with_password_only(holder: Holder, kept: ChatSession | None) -> ChatSession:
        if holder.credentials is None:
            raise Rejected("chat", "wants the password")
        return chat.open_session(holder, kept)

    tokens = make_tokens(open_session=with_password_only)
    assert tokens.confirmed(at_laptop(), LONG) is None
    assert tokens.begin(at_laptop()) is None, "it was refused just now"
    flight = tokens.begin(at_laptop(Credentials(password="secret")))
    assert flight is not None
    assert flight.result(LONG).token == "token-1"
    assert chat.opened_with == [Credentials(password="secret")]
    assert token(tokens.confirmed(at_laptop(), LONG)) == "token-1"


def test_the_repr_of_credentials_and_holders_tells_nothing() -> None:
    credentials = Credentials(password="pass-word", token="to-ken", oauth=("to-ken-2", "se-cret"))
    shown = f"{credentials!r} {at_laptop(credentials)!r}"
    assert not any(word in shown for word in ("pass-word", "to-ken", "se-cret"))
