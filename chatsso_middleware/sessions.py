"""A user's session with a chat, and what a login brings that may open one, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ChatSession", "Credentials"]


@dataclass(frozen=True, slots=True)
class ChatSession:
    """A user's token, as the chat gave it."""

    token: str = field(repr=False)
    expires_at: float
    """Seconds since the epoch, after which the chat no longer takes the token."""
    account: str = ""
    """The chat's own id of the user, where its calls need one."""
    checked_at: float = 0.0
    """When the chat was last seen to take the token, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the host hands over with a login, for a chat that wants it. Never written anywhere.

    It lives until the session that it opens is there, or could not be had.
    """

    password: str | None = field(default=None, repr=False)
    """As the user typed it, where site and chat have it in common."""
    token: str | None = field(default=None, repr=False)
    """A token of the chat that the host has already."""
    oauth: tuple[str, str] | None = field(default=None, repr=False)
    """Token and secret of an OAuth login that the chat itself began."""
