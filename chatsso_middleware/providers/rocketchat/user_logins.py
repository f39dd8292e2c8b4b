"""What a user of the chat does by himself, with his password or his own token: log in, look, log out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from ...errors import Rejected, Unavailable
from ...sessions import ChatSession
from ...users import ChatUser
from .addresses import stored_address
from .replies import Account, Reply, read_account, read_identifier
from .rest import RestAPI
from .usernames import possible_usernames

__all__ = ["Login", "LoginBlocked", "UserLogins"]

_REASONS: Final = {
    "error-user-is-not-activated": "the account waits for an administrator of the chat to activate it",
    "error-invalid-email": "the chat wants the address verified first",
}
"""Refusals of a login that say more than that name or password is wrong (observed)."""

_SECOND_FACTOR: Final = (
    "the chat wants a second factor from this user; set rocketchat.mode = create_token, whose tokens need"
    " none, or switch two-factor authentication off in the chat"
)


class LoginBlocked(Rejected):
    """The account is there, and something else than name and password stands in the way of a login."""


@dataclass(frozen=True, slots=True)
class Login:
    """What a login brought."""

    user_id: str
    token: str = field(repr=False)
    account: Account | None
    """Who was logged in, where the chat tells."""

    def check_address(self, provider: str, address: str) -> None:
        """Raise `Rejected` where the chat says that the user has addresses, and `address` is none of them."""
        stored = stored_address(provider, address)
        if (
            self.account is not None
            and self.account.addresses is not None
            and not self.account.has_address(stored)
        ):
            raise Rejected(provider, "the token that the site has for the user is somebody else's")


class UserLogins:
    """Calls that need no service account. Every method may be called in any thread. *Network.*"""

    def __init__(self, rest: RestAPI) -> None:
        """Logins go by `rest`; the rest has ways of its own.

        All users share our one address, so checks and registrations meet their limits soon: that must silence
        neither logins nor logouts.
        """
        self._logins = rest
        self._registrations = rest.beside()
        self._checks = rest.beside()
        self._logouts = rest.beside()

    @property
    def provider(self) -> str:
        """The name that stands in errors."""
        return self._logins.provider

    def log_in(self, address: str, password: str) -> Login:
        """Log in whoever has `address`, by his password.

        Raises `LoginBlocked`, or plain `Rejected`: the chat does not say whether there is no such account or
        the password is wrong.
        """
        return self._log_in({"user": stored_address(self.provider, address), "password": password})

    def resume(self, token: str) -> Login:
        """Log in again by a token, in whose way no second factor stands."""
        return self._log_in({"resume": token})

    def register(self, user: ChatUser, password: str) -> None:
        """Make an account as a visitor of the chat would. One that exists already is fine.

        By default the chat takes one registration a minute from an address. A second user name, where the
        first is somebody else's, needs one that takes more (`Rate_Limiter_Limit_RegisterUser`).
        """
        for username in possible_usernames(user):
            name = user.name or user.username or username
            fields = {"username": username, "email": user.email, "pass": password, "name": name}
            reply = self._registrations.call("POST", "users.register", fields)
            if reply.success:
                return
            if not (reply.taken or reply.name_refused):
                raise reply.refusal(self.provider, "no registration")

    def who(self, session: ChatSession) -> Account | None:
        """Whose token that of `session` is; `None` if the chat does not take it any more."""
        reply = self._checks.call("GET", "me", {}, **_as_user(session))
        if reply.success:
            return read_account(self.provider, reply.body)
        if reply.status == 401:
            return None
        raise Unavailable(self.provider, f"does not say whose token it is (status {reply.status})")

    def log_out(self, session: ChatSession) -> None:
        """End the one session that has this token. One that has ended is fine."""
        reply = self._logouts.call("POST", "logout", {}, **_as_user(session))
        if not (reply.success or reply.status == 401):
            raise reply.refusal(self.provider, "no logout")

    def _log_in(self, fields: dict[str, Any]) -> Login:
        reply = self._logins.call("POST", "login", fields)
        if not reply.success:
            raise self._refusal(reply)
        data = reply.body.get("data")
        found = data if isinstance(data, dict) else {}
        me = found.get("me")
        return Login(
            read_identifier(self.provider, found.get("userId"), "a user id"),
            read_identifier(self.provider, found.get("authToken"), "a token"),
            None if me is None else read_account(self.provider, me),
        )

    def _refusal(self, reply: Reply) -> Rejected:
        if reply.wants_second_factor:
            return LoginBlocked(self.provider, _SECOND_FACTOR)
        if reply.code in _REASONS:
            return LoginBlocked(self.provider, f"no login: {_REASONS[reply.code]}")
        return reply.refusal(self.provider, "no login")


def _as_user(session: ChatSession) -> dict[str, str]:
    return {"user_id": session.account, "token": session.token}
