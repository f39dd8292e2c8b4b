"""The ways to log in. Each gives a login token, or raises `Refused` with the words of Meteor."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from .passwords import password_matches
from .refusals import Refused
from .tokens import NewToken

if TYPE_CHECKING:
    from .tokens import Tokens
    from .users import User, Users

__all__ = ["TWO_FACTOR_CODE", "Logins"]

TWO_FACTOR_CODE: Final = "123456"
"""The code that every user with two-factor login has; a real chat takes a new one every 30 seconds."""

_CANCELLED: Final = 0x8ACDC2F
"""``Accounts.LoginCancelledError.numericError`` of Meteor."""


class Logins:
    """Who may log in as whom. The chat's lock guards it."""

    def __init__(self, users: Users, tokens: Tokens) -> None:
        self._users = users
        self._tokens = tokens
        self._credentials: dict[tuple[str, str], str] = {}

    def with_password(
        self, *, digest: str, username: str = "", email: str = "", code: str | None = None
    ) -> NewToken:
        """Log in by the SHA-256 of the password, and the code of the user who needs one."""
        user = self._users.by_username(username) if username else self._users.by_email(email)
        if user is None:
            raise Refused(403, "User not found")
        kept = user.document.get("services", {}).get("password", {}).get("scrypt")
        if kept is None:
            raise Refused(403, "User has no password set")
        if not password_matches(digest, kept):
            raise Refused(403, "Incorrect password")
        if user.two_factor:
            check_code(code)
        return self._tokens.mint(_active(user))

    def with_token(self, token: str) -> NewToken:
        """Log in by a token that was given before; it stays the same token with the same end."""
        found = self._tokens.find(token)
        if found is None:
            raise Refused(403, "You've been logged out by the server. Please log in again.")
        user, kept = found
        if self._tokens.has_expired(kept):
            raise Refused(403, "Your session has expired. Please log in again.")
        return NewToken(_active(user), token, self._tokens.expiry_of(kept))

    def with_iframe_token(self, token: str) -> NewToken:
        """Log in by what stands as plain text in ``services.iframe.token``; an empty one is one, too."""
        user = self._users.where({"services.iframe.token": token})
        if user is None:
            raise Refused(400, "Unrecognized options for login request")
        return self._tokens.mint(_active(user))

    def with_credential(self, credential: str, secret: str) -> NewToken:
        """Log in by what an OAuth login left behind; it works once."""
        user_id = self._credentials.pop((credential, secret), "")
        user = self._users.by_id(user_id)
        if user is None:
            raise Refused(_CANCELLED, "No matching login attempt found")
        return self._tokens.mint(_active(user))

    def add_credential(self, user: User) -> tuple[str, str]:
        """The credential and its secret, as an OAuth login of `user` leaves them behind."""
        made = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._credentials[made] = user.id
        return made


def check_code(code: str | None) -> None:
    """Raise `Refused` unless `code` is the one of a login in two steps."""
    details = {"method": "totp", "availableMethods": ["totp"]}
    if code is None:
        raise Refused("totp-required", "TOTP Required", details)
    if code != TWO_FACTOR_CODE:
        raise Refused("totp-invalid", "TOTP Invalid", details)


def _active(user: User) -> User:
    if not user.active:
        raise Refused("error-user-is-not-activated", "User is not activated")
    return user
