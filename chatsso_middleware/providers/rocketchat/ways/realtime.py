"""`rocketchat.mode = realtime`: the login of the chat's realtime API, over a WebSocket (DDP)."""

from __future__ import annotations

from collections.abc import Callable

from ....errors import InvalidUser, Rejected
from ....sessions import ChatSession, Credentials
from ....users import ChatUser
from ..addresses import stored_address
from ..ddp import LoginParameters, LoginResult, OAuthLogin, PasswordLogin, ResumeLogin, log_in
from ..user_logins import Login
from .password import WithPassword

__all__ = ["Realtime"]


class Realtime(WithPassword):
    """The three logins that the vendor documents: by the password's digest, by OAuth, and by a token."""

    def open(self, user: ChatUser, credentials: Credentials | None) -> ChatSession:
        """Log in by what the login on the site brought."""
        given = credentials or Credentials()
        if given.password:
            return self._open_by_password(user, given.password)
        if given.oauth is not None:
            # Whoever went through the OAuth login of the chat in this browser, is who he is there.
            credential = given.oauth
            return self._log_in(lambda: OAuthLogin(*credential))
        if given.token:
            return self._open_by_token(user, given.token)
        raise Rejected(self.provider, "the chat wants a login on the site with the password")

    def renew(self, user: ChatUser, session: ChatSession) -> ChatSession:  # noqa: ARG002 - the token says it
        """Log in again by the token, before its end."""
        renewed = self._log_in(lambda: ResumeLogin(session.token))
        if renewed.account != session.account:
            raise Rejected(self.provider, "the token that the chat took is somebody else's")
        return renewed

    def _open_by_password(self, user: ChatUser, password: str) -> ChatSession:
        address = stored_address(self.provider, user.email)
        return self.log_in_or_join(
            user,
            password,
            lambda: self._log_in(lambda: PasswordLogin.with_password("email", address, password)),
        )

    def _open_by_token(self, user: ChatUser, token: str) -> ChatSession:
        session = self._log_in(lambda: ResumeLogin(token))
        # The realtime login does not say whose token it was; the REST API does.
        account = self.logins.who(session)
        Login(session.account, session.token, account).check_address(self.provider, user.email)
        return session

    def _log_in(self, parameters: Callable[[], LoginParameters]) -> ChatSession:
        asked_at = self.means.clock()
        try:
            made = parameters()
        except InvalidUser as invalid:  # names the field, not its value
            raise Rejected(self.provider, f"the login on the site brought no {invalid}") from None
        result = self.means.api.run(lambda deadline: self._exchange(made, deadline))
        return self.session(result.token, result.user_id, asked_at, result.expires_at)

    def _exchange(self, parameters: LoginParameters, deadline: float) -> LoginResult:
        return log_in(
            self.means.url,
            parameters,
            deadline=deadline,
            provider=self.provider,
            verify=self.means.api.verify,
        )
