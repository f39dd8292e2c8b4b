"""`rocketchat.mode = password`: site and chat have the password in common, which the login brings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ....changes import AccountChange, Register
from ....errors import Rejected
from ....sessions import ChatSession, Credentials
from ....users import ChatUser
from ..user_logins import LoginBlocked
from .with_login_token import WithLoginToken

__all__ = ["Password", "WithPassword"]

Found = TypeVar("Found")


class WithPassword(WithLoginToken):
    """What the modes `password` and `realtime` share: an account that is missing is made at the first login.

    The password stays nowhere: not in an attribute, a log line or an error.
    """

    has_passwords = True

    def opens_at_login(self, credentials: Credentials | None) -> bool:
        """Where the login brings what will not be there later."""
        return credentials is not None

    def log_in_or_join(self, user: ChatUser, password: str, log_in: Callable[[], Found]) -> Found:
        """What `log_in` gives; where the chat refuses it and the account may be missing, after it was made.

        The chat does not say which of the two it was. An account that another request made in the same
        moment counts as made, so `log_in` is tried again in any case; its second refusal is the answer.
        """
        try:
            return log_in()
        except LoginBlocked:
            raise
        except Rejected:
            if not self.means.create_users:
                raise
        if self.means.accounts is None:
            self.logins.register(user, password)
        else:
            self.means.accounts.find_or_create(user, password)
        return log_in()

    def deliver(self, change: AccountChange) -> None:
        """Register as a visitor of the chat would; without a password, the first login does it."""
        if not isinstance(change, Register):
            super().deliver(change)
        elif change.password is not None and self.means.create_users:
            self.logins.register(change.user, change.password)


class Password(WithPassword):
    """``login`` with the password (documented)."""

    def open(self, user: ChatUser, credentials: Credentials | None) -> ChatSession:
        """Log in by address and password."""
        password = None if credentials is None else credentials.password
        if not password:
            raise Rejected(self.provider, "the chat wants a login on the site with the password")
        asked_at = self.means.clock()
        login = self.log_in_or_join(user, password, lambda: self.logins.log_in(user.email, password))
        return self.session(login.token, login.user_id, asked_at)
