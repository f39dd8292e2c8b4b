"""The outbox as a queue: who delivers which change, and what became of it.

A change is delivered under a lease: whoever takes it writes a token into its row and moves its due time to
the lease's end, in one transaction. So nobody else takes it meanwhile, and after a crash it is simply due
again. What became of the delivery counts only where the token is still in the row.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Row, Update, delete, select, update

from .tables import ADDRESSES, BLOCKED, CHANGES

if TYPE_CHECKING:
    from collections.abc import Collection

    from .database import Database

__all__ = ["Lease", "Leases", "erase"]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to deliver one change, until it ends."""

    change_id: int
    token: str
    provider: str
    kind: str
    attempt: int
    """The number of this attempt, from 1. One that ended in a crash counts."""
    payload: bytes = field(repr=False)


def erase(connection: Connection, change_id: int) -> None:
    """Take everything about a change out of the database."""
    connection.execute(delete(ADDRESSES).where(ADDRESSES.c.change_id == change_id))
    connection.execute(delete(CHANGES).where(CHANGES.c.id == change_id))


class Leases:
    """The queue in `database`. Each lease lasts `seconds`. Raises `OutboxUnavailable` throughout."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database = database
        self._seconds = seconds

    def take(self, now: float, paused: Collection[str]) -> Lease | None:
        """The change that is due longest and may be delivered, of any provider but those `paused`."""
        due = _deliverable(CHANGES.c.due_at <= now, CHANGES.c.provider.not_in(paused))
        with self._database.reading() as connection:
            if _first(connection, due) is None:
                return None  # the usual answer, found without a writer's lock
        with self._database.writing() as connection:
            row = _first(connection, due, lock=True)
            if row is None:
                return None
            lease = Lease(row.id, uuid.uuid4().hex, row.provider, row.kind, row.attempts + 1, row.payload)
            taken = connection.execute(
                update(CHANGES)
                .where(CHANGES.c.id == row.id, CHANGES.c.due_at <= now, CHANGES.c.dead_at.is_(None))
                .values(lease=lease.token, due_at=now + self._seconds, attempts=lease.attempt)
            )
            return lease if taken.rowcount == 1 else None

    def first_due(self, *conditions: ColumnElement[bool]) -> float | None:
        """When the first of the deliverable changes that meet `conditions` is due, or `None`."""
        with self._database.reading() as connection:
            row = _first(connection, _deliverable(*conditions))
        return None if row is None else float(row.due_at)

    def complete(self, lease: Lease) -> bool:
        """The chat has the change: erase it. False when the lease had ended and somebody else took it."""
        with self._database.writing() as connection:
            # Locks the row first, so that nobody takes a change whose lease ends in this moment.
            held = connection.execute(_held(lease).values(due_at=CHANGES.c.due_at)).rowcount == 1
            if held:
                erase(connection, lease.change_id)
        return held

    def postpone(self, lease: Lease, due_at: float, reason: str) -> None:
        """The delivery failed: try again at `due_at`."""
        with self._database.writing() as connection:
            connection.execute(_held(lease).values(lease=None, due_at=due_at, reason=reason))

    def bury(self, lease: Lease, dead_at: float, reason: str) -> None:
        """The chat will never take the change: keep it for a person to decide."""
        with self._database.writing() as connection:
            connection.execute(_held(lease).values(lease=None, dead_at=dead_at, reason=reason))


def _held(lease: Lease) -> Update:
    return update(CHANGES).where(CHANGES.c.id == lease.change_id, CHANGES.c.lease == lease.token)


def _deliverable(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    everything: ColumnElement[bool] = CHANGES.c.dead_at.is_(None) & ~BLOCKED
    for condition in conditions:
        everything &= condition
    return everything


def _first(connection: Connection, condition: ColumnElement[bool], *, lock: bool = False) -> Row[Any] | None:
    query = select(CHANGES).where(condition).order_by(CHANGES.c.due_at, CHANGES.c.id).limit(1)
    if lock and connection.dialect.name == "postgresql":
        query = query.with_for_update(skip_locked=True, of=CHANGES)
    return connection.execute(query).first()
