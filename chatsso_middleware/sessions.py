"""A user's session with a chat, as values."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["ChatSession"]


@dataclass(frozen=True, slots=True)
class ChatSession:
    """A user's token, as the chat gave it."""

    token: str = field(repr=False)
    expires_at: float
    """Seconds since the epoch, after which the chat no longer takes the token."""
