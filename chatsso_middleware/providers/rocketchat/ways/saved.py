"""`rocketchat.mode = saved`: the site has a token of the chat for each user already."""

from __future__ import annotations

from collections.abc import Callable

from ....changes import AccountChange, Register
from ....errors import Rejected
from ....sessions import ChatSession, Credentials
from ....users import ChatUser
from ..user_logins import LoginBlocked
from .way import Means
from .with_login_token import WithLoginToken

__all__ = ["Saved"]


class Saved(WithLoginToken):
    """The token of the login event, else the one that `rocketchat.saved_token` gives for the user."""

    def __init__(self, means: Means, saved_token: Callable[[ChatUser], object] | None) -> None:
        super().__init__(means)
        self._saved_token = saved_token

    @property
    def needs_login(self) -> bool:
        """Where no function of the site could be asked later."""
        return self._saved_token is None

    def opens_at_login(self, credentials: Credentials | None) -> bool:
        """Where the login brings a token, which will not be there later."""
        return credentials is not None and credentials.token is not None

    def open(self, user: ChatUser, credentials: Credentials | None) -> ChatSession:
        """Let the chat confirm the token, which tells whose it is; it may give another in its place."""
        token = self._token_of(user, credentials)
        asked_at = self.means.clock()
        try:
            login = self.logins.resume(token)
        except LoginBlocked:
            raise
        except Rejected:
            raise Rejected(
                self.provider,
                "the chat does not take the token that the site has for this user; a logout ends it, so the"
                " site must make a new one after each",
            ) from None
        login.check_address(self.provider, user.email)
        return self.session(login.token, login.user_id, asked_at)

    def deliver(self, change: AccountChange) -> None:
        """A new account is the site's own affair: it is the site that has a token of it."""
        if not isinstance(change, Register):
            super().deliver(change)

    def _token_of(self, user: ChatUser, credentials: Credentials | None) -> str:
        token: object = None if credentials is None else credentials.token
        if token is None and self._saved_token is not None:
            token = self._saved_token(user)
        if token is None or token == "":
            raise Rejected(self.provider, "the site has no token of the chat for this user")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise Rejected(self.provider, "what the site has for this user is no token of the chat")
        return token
