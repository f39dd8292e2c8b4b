"""`rocketchat.mode = realtime`: the login of the chat's realtime API, over a WebSocket (DDP)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ....errors import InvalidUser, Rejected, Unavailable
from ....sessions import ChatSession, Credentials
from ....users import ChatUser
from ...alarm import Alarm
from ..addresses import stored_address
from ..ddp import (
    CallsLimited,
    LoginParameters,
    LoginResult,
    LoginsBlocked,
    OAuthLogin,
    PasswordLogin,
    ResumeLogin,
    SecondFactorWanted,
    log_in,
    reach,
)
from ..user_logins import SECOND_FACTOR, TOO_MANY_FAILED, Login, LoginBlocked
from .password import WithPassword
from .way import Means

__all__ = ["Realtime"]

logger = logging.getLogger(__name__)


class Realtime(WithPassword):
    """The three logins that the vendor documents: by the password's digest, by OAuth, and by a token."""

    def __init__(self, means: Means) -> None:
        super().__init__(means)
        self._over_limit = Alarm(logger)

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

    def probe(self) -> str:
        """Open a connection and close it again."""
        self.means.api.run(self._reach)
        return f"its realtime API answers; {super().probe()}"

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
        if account is None:
            raise Rejected(self.provider, "the chat does not tell whose token it is that the login brought")
        Login(session.account, session.token, account).check_address(self.provider, user.email)
        return session

    def _log_in(self, parameters: Callable[[], LoginParameters]) -> ChatSession:
        asked_at = self.means.clock()
        try:
            made = parameters()
        except InvalidUser as invalid:  # names the field, not its value
            raise Rejected(self.provider, f"the login on the site brought no {invalid}") from None
        result = self._exchange(made)
        if isinstance(result, LoginsBlocked):
            raise Unavailable(self.provider, TOO_MANY_FAILED)
        return self.session(result.token, result.user_id, asked_at, result.expires_at)

    def _exchange(self, parameters: LoginParameters) -> LoginResult | LoginsBlocked:
        """What the login brought; given back, not raised, is what says nothing of how the chat is."""

        def exchange(deadline: float) -> LoginResult | LoginsBlocked:
            try:
                return log_in(
                    self.means.url,
                    parameters,
                    deadline=deadline,
                    provider=self.provider,
                    verify=self.means.api.verify,
                )
            except LoginsBlocked as blocked:
                return blocked

        try:
            return self.means.api.run(exchange)
        except SecondFactorWanted:
            raise LoginBlocked(self.provider, SECOND_FACTOR) from None
        except CallsLimited:
            # Once in the life of a process: at the limit, calls that work and calls that fail alternate.
            self._over_limit.sound(
                "%s: the chat limits our realtime logins, and all visitors share the site's one address. In"
                " the chat, under Administration, Settings, Rate Limiter, set more calls for one address"
                " (DDP_Rate_Limit_IP_Requests_Allowed), or switch that off (DDP_Rate_Limit_IP_Enabled).",
                self.provider,
            )
            raise

    def _reach(self, deadline: float) -> None:
        reach(self.means.url, deadline=deadline, provider=self.provider, verify=self.means.api.verify)
