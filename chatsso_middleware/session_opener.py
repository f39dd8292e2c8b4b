"""Opens sessions with chats, as soon as nothing of the site's own stands against it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from .changes import Delete, Leave
from .errors import OutboxUnavailable, ProviderError, Rejected, Unavailable
from .outbox import Outbox
from .providers import Provider
from .sessions import ChatSession
from .state.tokens import Ending, Holder, SessionOver
from .users import ChatUser

__all__ = ["LOGIN_IS_FRESH", "SessionOpener"]

log = logging.getLogger(__name__)

LOGIN_IS_FRESH: Final = 600.0
"""Seconds for which a login is the same one when it is said again, and for which a token's fetch tells the
chat what the login said of the user's picture."""
LOOK_AGAIN: Final = 0.05
"""Seconds between two looks at a change that must reach the chat first."""
REST_BEFORE_CHANGE: Final = 30.0
"""Seconds for which nobody waits for that change again: each wait holds a thread."""


class SessionOpener:
    """What happens beside the requests when a token is wanted. *Network*, all but `may_chat`."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        may_chat: Callable[[ChatUser], bool] | None,
        edit_wait: float,
        hurry: Callable[[], object],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`edit_wait`: seconds to wait for an account change that must come first; `hurry` asks for it."""
        self._outbox = outbox
        self._may_chat = may_chat
        self._edit_wait = edit_wait
        self._hurry = hurry
        self._clock = clock

    def may_chat(self, user: ChatUser) -> bool:
        """Whether the site lets `user` into its chats."""
        if self._may_chat is None:
            return True
        try:
            return bool(self._may_chat(user))
        except Exception as error:  # the owner's code, which must not break his login; no yes is a no
            log.error("may_chat failed with %s, which counts as a no", type(error).__name__)
            return False

    def open_session(self, provider: Provider, holder: Holder, kept: ChatSession | None) -> ChatSession:
        """Open a session of `holder` with a chat, or renew the one that is `kept`. *Network.*

        The site's own reasons against it come first.
        """
        try:
            self._await_changes(provider, holder)
            asked_at = self._clock()
            user = self._as_known_now(holder)
            if kept is None or holder.credentials is not None:
                session = provider.open_session(user, holder.credentials)
            else:
                session = provider.renew_session(user, kept)
            if self._outbox.gone_since(provider.name, holder.user.email, asked_at):
                self._delete_again(provider, holder.user.email)
                raise SessionOver(provider.name, Ending.GONE)
        except OutboxUnavailable as error:
            # Without its word, a login could bring a deleted account back.
            raise Unavailable(provider.name, f"the outbox was asked first, but {error}") from error
        return session

    def admit(self, provider: Provider, holder: Holder) -> ChatUser:
        """Whoever may enter now, as the chat shall know him. *Network.*"""
        try:
            self._await_changes(provider, holder)
        except OutboxUnavailable as error:
            raise Unavailable(provider.name, f"the outbox was asked first, but {error}") from error
        return self._as_known_now(holder)

    def check_session(self, provider: Provider, holder: Holder, session: ChatSession) -> bool:
        """Whether the chat still takes the token of `holder`, and the site still wants it to. *Network.*"""
        try:
            if self._outbox.gone_since(provider.name, holder.user.email, holder.since):
                raise SessionOver(provider.name, Ending.GONE)
        except OutboxUnavailable as error:
            raise Unavailable(provider.name, f"the outbox was asked first, but {error}") from error
        if not self.may_chat(holder.user):
            raise SessionOver(provider.name, Ending.REFUSED)
        return provider.check_session(session)

    def end_session(self, provider: Provider, email: str, session: ChatSession | None) -> None:
        """End a session with a chat; what cannot be done now is kept until it can be. *Network.*

        `session` is `None` where there was one perhaps, and its token is not known any more.
        """
        try:
            if session is not None:
                provider.close_session(session)
            else:
                provider.close_unknown_session(email)
        except ProviderError as error:
            if isinstance(error, Rejected) and not error.credentials:
                log.warning("A session with %s could not be ended: %s", provider.name, error.reason)
                return
            log.warning("A session with %s could not be ended yet: %s", provider.name, error.reason)
            self.end_later(provider, email, session)

    def end_later(self, provider: Provider, email: str, session: ChatSession | None) -> None:
        """Let the outbox end a session."""
        leave = Leave(email) if session is None else Leave(email, session.token, session.account)
        try:
            self._outbox.add(provider.name, leave)
        except OutboxUnavailable as error:
            log.error("A session with %s goes on after the logout, because %s", provider.name, error)
        else:
            self._hurry()

    def _as_known_now(self, holder: Holder) -> ChatUser:
        if self._clock() - holder.since <= LOGIN_IS_FRESH:
            return holder.user
        # What the login said of his picture may be out of date, and chats take what they are told.
        return replace(holder.user, avatar_url=None)

    def _await_changes(self, provider: Provider, holder: Holder) -> None:
        """A login under a new address would make a second account, if it came before the edit.

        One under an address that somebody else gave up would enter that person's account.
        """
        address = holder.user.email
        give_up = time.monotonic() + self._edit_wait
        while True:
            # Asked each time: the account may go while its login waits.
            if self._outbox.gone_since(provider.name, address, holder.since):
                raise SessionOver(provider.name, Ending.GONE)
            if not self._outbox.login_must_wait(provider.name, address):
                break
            if time.monotonic() > give_up:
                reason = "a change of the address must reach the chat first"
                raise Unavailable(provider.name, reason, retry_after=REST_BEFORE_CHANGE)
            self._hurry()
            time.sleep(LOOK_AGAIN)
        if not holder.leaves and not self.may_chat(holder.user):
            raise SessionOver(provider.name, Ending.REFUSED)

    def _delete_again(self, provider: Provider, address: str) -> None:
        """The account went while its session was opened: the chat may have got the two in any order."""
        log.info("An account went from %s while it was logged in, so its deletion is repeated", provider.name)
        self._outbox.add(provider.name, provider.check_change(Delete((address,))))
        self._hurry()
