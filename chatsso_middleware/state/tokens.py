"""The tokens of one chat: fetched beside the requests, once for many askers, and never handed out stale."""

from __future__ import annotations

import enum
import hashlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from typing import Final, Literal, NamedTuple

from ..errors import ProviderError, Rejected, Unavailable
from ..sessions import ChatSession, Credentials
from ..users import ChatUser
from .background import Background
from .memory import BoundedMemoryBackend
from .token_store import TokenStore

__all__ = ["Ending", "Holder", "SessionOver", "Tokens", "UserLeft"]

log = logging.getLogger(__name__)

REST_AFTER_UNAVAILABLE: Final = 2.0
"""Seconds for which a user's token is not asked for again after the chat failed, if it named no time."""
REST_AFTER_REJECTED: Final = 60.0
"""Seconds for the same after the chat, or the site itself, said no."""
LONGEST_REST: Final = 300.0
ASKS_AGAIN_SOON: Final = 60.0
"""Seconds. Who asks for a token again within them may not have got in with the one he got."""
CHECKED_JUST_NOW: Final = 30.0
"""Seconds for which a token that was checked is believed even then."""
LEAVING_TAKES: Final = 10.0
"""Seconds after a logout in the chat in which its page may ask for a login without our mark."""


class Ending(enum.Enum):
    """Why the site itself wants no session for somebody any more."""

    GONE = "the account was deleted, or has another address"
    REFUSED = "may_chat said no"


class SessionOver(Rejected):
    """The site itself wants no token for this user any more."""

    def __init__(self, provider: str, ending: Ending) -> None:
        self.ending = ending
        super().__init__(provider, ending.value)
        self.args = (provider, ending)


class UserLeft(Rejected):
    """The user logged out on the site before his token came."""

    def __init__(self, provider: str) -> None:
        super().__init__(provider, "he logged out on the site")
        self.args = (provider,)


@dataclass(frozen=True, slots=True)
class Holder:
    """For whom a token is: a user who is logged in, or one whose logout is still due."""

    user: ChatUser
    since: float
    """When his login was noticed, in seconds since the epoch."""
    stay: str = ""
    """His stay in this browser, for chats where each browser has a token of its own."""
    event: str = ""
    """His logout, if the token is only wanted for its tag: it is kept apart from those of logins."""
    credentials: Credentials | None = field(default=None, repr=False, compare=False)
    """What the login itself brought."""

    @classmethod
    def logged_in(
        cls, user: ChatUser, since: float, stay: str = "", credentials: Credentials | None = None
    ) -> Holder:
        """A user who is logged in."""
        return cls(user, since, stay, credentials=credentials)

    @classmethod
    def departed(cls, email: str, since: float, event: str) -> Holder:
        """A user who left."""
        return cls(ChatUser(email), since, event=event)

    @property
    def leaves(self) -> bool:
        """Whether the token is only wanted to log him out."""
        return bool(self.event)


class _Refusal(NamedTuple):
    """What is kept of an error; the error itself would keep its traceback, and with it keys and tokens."""

    until: float
    ending: Ending | None
    since: float
    """Of the login that it speaks of. A later one is another matter."""
    final: bool
    """Whether the chat said no to this user, not to us, so that the next answer will be the same."""


class Tokens:
    """The tokens of one provider.

    `open_session` gets a token over the network, in place of the one that is kept if there is one, and
    raises `ProviderError`; `check_session` asks whether the chat still takes one, and `end_session` ends one
    that came too late. `available` says whether asking makes sense now, `worth_waiting` whether an answer is
    likely soon. Nothing of it runs on the way of a page, and `peek` looks only into the store.
    """

    def __init__(
        self,
        provider: str,
        realm: str,
        *,
        open_session: Callable[[Holder, ChatSession | None], ChatSession],
        check_session: Callable[[Holder, ChatSession], bool],
        end_session: Callable[[str, ChatSession], None],
        available: Callable[[], bool],
        worth_waiting: Callable[[], bool],
        store: TokenStore,
        background: Background,
        margin: float,
        scope: Literal["user", "browser"] = "user",
        check_interval: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`realm`: where the tokens are good; `scope`: whether all browsers of a user share one.

        `margin`: seconds before its end from which a token is kept back; `check_interval`: seconds for which
        one is believed that the chat was seen to take, `None`: to its end.
        """
        self._provider = provider
        # Sites with different chats may share a store, and nobody's token may go to another chat.
        self._prefix = f"chatsso:{provider}:{_digest(realm)[:12]}"
        self._open_session = open_session
        self._available = available
        self._worth_waiting = worth_waiting
        self._store = store
        self._background = background
        self._margin = margin
        self._scope = scope
        self._check_session = check_session
        self._end_session = end_session
        self._check_interval = check_interval
        self._clock = clock
        self._refusals = BoundedMemoryBackend({})
        self._handed_out = BoundedMemoryBackend({})

    def peek(self, holder: Holder) -> ChatSession | None:
        """The token at hand, or `None`; one that is soon too old is renewed in the background meanwhile."""
        session = self._store.get(self._key(holder))
        if session is None or not self._is_good(session):
            return None
        if not holder.leaves and not self._is_young(session):
            self.begin(holder)
        return session

    def ending(self, holder: Holder) -> Ending | None:
        """Why the site wanted no token for this login, if that was so when one was last asked for.

        It is known for longer than nobody asks: whoever reads slowly comes back after that.
        """
        refusal = self._refusal(holder)
        return None if refusal is None else refusal.ending

    def is_refused(self, holder: Holder) -> bool:
        """Whether the chat itself said, when last asked, that it has no token for this user."""
        refusal = self._refusal(holder)
        return refusal is not None and refusal.final

    def begin(self, holder: Holder) -> Future[ChatSession] | None:
        """See to it that a token is on its way; `None` if there is no point in waiting for it."""
        key = self._key(holder)
        login = f"{key}:login"
        if holder.credentials is not None:  # a login says more than whoever asked for a token before it
            self._refusals.delete(key)
            return self._background.once(login, self._fetch, key, holder)
        flight = self._background.under_way(login)
        if flight is not None:  # what it has, nobody after it will have
            return flight
        refusal = self._refusal(holder)
        if not self._available() or (refusal is not None and refusal.until > self._clock()):
            return None
        return self._background.once(key, self._fetch, key, holder)

    def wait(self, holder: Holder, seconds: float) -> ChatSession | None:
        """The token, waiting at most `seconds` for one on its way."""
        session = self.peek(holder)
        if session is not None:
            return session
        session = self._landed(self.begin(holder), seconds)
        return session if session is not None and self._is_good(session) else None

    def confirmed(self, holder: Holder, seconds: float) -> ChatSession | None:
        """As `wait`, a token that the chat was seen to take not long ago, as far as that can be found out."""
        if self._has_left(holder) or self.ending(holder) is not None:
            return None
        give_up = time.monotonic() + seconds
        session = self.wait(holder, seconds)
        if session is not None and self._is_doubtful(holder, session):
            flight = self.begin(holder)
            session = self._landed(flight, max(0.0, give_up - time.monotonic())) or self.peek(holder)
        if session is None or self._has_left(holder) or self.ending(holder) is not None:
            return None
        self._handed_out.set(self._key(holder), self._clock())
        return session

    def retire(self, holder: Holder, departed: Holder | None) -> ChatSession | None:
        """At a logout: the token leaves the login, and stays for the tag of `departed` if there is one.

        Gives the token, or `None` if there was none that the chat would still take. Where no tag follows, one
        that is still on its way, or that a late request asks for, is not for this stay any more.
        """
        if departed is None and holder.stay:
            self._store.mark(self._left_key(holder), self._clock())
        session = self._store.get(self._key(holder))
        self.forget(holder)
        if session is None or not self._is_good(session):
            return None
        if departed is not None:
            self._store.set(self._key(departed), session)
        return session

    def leave(self, holder: Holder) -> None:
        """He logged out in the chat itself, which took the token back."""
        self.doubt(holder)
        self._store.mark(self._away_key(holder), self._clock())

    def come_back(self, holder: Holder) -> None:
        """He wants to be in the chat again."""
        self._store.mark(self._away_key(holder), 0.0)

    def left_just_now(self, holder: Holder) -> bool:
        """Whether `leave` was so short a while ago that requests may be under way which do not know of it."""
        if not holder.stay:  # a cookie from before there were stays: the mark would be everybody's
            return False
        return self._clock() - self._store.moment(self._away_key(holder)) < LEAVING_TAKES

    def doubt(self, holder: Holder) -> None:
        """The chat may have taken the token back: it is checked before it is handed out again."""
        session = self._store.get(self._key(holder))
        if session is not None:
            self._store.set(self._key(holder), replace(session, checked_at=0.0))

    def doubt_all(self, email: str) -> None:
        """As `doubt`, for the tokens of all browsers in which this user is logged in."""
        if self._check_interval is not None:
            self._store.mark(self._doubt_key(email), self._clock())

    def forget(self, holder: Holder) -> None:
        """Forget the token and any refusal: what was asked before says nothing about the next time."""
        self._store.delete(self._key(holder))
        self._refusals.delete(self._key(holder))

    def _is_good(self, session: ChatSession) -> bool:
        return session.expires_at - self._margin > self._clock()

    def _is_young(self, session: ChatSession) -> bool:
        # Renewal begins two margins before it must be done, so that a chat may be down for a while.
        return session.expires_at - 3 * self._margin > self._clock()

    def _is_doubtful(self, holder: Holder, session: ChatSession) -> bool:
        believed = self._check_interval
        if believed is None:
            return False
        now = self._clock()
        handed_out = self._handed_out.get(self._key(holder))
        if isinstance(handed_out, float) and now - handed_out < ASKS_AGAIN_SOON:
            believed = min(believed, CHECKED_JUST_NOW)
        if now - session.checked_at > believed:
            return True
        return session.checked_at <= self._store.moment(self._doubt_key(holder.user.email))

    def _has_left(self, holder: Holder) -> bool:
        return bool(holder.stay) and self._store.moment(self._left_key(holder)) > 0.0

    def _away_key(self, holder: Holder) -> str:
        return f"{self._prefix}:{holder.stay}:away"

    def _left_key(self, holder: Holder) -> str:
        return f"{self._prefix}:left:{holder.stay}"

    def _doubt_key(self, email: str) -> str:
        return f"{self._prefix}:doubt:{_digest(email)}"

    def _key(self, holder: Holder) -> str:
        if holder.leaves:
            return f"{self._prefix}:departed:{holder.event}"
        if self._scope == "browser" and holder.stay:
            return f"{self._prefix}:stay:{holder.stay}"
        return f"{self._prefix}:user:{_digest(holder.user.email)}"

    def _landed(self, flight: Future[ChatSession] | None, seconds: float) -> ChatSession | None:
        if flight is None or not self._worth_waiting():
            return None
        wait((flight,), timeout=max(0.0, seconds))
        # Whatever went wrong was logged where it happened: who waits goes on without a token.
        if not flight.done() or flight.cancelled() or flight.exception() is not None:
            return None
        return flight.result()

    def _refusal(self, holder: Holder) -> _Refusal | None:
        kept = self._refusals.get(self._key(holder))
        if not isinstance(kept, _Refusal) or (kept.ending is not None and kept.since < holder.since):
            return None
        return kept

    def _fetch(self, key: str, holder: Holder) -> ChatSession:
        with self._store.claim(key):
            try:
                kept = self._store.get(key)  # another process may have been faster
                if kept is not None and (holder.credentials is not None or self._is_doubtful(holder, kept)):
                    kept = self._checked(key, holder, kept)
                if kept is not None and self._is_young(kept):
                    return kept
                session = self._opened(holder, kept)
            except Exception as error:  # a plug-in may raise anything; it is not asked again at once
                self._refuse(key, holder, error)
                raise
            same = kept is not None and kept.token == session.token
            if kept is not None and same and session.expires_at <= kept.expires_at:
                # A chat may give the token that it knows until its end: it is no younger for that.
                self._rest(key, holder, REST_AFTER_REJECTED)
                return kept
            session = replace(session, checked_at=self._clock())
            self._store.set(key, session)
            self._refusals.delete(key)
            return session

    def _opened(self, holder: Holder, kept: ChatSession | None) -> ChatSession:
        """A new session, unless the user leaves before it is there."""
        if self._has_left(holder):
            raise UserLeft(self._provider)
        session = self._open_session(holder, kept)
        if self._has_left(holder):
            self._end_session(holder.user.email, session)
            raise UserLeft(self._provider)
        return session

    def _checked(self, key: str, holder: Holder, session: ChatSession) -> ChatSession | None:
        """`session` as the chat takes it; `None`, and forgotten, if it does not any more."""
        if self._check_interval is None:
            return session
        try:
            taken = self._check_session(holder, session)
        except SessionOver:
            raise
        except ProviderError as error:  # nobody can say, and it was good until now
            log.info("A token of %s could not be checked: %s", self._provider, error.reason)
            return session
        if not taken:
            self._store.delete(key)
            return None
        session = replace(session, checked_at=self._clock())
        self._store.set(key, session)
        return session

    def _refuse(self, key: str, holder: Holder, error: Exception) -> None:
        rest, ending = REST_AFTER_UNAVAILABLE, None
        if isinstance(error, UserLeft):  # which says nothing of the same user in another browser
            log.info("No token from %s: %s", self._provider, error.reason)
            return
        if isinstance(error, SessionOver):
            rest, ending = REST_AFTER_REJECTED, error.ending
            log.info("No token from %s: %s", self._provider, ending.value)
        elif isinstance(error, Rejected):
            rest = REST_AFTER_REJECTED
            log.warning("No token from %s: %s", self._provider, error.reason)
        elif isinstance(error, Unavailable):
            rest = min(max(rest, error.retry_after or 0.0), LONGEST_REST)
            log.warning("No token from %s: %s", self._provider, error.reason)
        final = isinstance(error, Rejected) and not error.credentials
        self._rest(key, holder, rest, ending, final=final)

    def _rest(
        self, key: str, holder: Holder, seconds: float, ending: Ending | None = None, *, final: bool = False
    ) -> None:
        self._refusals.set(key, _Refusal(self._clock() + seconds, ending, holder.since, final))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
