"""The chats of a site, and what its owner decided about them, as values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .providers import Provider
from .state.tokens import Tokens
from .users import ChatUser

__all__ = ["Chat", "Policy", "Tag"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the owner decided about logins."""

    delivery: Literal["direct", "gateway"] = "direct"
    guests: Literal["chat", "login"] = "chat"
    remember: bool = False
    page_wait: float = 0.3
    """Seconds that a page may wait for a token, at the most."""
    edit_wait: float = 5.0
    """Seconds that a token's fetch waits for an account change that must come first."""
    may_chat: Callable[[ChatUser], bool] | None = None


@dataclass(frozen=True, slots=True)
class Chat:
    """One provider with the tokens of its users."""

    provider: Provider
    tokens: Tokens

    @property
    def name(self) -> str:
        """The provider's name."""
        return self.provider.name


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that is due on a page."""

    provider: str
    event: str
    address: str
    direct: bool
    """Whether the address is the chat's own, with a token in it; else it is our endpoint's."""
