"""What becomes of an attempt to sign in, as the page is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..users import ChatUser

__all__ = ["Accepted", "Down", "Limited", "Outcome", "Refused"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The external system knows the visitor."""

    user: ChatUser


@dataclass(frozen=True, slots=True)
class Refused:
    """The visitor cannot sign in with what he entered, and is told why."""

    message: str | None = None
    """The owner's words, plain text; `None` where he gave none and the page has its own for `reason`."""
    code: str = ""
    """What the refusal is known by: the external system's code, its HTTP status, or ``check.FIELD``."""
    reason: Literal["credentials", "input", "other"] = "credentials"
    """`credentials`: wrong user name or password, the same for an unknown user. `input`: what was entered in
    `field` was never sent. `other`: the external system has another reason, such as a locked account."""
    field: Literal["login", "password"] | None = None
    """Where the visitor can mend it, if it is one field."""


@dataclass(frozen=True, slots=True)
class Limited:
    """Too many attempts: nothing was sent."""

    retry_after: int
    """Seconds, at least 1."""
    by: Literal["address", "account"]
    """Whose attempts they were."""


@dataclass(frozen=True, slots=True)
class Down:
    """It is the service that fails, and not what the visitor entered. The log says how."""

    message: str | None = None
    """The owner's words, plain text; `None` where he gave none and the page has its own."""
    retry_after: int | None = None
    """Seconds after which it is worth another try, where that is known."""


Outcome = Accepted | Refused | Limited | Down
