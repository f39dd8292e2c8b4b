"""What a person is told about the outbox."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Counts", "Entry"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How full the outbox is."""

    waiting: int
    """Changes that will be delivered, those behind a dead letter included."""
    dead: int
    """Changes that a chat refused for good: a person must decide about each."""
    oldest_age: float | None
    """Seconds since the oldest waiting change was accepted, or `None` where none waits."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One change that is not delivered. Times are seconds since the epoch."""

    id: int
    provider: str
    kind: str
    """register, edit, delete or leave."""
    addresses: tuple[str, ...] = field(repr=False)
    """Whom it is about, in alphabetical order; empty where none of the secrets can read the change."""
    accepted_at: float
    attempts: int
    due_at: float
    """When it is tried next, unless it is dead. While it is being delivered: when that counts as crashed."""
    dead_at: float | None
    """When it was given up, or `None` while it waits."""
    reason: str | None
    """Why the last attempt failed, without addresses, passwords and tokens."""
