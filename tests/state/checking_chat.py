"""A chat that may take tokens back at any time, and of which each browser has a token of its own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

from chatsso_middleware.errors import Unavailable
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

MakeTokens = Callable[..., Tokens]


class CheckingChat:
    """Gives numbered tokens, takes them back, and notes what it was asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self.good: set[str] = set()
        self.asked: list[str] = []
        self.opened_with: list[Credentials | None] = []
        self.replaced: list[str | None] = []
        self.ended: list[tuple[str, str]] = []
        self.down = False
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.answering = threading.Event()
        """Set once it was asked for a token."""

    def open_session(self, holder: Holder, kept: ChatSession | None) -> ChatSession:
        if self.down:
            raise Unavailable("chat", "is down")
        self.opened_with.append(holder.credentials)
        self.replaced.append(None if kept is None else kept.token)
        token = f"token-{next(self._numbers)}"
        self.good.add(token)
        self.answering.set()
        self.may_answer.wait(LONG)
        return ChatSession(token, self._clock() + 30 * DAY, account="ann")

    def check_session(self, holder: Holder, session: ChatSession) -> bool:
        self.asked.append(session.token)
        if self.down:
            raise Unavailable("chat", "is down")
        return session.token in self.good

    def end_session(self, email: str, session: ChatSession) -> None:
        self.ended.append((email, session.token))
        self.good.discard(session.token)


def tokens_of(chat: CheckingChat, clock: Clock, background: Background, **changed: Any) -> Tokens:
    """Its tokens, with what a test changes."""
    arguments: dict[str, Any] = {
        "open_session": chat.open_session,
        "check_session": chat.check_session,
        "end_session": chat.end_session,
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


def at_laptop(credentials: Credentials | None = None) -> Holder:
    """Ann, who is logged in there."""
    return Holder.logged_in(ANN, 0.0, "laptop", credentials)


def at_phone() -> Holder:
    """Ann, who is logged in there too."""
    return Holder.logged_in(ANN, 0.0, "phone")
