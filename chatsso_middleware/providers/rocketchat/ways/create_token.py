"""`rocketchat.mode = create_token`: the service account makes a login token for each user."""

from __future__ import annotations

from ....sessions import ChatSession, Credentials
from ....users import ChatUser
from ..accounts import Accounts
from ..addresses import stored_address
from ..takeover import take_over
from .way import Means
from .with_login_token import WithLoginToken

__all__ = ["CreateToken"]


class CreateToken(WithLoginToken):
    """``users.createToken`` (documented). No second factor is asked of who logs in by its tokens."""

    def __init__(self, means: Means, accounts: Accounts) -> None:
        super().__init__(means)
        self._accounts = accounts

    def open(self, user: ChatUser, credentials: Credentials | None) -> ChatSession:  # noqa: ARG002 - needs none
        """Find or make the account, and a token for it once it is sure that nobody else can enter it."""
        account = self._accounts.find_or_create(user)
        address = stored_address(self.provider, user.email)
        if not account.has_verified(address):
            take_over(account, address, self._accounts, self.logins)
        asked_at = self.means.clock()
        return self.session(self._accounts.service.create_token(account.id), account.id, asked_at)

    def renew(self, user: ChatUser, session: ChatSession) -> ChatSession:  # noqa: ARG002 - it is made anew
        """As `open`: the account may be another by now, or deactivated."""
        return self.open(user, None)
