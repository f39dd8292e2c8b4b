"""What the ways to a login token have in common: how it is checked, and how the session ends."""

from __future__ import annotations

from ....errors import Rejected, Unavailable
from ....sessions import ChatSession
from ....users import ChatUser
from .way import Means, Way

__all__ = ["WithLoginToken"]


class WithLoginToken(Way):
    """A way to what the chat calls a resume token, which its REST API takes too."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self.logins = means.logins

    def renew(self, user: ChatUser, session: ChatSession) -> ChatSession:  # noqa: ARG002 - the token says it
        """Log in again by the token."""
        asked_at = self.means.clock()
        login = self.logins.resume(session.token)
        if login.user_id != session.account:
            raise Rejected(self.provider, "the token that the chat took is somebody else's")
        return self.session(login.token, login.user_id, asked_at)

    def check(self, session: ChatSession) -> bool:
        """Ask the chat whose token it is."""
        account = self.logins.who(session)
        return account is not None and account.id == session.account

    def close(self, session: ChatSession) -> None:
        """Log the user out everywhere by the service account, else end the one session by its own token."""
        accounts = self.means.accounts
        failure: Unavailable | None = None
        if accounts is not None and session.account != accounts.service.id:
            try:
                accounts.log_out(session.account)
            except Rejected:  # where the owner can mend it, an alarm has told him
                pass
            except Unavailable as error:
                failure = error
            else:
                return
        try:
            self.logins.log_out(session)
        except Rejected:
            if failure is None:
                raise
            raise failure from None  # later the service account may do it

    def close_unknown(self, email: str) -> None:
        """Find the account by its address and log it out everywhere."""
        if self.means.accounts is None:
            raise Rejected(
                self.provider,
                "only a service account can end a session whose token is not known any more: set"
                " rocketchat.admin_user_id and rocketchat.admin_token",
            )
        self.means.accounts.log_out_whoever_has(email)

    def probe(self) -> str:
        """Only a user's own login could show more."""
        return "the logins themselves can be tried by a user only"
