"""What a user of the chat does by himself, with his password or his own token: log in, look, log out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ...errors import Rejected, Unavailable
from ...sessions import ChatSession
from ...users import ChatUser
from ..alarm import Alarm
from .addresses import stored_address
from .replies import Account, Reply, TooManyCalls, read_account, read_identifier
from .rest import Method, RestAPI
from .usernames import possible_usernames

__all__ = ["SECOND_FACTOR", "TOO_MANY_FAILED", "Login", "LoginBlocked", "UserLogins"]

logger = logging.getLogger(__name__)

_REASONS: Final = {
    "error-user-is-not-activated": "the account waits for an administrator of the chat to activate it",
    "error-invalid-email": "the chat wants the address verified first",
}
"""Refusals of a login that say more than that name or password is wrong (observed)."""

SECOND_FACTOR: Final = (
    "the chat wants a second factor from this user; set rocketchat.mode = create_token, whose tokens need"
    " none, or switch two-factor authentication off in the chat"
)
TOO_MANY_FAILED: Final = (
    "takes no logins from this server, or of this user, for a while, since too many failed; enter the address"
    " of the site's server in the chat's setting Block_Multiple_Failed_Logins_Ip_Whitelist"
)
"""Observed: the chat counts the failed logins of all visitors for the one address of the site."""


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
        self._over_limit = Alarm(logger)

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
        address = stored_address(self.provider, user.email)
        for username in possible_usernames(user):
            name = user.name or user.username or username
            fields = {"username": username, "email": address, "pass": password, "name": name}
            reply = self._call(self._registrations, "POST", "users.register", fields)
            if reply.success or reply.takes_address(address):
                return
            if not (reply.taken or reply.name_refused):
                raise reply.refusal(self.provider, "no registration")

    def who(self, session: ChatSession) -> Account | None:
        """Whose token that of `session` is; `None` if the chat does not take it any more."""
        reply = self._call(self._checks, "GET", "me", {}, session)
        if reply.success:
            return read_account(self.provider, reply.body)
        if reply.status == 401:
            return None
        raise Unavailable(self.provider, f"does not say whose token it is (status {reply.status})")

    def log_out(self, session: ChatSession) -> None:
        """End the one session that has this token. One that has ended is fine."""
        reply = self._call(self._logouts, "POST", "logout", {}, session)
        if not (reply.success or reply.status == 401):
            raise reply.refusal(self.provider, "no logout")

    def _log_in(self, fields: dict[str, Any]) -> Login:
        reply = self._call(self._logins, "POST", "login", fields)
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

    def _call(
        self,
        way: RestAPI,
        method: Method,
        path: str,
        fields: Mapping[str, Any],
        session: ChatSession | None = None,
    ) -> Reply:
        """Call `path` by `way`, as the user of `session` or as nobody."""
        user_id, token = (None, None) if session is None else (session.account, session.token)
        try:
            return way.call(method, path, fields, user_id=user_id, token=token)
        except Unavailable as failure:
            if isinstance(failure, TooManyCalls) or failure.status == 429:
                # Once in the life of a process: at the limit, calls that work and calls that fail alternate.
                self._over_limit.sound(
                    "%s: the chat limits our calls, and all visitors share the site's one address. In the"
                    " chat, under Administration, Settings, Rate Limiter, set more calls a minute"
                    " (API_Enable_Rate_Limiter_Limit_Calls_Default, and for registrations"
                    " Rate_Limiter_Limit_RegisterUser), or switch the limit off (API_Enable_Rate_Limiter).",
                    self.provider,
                )
            raise

    def _refusal(self, reply: Reply) -> Rejected | Unavailable:
        if reply.wants_second_factor:
            return LoginBlocked(self.provider, SECOND_FACTOR)
        if reply.blocks_logins:
            return Unavailable(self.provider, TOO_MANY_FAILED)
        if reply.code in _REASONS:
            return LoginBlocked(self.provider, f"no login: {_REASONS[reply.code]}")
        return reply.refusal(self.provider, "no login")
