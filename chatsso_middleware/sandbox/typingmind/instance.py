"""The state of a stand-in TypingMind instance: users, sessions, conversations. It knows no WSGI."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ..calls import CallLog
from ..faults import Faults
from .codes import Refused, read_code
from .users import User, Users

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LONGEST_MESSAGE", "Instance", "Message", "Session"]

LONGEST_MESSAGE: Final = 2000
MOST_MESSAGES: Final = 200
"""Of one user."""
MOST_SESSIONS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is logged in. Its code is checked again at every page."""

    id: str = field(repr=False)
    code: str = field(repr=False)
    form_token: str = field(repr=False)
    """Proves that a form was filled in on a page of the chat."""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said, by the user or by the assistant."""

    by_assistant: bool
    text: str
    time: float
    """Seconds since the epoch."""


class Instance:
    """An instance in memory. Every method may be called from any thread.

    `clock` gives seconds since the epoch; `seats` is how many users there may be.
    """

    def __init__(
        self,
        secret: str | None = None,
        *,
        api_key: str | None = None,
        seats: int = 100,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.secret = secret or f"sandbox-{secrets.token_urlsafe(32)}"
        self.api_key = api_key or f"sandbox-{secrets.token_urlsafe(18)}"
        self.calls = CallLog(
            clock, secrets=frozenset({"x-api-key"}), tokens=frozenset({"externalauthcode", "code"})
        )
        self.faults = Faults(on="/api/")
        self.fail_with = self.faults.fail_with
        self.recover = self.faults.recover
        self._clock = clock
        self._lock = threading.RLock()
        self._users = Users(seats)
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._conversations: dict[int, deque[Message]] = {}

    def __repr__(self) -> str:  # the secret and the key are secrets
        return f"Instance({len(self._users)} users)"

    def key_is(self, given: str) -> bool:
        """Whether `given` is the key of the API."""
        return hmac.compare_digest(given.encode(), self.api_key.encode())

    # Users

    @property
    def seats(self) -> int:
        """How many users there may be."""
        return self._users.seats

    @property
    def users(self) -> tuple[User, ...]:
        """Every user there is, the oldest first."""
        with self._lock:
            return tuple(self._users)

    def user(self, email: str) -> User | None:
        """The user with this address; of several the oldest."""
        with self._lock:
            return next(iter(self._users.with_email(email)), None)

    def user_with_id(self, user_id: int) -> User | None:
        """The user with this number."""
        with self._lock:
            return self._users.with_id(user_id)

    def add_user(self, email: str) -> User:
        """Invite somebody, as in the Admin Panel. Raises `Refused` for an address that is there already."""
        with self._lock:
            local, at_sign, domain = email.rpartition("@")
            if not (local and at_sign and domain):
                raise Refused("the email address is not valid")
            if self._users.with_email(email):
                raise Refused("a user with this email address is there already")
            return self._users.add(email=email, external_id=None, now=self._clock())

    def delete_user(self, user_id: int) -> bool:
        """Delete a user with all that he said; whether there was one."""
        with self._lock:
            self._conversations.pop(user_id, None)
            return self._users.delete(user_id)

    # Logins

    def user_of_code(self, code: str) -> User:
        """The user whom a code names, made where the code says so. Raises `Refused`."""
        with self._lock:
            now = self._clock()
            return self._users.named_by(read_code(code, self.secret, now), now)

    def log_in(self, code: str, *, instead_of: str = "") -> tuple[Session, User]:
        """A new session, in place of the old one. Raises `Refused`, and then the old one has ended too."""
        with self._lock:
            self._sessions.pop(instead_of, None)
            user = self.user_of_code(code)
            session = Session(secrets.token_urlsafe(24), code, secrets.token_urlsafe(24))
            self._sessions[session.id] = session
            if len(self._sessions) > MOST_SESSIONS:
                self._sessions.popitem(last=False)
            return session, user

    def resume(self, session_id: str) -> tuple[Session, User] | None:
        """The session of a browser at its next page; `None` if it has none.

        Raises `Refused` where its code is no longer good, once: the session ends by that.
        """
        with self._lock:
            session = self._sessions.get(session_id)
            if session is None:
                return None
            try:
                return session, self.user_of_code(session.code)
            except Refused:
                del self._sessions[session_id]
                raise

    def log_out(self, session_id: str) -> None:
        """End a session, if there is one."""
        with self._lock:
            self._sessions.pop(session_id, None)

    # Conversations

    def say(self, user: User, text: str) -> None:
        """Post a message, which the assistant answers. Raises `Refused` for one that is blank or too long."""
        text = text.strip()
        if not text:
            raise Refused("a message needs some text")
        if len(text) > LONGEST_MESSAGE:
            raise Refused(f"a message has at most {LONGEST_MESSAGE} characters")
        with self._lock:
            said = self._conversations.setdefault(user.id, deque(maxlen=MOST_MESSAGES))
            said.append(Message(False, text, self._clock()))
            said.append(Message(True, _answer(text), self._clock()))

    def messages(self, user: User) -> tuple[Message, ...]:
        """What a user and the assistant said to each other, the oldest first."""
        with self._lock:
            return tuple(self._conversations.get(user.id, ()))


def _answer(text: str) -> str:
    words = len(text.split())
    return f"I am only pretending to think. You wrote {words} word{'' if words == 1 else 's'}."
