"""The state of a stand-in store at publica.la: users, sessions, used tokens. It knows no WSGI."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from ..calls import CallLog
from ..faults import Faults
from .claims import Claims, Refused
from .settings import StoreSettings

__all__ = ["TOKEN_NAME", "TOKEN_PATH", "Session", "Store", "User"]

TOKEN_PATH: Final = "/auth/token"  # noqa: S105 - a path
TOKEN_NAME: Final = "external-auth-token"  # noqa: S105 - a name

DEFAULT_ISSUER: Final = "sandbox-site"
MOST_SESSIONS: Final = 10_000


@dataclass(frozen=True, slots=True)
class User:
    """A reader, as the tokens of the site told of him."""

    uuid: str
    """The site's own name for him."""
    email: str | None = None
    picture_url: str | None = None
    accepts_terms: bool | None = None
    """`None` as long as no token said."""
    visits: int = 0
    """How often a token logged him in."""

    @property
    def name(self) -> str:
        """What the store's pages call him."""
        return self.email or self.uuid


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is logged in."""

    id: str = field(repr=False)
    user_uuid: str
    form_token: str = field(repr=False)
    """Proves that a form was filled in on a page of the store."""
    reader_exit_url: str | None
    """Where the reader leads back to, as the token of this login said."""


class Store:
    """A store in memory. Every method may be called from any thread.

    `issuer` and `key` are what its owner and the site agreed upon; a key is made where none is given.
    `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        *,
        issuer: str | None = None,
        key: str | None = None,
        settings: StoreSettings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer or DEFAULT_ISSUER
        self.key = key or secrets.token_urlsafe(32)
        self.settings = settings or StoreSettings()
        self.settings_token = secrets.token_urlsafe(18)
        """Proves that the form with the settings was filled in on the store's own page."""
        self.calls = CallLog(clock, secrets=frozenset(), tokens=frozenset({TOKEN_NAME}))
        self.faults = Faults(on="/auth/")
        self.fail_with = self.faults.fail_with
        self.recover = self.faults.recover
        self._clock = clock
        self._lock = threading.RLock()
        self._users: dict[str, User] = {}
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._used: dict[str, int] = {}
        """The ids of tokens that were used, each with its end in seconds since the epoch."""

    def __repr__(self) -> str:  # the key is a secret
        return f"Store({len(self._users)} users)"

    def now(self) -> float:
        """Seconds since the epoch, by the store's clock."""
        return self._clock()

    @property
    def users(self) -> tuple[User, ...]:
        """Every user there is, the first comer first."""
        with self._lock:
            return tuple(self._users.values())

    def user(self, uuid: str) -> User | None:
        """The user whom the site calls by this name."""
        with self._lock:
            return self._users.get(uuid)

    def enter(self, claims: Claims, *, instead_of: str = "") -> Session:
        """Create or update the user and log him in, in place of the session with the id `instead_of`.

        What a token leaves out stays as it was. Raises `Refused` for a token that came before.
        """
        with self._lock:
            self._use_up(claims)
            known = self._users.get(claims.user_uuid, User(claims.user_uuid))
            self._users[known.uuid] = replace(
                known,
                email=known.email if claims.email is None else claims.email,
                picture_url=known.picture_url if claims.picture_url is None else claims.picture_url,
                accepts_terms=known.accepts_terms if claims.accepts_terms is None else claims.accepts_terms,
                visits=known.visits + 1,
            )
            self._sessions.pop(instead_of, None)
            session = Session(
                secrets.token_urlsafe(24), known.uuid, secrets.token_urlsafe(24), claims.reader_exit_url
            )
            self._sessions[session.id] = session
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
            return session

    def session(self, session_id: str) -> Session | None:
        """The session of a browser that shows this id."""
        with self._lock:
            return self._sessions.get(session_id)

    def user_of(self, session: Session) -> User:
        """Who is logged in by `session`."""
        with self._lock:
            return self._users[session.user_uuid]

    def log_out(self, session: Session) -> None:
        """End a session. Twice is fine."""
        with self._lock:
            self._sessions.pop(session.id, None)

    def _use_up(self, claims: Claims) -> None:
        now = self._clock()
        # An id is of no interest once its token is over, which is an hour later at the latest.
        self._used = {token_id: end for token_id, end in self._used.items() if end > now}
        if claims.token_id in self._used:
            raise Refused("a token with this jti was used before")
        self._used[claims.token_id] = claims.expires_at
