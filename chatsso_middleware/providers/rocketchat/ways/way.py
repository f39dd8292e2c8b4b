"""What a way to a token must be able to do, and what holds for all of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final, Literal

from ....changes import AccountChange
from ....errors import Rejected
from ....sessions import ChatSession, Credentials
from ....users import ChatUser
from ...api import ChatAPI
from ..accounts import Accounts
from ..chat_address import RESUMED_LOGIN, TokenField
from ..user_logins import UserLogins

__all__ = ["LIFE", "Means", "Way"]

LIFE: Final = timedelta(days=30).total_seconds()
"""Seconds for which a token is believed where the chat names no end. The chat's default is 90 days
(`Accounts_LoginExpiration`); where its owner has chosen fewer than 30, a check finds the token gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the ways work with."""

    provider: str
    url: str
    """The chat's own address, without a slash at its end."""
    api: ChatAPI
    logins: UserLogins
    accounts: Accounts | None
    """What the service account can reach; `None` if there is none."""
    create_users: bool
    clock: Callable[[], float]
    """Seconds since the epoch."""


class Way(ABC):
    """One `rocketchat.mode`. Its methods wait for the *network*, all but `opens_at_login`, in any thread."""

    token_field: ClassVar[TokenField] = RESUMED_LOGIN
    """What the chat's page calls the token."""
    scope: ClassVar[Literal["user", "browser"]] = "browser"
    """Whether all browsers of a user share a token, or each has its own."""
    has_passwords: ClassVar[bool] = False
    """Whether site and chat have the users' passwords in common."""

    def __init__(self, means: Means) -> None:
        self.means = means
        self.provider = means.provider

    @property
    def needs_login(self) -> bool:
        """Whether only a login on the site can open a session, since it brings what nobody has later."""
        return self.has_passwords

    def opens_at_login(self, credentials: Credentials | None) -> bool:  # noqa: ARG002 - most need none
        """Whether a login that brings `credentials` opens a session at once.

        Not where it can wait: the chat takes 10 calls a minute by default, and not every visitor chats.
        """
        return False

    @abstractmethod
    def open(self, user: ChatUser, credentials: Credentials | None) -> ChatSession:
        """A new session of `user`."""

    def renew(self, user: ChatUser, session: ChatSession) -> ChatSession:  # noqa: ARG002 - most need none
        """A session with a younger token."""
        return self.open(user, None)

    @abstractmethod
    def check(self, session: ChatSession) -> bool:
        """Whether the chat still takes the token; raises `Unavailable` where it does not say."""

    @abstractmethod
    def close(self, session: ChatSession) -> None:
        """End the session, in the chat too. One that has ended is fine."""

    @abstractmethod
    def close_unknown(self, email: str) -> None:
        """End the sessions of whoever has this address. Raises `Rejected` where that cannot be done."""

    def deliver(self, change: AccountChange) -> None:  # noqa: ARG002 - see the reason
        """Bring `change` to the chat, without a service account."""
        raise Rejected(
            self.provider,
            "an account can be changed by a service account only: set rocketchat.admin_user_id and"
            " rocketchat.admin_token",
        )

    @abstractmethod
    def probe(self) -> str:
        """Say in a sentence what can be seen of the way without a user."""

    def disconnect(self) -> None:  # noqa: B027 - most keep none
        """Close what connections the way keeps open by itself. A later call opens new ones."""

    def session(
        self, token: str, account: str, asked_at: float, expires_at: float | None = None
    ) -> ChatSession:
        """A session that the chat has just given; it ends after `LIFE` at the latest."""
        latest = asked_at + LIFE
        end = latest if expires_at is None else min(expires_at, latest)
        return ChatSession(token, end, account, asked_at)
