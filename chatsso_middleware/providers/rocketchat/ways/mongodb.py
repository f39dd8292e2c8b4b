"""`rocketchat.mode = mongodb`: the token is written into the chat's own database."""

from __future__ import annotations

from ....changes import AccountChange
from ....errors import Rejected
from ....sessions import ChatSession, Credentials
from ....users import ChatUser
from ..chat_address import IFRAME_LOGIN
from ..mongodb import UserDocuments
from .way import Means, Way

__all__ = ["MongoDB"]


class MongoDB(Way):
    """``services.iframe.token`` of the user's document (documented): one token for all his browsers."""

    token_field = IFRAME_LOGIN
    scope = "user"

    def __init__(self, means: Means, documents: UserDocuments) -> None:
        """The means' API bounds what `documents` does in time, as it does calls."""
        super().__init__(means)
        self._documents = documents
        self._database = means.api

    def open(self, user: ChatUser, credentials: Credentials | None) -> ChatSession:  # noqa: ARG002 - needs none
        """Write a new token. The chat itself would take it for ever, so its end is ours."""
        create, asked_at = self.means.create_users, self.means.clock()
        user_id, token = self._database.run(
            lambda deadline: self._documents.open_session(user, create=create, deadline=deadline)
        )
        return self.session(token, user_id, asked_at)

    def check(self, session: ChatSession) -> bool:
        """Look whether the token still stands in the document."""
        return self._database.run(
            lambda deadline: self._documents.is_current(session.account, session.token, deadline)
        )

    def close(self, session: ChatSession) -> None:
        """Take the token out, and let the service account, if there is one, end what began with it."""
        self._database.run(lambda deadline: self._documents.close_session(session.account, deadline))
        self._log_out(session.account)

    def close_unknown(self, email: str) -> None:
        """The same, for whoever has this address."""
        account_id = self._database.run(lambda deadline: self._documents.end_sessions(email, deadline))
        if account_id is not None:
            self._log_out(account_id)

    def deliver(self, change: AccountChange) -> None:
        """Write `change` into the database."""
        create = self.means.create_users
        self._database.run(lambda deadline: self._documents.apply(change, create=create, deadline=deadline))

    def probe(self) -> str:
        """Read and write in the database without changing anything."""
        return self._database.run(self._documents.ping)

    def disconnect(self) -> None:
        """Close the connections to the database."""
        self._documents.close()

    def _log_out(self, account_id: str) -> None:
        if self.means.accounts is None:
            return
        try:
            self.means.accounts.log_out(account_id)
        except Rejected as refusal:
            if not refusal.credentials:
                raise
            # The database has ended the sessions, and an alarm has told the owner what is missing.
