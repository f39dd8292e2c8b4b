"""The errors of the package. They carry facts as attributes, and never a secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "ChatSSOError",
    "ConfigurationError",
    "InvalidUser",
    "OutboxUnavailable",
    "Problem",
    "ProviderError",
    "Rejected",
    "Unavailable",
]


class ChatSSOError(Exception):
    """The root of every error that this package raises.

    Each keeps what it was made with in ``args``, so that it can be copied and pickled as other errors can.
    """


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that the site's owner must mend before the middleware can start."""

    key: str
    """The setting, as the owner writes it: ``website_toolbox.api_key``."""
    place: str
    """Where its value stands: ``development.ini, line 12``, or ``the environment variable CHAT_KEY``."""
    reason: str
    """What is wrong, without the value where the value is a secret."""
    mend: str
    """What to write instead."""

    def __str__(self) -> str:
        return f"{self.key} ({self.place}): {self.reason} {self.mend}"


class ConfigurationError(ChatSSOError):
    """The settings cannot be used. All problems are reported at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = "1 problem in the settings" if count == 1 else f"{count} problems in the settings"
        return "\n".join([f"{head} of chatsso-middleware:", *(f"  - {problem}" for problem in self.problems)])


class InvalidUser(ChatSSOError, ValueError):
    """The host handed over a user, or an account change, that no chat could take: a fault in its code."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(field, reason)

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}"


class OutboxUnavailable(ChatSSOError):
    """An account change could not be made durable: the outbox's own database failed, not the chat."""


class ProviderError(ChatSSOError):
    """A chat system did not do what was asked of it."""

    def __init__(self, provider: str, reason: str) -> None:
        self.provider = provider
        self.reason = reason
        super().__init__(provider, reason)

    def __str__(self) -> str:
        return f"{self.provider}: {self.reason}"


class Unavailable(ProviderError):
    """The chat cannot answer now: down, slow, over its limit, or answering nonsense. Later may work."""

    def __init__(
        self, provider: str, reason: str, *, retry_after: float | None = None, status: int | None = None
    ) -> None:
        self.retry_after = retry_after
        """Seconds that the chat asked to be left alone, if it said so."""
        self.status = status
        """The status of its answer (RFC 9110, section 15), if one came."""
        super().__init__(provider, reason)


class Rejected(ProviderError):
    """The chat understood and said no. The same call will be refused again."""

    def __init__(self, provider: str, reason: str, *, credentials: bool = False) -> None:
        self.credentials = credentials
        """True when it was our key that was refused, which only the owner can mend."""
        super().__init__(provider, reason)
