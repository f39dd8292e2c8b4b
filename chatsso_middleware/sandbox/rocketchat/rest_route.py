"""What a call of the API is: the parts of the request that count, and the members of the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .chat import Chat
    from .users import User

__all__ = ["Done", "RestCall", "Route"]


@dataclass(frozen=True, slots=True)
class RestCall:
    """A call that may be done."""

    chat: Chat
    caller: User | None
    """Who calls; never `None` where the route is not public."""
    token: str = field(repr=False)
    given: Mapping[str, Any] = field(repr=False)
    """The members of the body, or the parameters of the query."""
    code: str | None = field(repr=False)
    """The header for a login in two steps."""

    @property
    def user(self) -> User:
        """Who calls a route that is not public."""
        if self.caller is None:
            raise Refused("error-unauthorized", "You must be logged in to do this.")
        return self.caller

    def may(self, permission: str) -> bool:
        """Whether the caller has this permission."""
        return self.chat.permits(self.caller, permission)


@dataclass(frozen=True, slots=True)
class Done:
    """A call that was done; the answer says ``"success": true`` besides."""

    members: Mapping[str, Any] = field(repr=False)
    outcome: str


@dataclass(frozen=True, slots=True)
class Route:
    """One path of the API."""

    act: Callable[[RestCall], Done]
    methods: tuple[str, ...] = ("POST",)
    public: bool = False
    """Whether it can be called without being logged in."""
    permission: str = ""
    refusal: tuple[str, str] | None = None
    """Error and reason that the caller without the permission is told, where they are not the usual ones."""
