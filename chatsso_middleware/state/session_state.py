"""What one browser's state cookie says: who is logged in, and what the chat has yet to see."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from ..users import ChatUser

__all__ = ["NOBODY", "Barred", "Departed", "SessionState", "new_event"]


def new_event() -> str:
    """A name for one login or logout of one browser, 72 random bits: nobody can acknowledge another's."""
    return secrets.token_urlsafe(9)


@dataclass(frozen=True, slots=True)
class Departed:
    """A user whose logout the chat has yet to see in this browser."""

    email: str
    since: float
    """When his login was noticed, in seconds since the epoch."""
    event: str
    stay: str = field(default="", compare=False)
    """As in `SessionState`; known in the request in which he leaves, and not kept."""


@dataclass(frozen=True, slots=True)
class Barred:
    """An address that the site still calls logged in here, and that shall not be logged in in the chat."""

    mark: str
    """A digest of the address: it only has to be known again."""
    until: float | None
    """Seconds since the epoch; `None` until the site's own session has ended."""

    @classmethod
    def address(cls, email: str, until: float | None) -> Barred:
        """Bar `email`."""
        return cls(_mark(email), until)

    def holds_for(self, email: str, now: float) -> bool:
        """Whether `email` is still barred at `now`."""
        return self.mark == _mark(email) and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class SessionState:
    """The state of one browser. It changes at a login and at a logout, and at nothing else."""

    user: ChatUser | None = None
    remember: bool = False
    since: float = 0.0
    """When the login was noticed, in seconds since the epoch."""
    login: str = ""
    """The event of the login; empty while nobody is logged in."""
    stay: str = ""
    """A name for the time from this user's coming to his leaving, however often his login is said again."""
    departed: tuple[Departed, ...] = ()
    """Who left, oldest first: their logouts come before the login."""
    barred: Barred | None = None
    remember_next: bool = False
    """Whether a login that the site has begun asks to be remembered; who it is, the next page tells."""

    @property
    def events(self) -> tuple[str, ...]:
        """All events in the order in which the chat must see them."""
        return (*(departed.event for departed in self.departed), *((self.login,) if self.login else ()))


NOBODY: Final = SessionState()


def _mark(email: str) -> str:
    return hashlib.sha256(email.encode()).hexdigest()[:16]
