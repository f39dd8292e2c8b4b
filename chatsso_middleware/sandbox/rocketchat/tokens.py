"""Login tokens ("resume tokens"), kept in the user's document as Meteor keeps them: hashed."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .users import User, Users

__all__ = ["MOST_TOKENS", "TOKEN_LIFE", "LoginToken", "NewToken", "Tokens", "hash_token"]

TOKEN_LIFE: Final = timedelta(days=90)
"""Rocket.Chat's setting ``Accounts_LoginExpiration`` as it comes."""
MOST_TOKENS: Final = 50
"""Of one user; Rocket.Chat drops the oldest beyond that."""

_PERSONAL: Final = "personalAccessToken"
_PATH: Final = "services.resume.loginTokens"


@dataclass(frozen=True, slots=True)
class LoginToken:
    """What the chat knows of a token: it cannot tell the token itself."""

    hashed: str
    """base64 of the SHA-256 of the token."""
    when: datetime
    """When it was made."""
    personal: bool = False
    """Whether it is a personal access token, which has no end."""


@dataclass(frozen=True, slots=True)
class NewToken:
    """A login that worked: the one moment in which the token itself is there."""

    user: User
    token: str = field(repr=False)
    expires_at: float
    """Seconds since the epoch."""


def hash_token(token: str) -> str:
    """The token as documents hold it."""
    return base64.b64encode(hashlib.sha256(token.encode()).digest()).decode()


class Tokens:
    """The login tokens of all users."""

    def __init__(self, users: Users, clock: Callable[[], float], life: timedelta) -> None:
        self._users = users
        self._clock = clock
        self._life = life

    def mint(self, user: User) -> NewToken:
        """A new token for `user`; beyond `MOST_TOKENS` the oldest are dropped."""
        token = secrets.token_urlsafe(32)
        now = self._push(user, token, {})
        changed = self._users.by_id(user.id) or user
        for old in self.of(changed)[:-MOST_TOKENS]:
            self.drop(user, old.hashed)
        return NewToken(user, token, self._expiry(now))

    def add_personal(self, user: User, token: str | None) -> str:
        """Give `user` a personal access token: this one, or a new one."""
        token = token or secrets.token_urlsafe(32)
        self._push(user, token, {"type": _PERSONAL, "name": "sandbox", "bypassTwoFactor": True})
        return token

    def of(self, user: User) -> tuple[LoginToken, ...]:
        """The tokens in the user's document as it was read, the oldest first."""
        resume: Mapping[str, Any] = (user.document.get("services") or {}).get("resume") or {}
        return tuple(
            LoginToken(each["hashedToken"], _moment_of(each), each.get("type") == _PERSONAL)
            for each in resume.get("loginTokens") or []
            if "hashedToken" in each and "when" in each
        )

    def find(self, token: str) -> tuple[User, LoginToken] | None:
        """Whose token it is, expired or not."""
        hashed = hash_token(token)
        user = self._users.where({f"{_PATH}.hashedToken": hashed})
        if user is None:
            return None
        return user, next(each for each in self.of(user) if each.hashed == hashed)

    def expiry_of(self, token: LoginToken) -> float:
        """When the token ends, in seconds since the epoch."""
        return self._expiry(token.when)

    def has_expired(self, token: LoginToken) -> bool:
        """Whether the token's time is over."""
        return not token.personal and self.expiry_of(token) <= self._clock()

    def drop(self, user: User, hashed: str) -> None:
        """Revoke one token."""
        self._users.collection.update_one({"_id": user.id}, {"$pull": {_PATH: {"hashedToken": hashed}}})

    def drop_all(self, user: User) -> None:
        """Revoke every token of `user`."""
        self._users.collection.update_one({"_id": user.id}, {"$set": {_PATH: []}})

    def _push(self, user: User, token: str, more: Mapping[str, Any]) -> datetime:
        now = datetime.fromtimestamp(self._clock(), UTC)
        kept = {"when": now, "hashedToken": hash_token(token), **more}
        self._users.collection.update_one({"_id": user.id}, {"$push": {_PATH: kept}})
        return now

    def _expiry(self, when: datetime) -> float:
        return (when + self._life).timestamp()


def _moment_of(kept: Mapping[str, Any]) -> datetime:
    """When a token was made. pymongo gives datetimes without a zone, which are in UTC."""
    moment: datetime = kept["when"]
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
