"""The state of a stand-in Website Toolbox chat room: accounts, tokens, sessions. It knows no WSGI."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..calls import CallLog
from ..faults import Faults
from .accounts import Account, Accounts
from .conversation import Conversation, Message
from .site_pages import SitePages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["TOKEN_LIFE", "Room", "Session"]

TOKEN_LIFE: Final = 60 * 60
"""Seconds: "This token will get expired in 60 minutes"."""

MOST_SESSIONS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is logged in."""

    id: str = field(repr=False)
    account: Account
    form_token: str = field(repr=False)
    """Proves that a form was filled in on a page of the chat."""


@dataclass(frozen=True, slots=True)
class _Token:
    account: Account
    expires_at: float


class Room:
    """A chat room in memory. Every method may be called from any thread.

    `clock` gives seconds since the epoch. With `reuse_tokens`, a second generate call answers with the token
    that the account has already, as long as it lives: the vendor's page can be read so, too.
    """

    def __init__(
        self,
        api_key: str | None = None,
        *,
        site_pages: SitePages | None = None,
        clock: Callable[[], float] = time.time,
        reuse_tokens: bool = False,
    ) -> None:
        self.api_key = api_key or f"sandbox-{secrets.token_urlsafe(18)}"
        self.site_pages = site_pages or SitePages()
        self.settings_token = secrets.token_urlsafe(18)
        """Proves that the form with the URL settings was filled in on the room's own page."""
        self.calls = CallLog(
            clock, secrets=frozenset({"apikey", "password"}), tokens=frozenset({"access_token"})
        )
        self.faults = Faults(on="/sso/")
        self.fail_with = self.faults.fail_with
        self.recover = self.faults.recover
        self._clock = clock
        self._reuse_tokens = reuse_tokens
        self._lock = threading.RLock()
        self._accounts = Accounts()
        self._conversation = Conversation(clock)
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def __repr__(self) -> str:  # the key is a secret
        return f"Room({len(self._accounts)} accounts)"

    def key_is(self, given: str) -> bool:
        """Whether `given` is the room's API key."""
        return hmac.compare_digest(given.encode(), self.api_key.encode())

    # Accounts

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every account there is."""
        with self._lock:
            return tuple(self._accounts)

    def account(self, email: str) -> Account | None:
        """The account with this address."""
        with self._lock:
            return self._accounts.find(email)

    def register(self, email: str, *, username: str, avatar_url: str = "", password: str = "") -> str:
        """Make a new account and give a token for it. Raises `Refused` where the address has one."""
        with self._lock:
            account = self._accounts.create(
                email, username=username, avatar_url=avatar_url, password=password
            )
            return self._new_token(account)

    def generate_token(
        self, email: str, *, username: str = "", avatar_url: str = "", password: str = ""
    ) -> str:
        """A token for the account with this address, which is made where it is missing.

        `username` and `password` count only then; a picture is taken over always.
        """
        with self._lock:
            account = self._accounts.find(email)
            if account is None:
                return self.register(email, username=username, avatar_url=avatar_url, password=password)
            account.avatar_url = avatar_url or account.avatar_url
            return self._new_token(account)

    def edit(
        self,
        address: str,
        *,
        username: str | None = None,
        email: str | None = None,
        password: str | None = None,
        avatar_url: str | None = None,
    ) -> None:
        """Change an account, see `Accounts.edit`. Its tokens and sessions stay."""
        with self._lock:
            self._accounts.edit(
                address, username=username, email=email, password=password, avatar_url=avatar_url
            )

    def delete(self, addresses: Sequence[str]) -> tuple[list[str], list[str]]:
        """Delete accounts and with them their tokens and sessions; see `Accounts.delete`."""
        with self._lock:
            return self._accounts.delete(addresses)

    # Tokens

    def token_account(self, token: str) -> Account | None:
        """Whose token it is; `None` for one that the room never gave, or no longer takes."""
        with self._lock:
            found = self._tokens.get(token)
        if found is None or found.account.deleted or found.expires_at <= self._clock():
            return None
        return found.account

    def _new_token(self, account: Account) -> str:
        now = self._clock()
        while self._tokens and next(iter(self._tokens.values())).expires_at <= now:
            self._tokens.popitem(last=False)
        if self._reuse_tokens:
            for token, held in self._tokens.items():
                if held.account is account and held.expires_at > now:
                    return token
        token = secrets.token_urlsafe(16)
        self._tokens[token] = _Token(account, now + TOKEN_LIFE)
        return token

    # Sessions

    def session(self, session_id: str) -> Session | None:
        """The session of a browser that shows this id."""
        with self._lock:
            session = self._sessions.get(session_id)
        return None if session is None or session.account.deleted else session

    def log_in(self, token: str, *, instead_of: str = "") -> Session | None:
        """A new session for the owner of `token`, in place of the old one; `None` for a bad token."""
        with self._lock:
            account = self.token_account(token)
            if account is None:
                return None
            self._sessions.pop(instead_of, None)
            session = Session(secrets.token_urlsafe(24), account, secrets.token_urlsafe(24))
            self._sessions[session.id] = session
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
            return session

    def log_out(self, session_id: str) -> None:
        """End a session, if there is one."""
        with self._lock:
            self._sessions.pop(session_id, None)

    # Messages

    def say(self, room: str, session: Session, text: str) -> None:
        """Post a message. Raises `Refused` for one that is blank or too long."""
        with self._lock:
            self._conversation.say(room, session.account, text)

    def messages(self, room: str) -> tuple[Message, ...]:
        """What was said in one room, the oldest first."""
        with self._lock:
            return self._conversation.in_room(room)
