"""The outbox: account changes are durable before the host goes on, and leave when the chat has them."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from ..changes import Change, Delete, Edit
from .codec import decode, encode, kind_of
from .database import Database, take_turns
from .delivery import Deliver, Delivery
from .encryption import Keyring, UnreadableChange
from .entries import Counts, Entry
from .leases import Leases, erase
from .tables import ADDRESSES, CHANGES, DEPARTURES, GAINED, KEPT, LOST

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Outbox"]

DEPARTURES_KEPT: Final = timedelta(days=31)
"""Longer than a browser stays logged in."""
PURGE_EVERY: Final = timedelta(hours=1)


class Outbox:
    """Account changes on their way to the chats.

    `url` is an SQLAlchemy address of SQLite or PostgreSQL, `secrets` the site's secrets, newest first. A
    lease is the time in seconds after which a delivery counts as crashed; it must be longer than the longest
    delivery. Raises `ConfigurationError` for an address that cannot be used. Nothing is opened before it is
    needed. Every method may be called in any thread and, after a fork, in the child, and raises
    `OutboxUnavailable` when the database fails.
    """

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        clock: Callable[[], float] = time.time,
        lease: float = 120.0,
    ) -> None:
        self._clock = clock
        self._keyring = Keyring(secrets)
        self._database = Database(url)
        self._delivery = Delivery(Leases(self._database, lease), self._keyring, clock)
        self._next_purge = 0.0

    # What the site calls.

    def add(self, provider: str, change: Change, *, connection: Connection | None = None) -> None:
        """Keep `change` until the chat of `provider` has it. It is durable when this returns.

        With a `connection` of the host's to the outbox's database, the change becomes part of the transaction
        that is open there: durable when the host commits, gone when it rolls back. Raises `ValueError` where
        the connection leads to another database, and `InvalidUser` where the user's `extra` cannot be kept.
        """
        payload = self._keyring.encrypt(encode(change))
        if connection is None:
            with self._database.writing() as own:
                self._insert(own, provider, change, payload)
        else:
            with self._database.joining(connection):
                self._insert(connection, provider, change, payload)

    def login_must_wait(self, provider: str, address: str) -> bool:
        """Whether a change that the chat has not got gives this address to an account, or takes it away.

        A login under an address that an edit gives must wait for it, or the chat would make a second account.
        Whoever signs up on the site with an address that another user has just given up would be logged in to
        that user's account, or lose his own to a deletion that comes late. A change that the chat refused
        counts until a person drops it.
        """
        moves = ADDRESSES.c.part.in_((GAINED, LOST))
        return self._is_there(exists().where(self._named(provider, address), moves))

    def gone_since(self, provider: str, address: str, moment: float) -> bool:
        """Whether this address ceased to be an account's at `moment` (seconds since the epoch) or later.

        That is when its deletion, or an edit that gives the account another address, was accepted. A browser
        that logged in before must not make the account anew. Known for 31 days.
        """
        return self._is_there(exists().where(self._departed(provider, address, moment)))

    # What delivers.

    def deliver_due(self, deliver: Deliver, *, limit: int = 100) -> int:
        """Try up to `limit` changes that are due, outside any transaction, and count those delivered.

        An `Unavailable` that `deliver` raises, a refusal of the credentials and any unexpected error let the
        change be tried later; any other `Rejected` makes it a dead letter. Changes that have an address in
        common are delivered in the order in which they were added, and none before an earlier one is done.
        """
        self._forget_old_departures()
        return self._delivery.deliver_due(deliver, limit)

    def next_due(self) -> float | None:
        """Seconds until there is something to deliver; `None` when there is nothing."""
        return self._delivery.next_due()

    # What a person asks.

    def counts(self) -> Counts:
        """How many changes wait, how many are dead, and how long the oldest waits."""
        dead = CHANGES.c.dead_at.is_not(None)
        with self._database.reading() as connection:
            waiting, oldest = connection.execute(
                select(func.count(), func.min(CHANGES.c.accepted_at)).select_from(CHANGES).where(~dead)
            ).one()
            given_up = connection.execute(select(func.count()).select_from(CHANGES).where(dead)).scalar_one()
        return Counts(waiting, given_up, None if oldest is None else max(0.0, self._clock() - oldest))

    def waiting(self, *, limit: int = 1000) -> list[Entry]:
        """The changes that will be delivered, the oldest first."""
        return self._entries(CHANGES.c.dead_at.is_(None), limit)

    def dead(self, *, limit: int = 1000) -> list[Entry]:
        """The dead letters, the oldest first."""
        return self._entries(CHANGES.c.dead_at.is_not(None), limit)

    def retry(self, change_id: int) -> bool:
        """Try a change at once, a dead one too. False when there is none, or it is on its way now."""
        now = self._clock()
        with self._database.writing() as connection:
            found = connection.execute(
                update(CHANGES)
                .where(CHANGES.c.id == change_id, _not_on_its_way(now))
                .values(due_at=now, dead_at=None, attempts=0, lease=None)
            )
        return found.rowcount == 1

    def drop(self, change_id: int) -> bool:
        """Give a change up for good. False when there is none, or it is on its way now."""
        with self._database.writing() as connection:
            found = connection.execute(
                select(CHANGES.c.id)
                .where(CHANGES.c.id == change_id, _not_on_its_way(self._clock()))
                .with_for_update()
            ).first()
            if found is not None:
                erase(connection, change_id)
        return found is not None

    def close(self) -> None:
        """Close this process's connections. Using the outbox opens them again."""
        self._database.close()

    # How it is done.

    def _insert(self, connection: Connection, provider: str, change: Change, payload: bytes) -> None:
        parts = _parts(change)
        digests = {address: self._keyring.digests(provider, address) for address in change.addresses}
        take_turns(connection, chain.from_iterable(digests.values()))
        now = self._clock()
        added = connection.execute(
            insert(CHANGES).values(
                provider=provider, kind=kind_of(change), payload=payload, accepted_at=now, due_at=now
            )
        )
        change_id = added.inserted_primary_key[0]  # type: ignore[index] # one row was inserted, so it has one
        connection.execute(
            insert(ADDRESSES),
            [
                {"digest": digest, "change_id": change_id, "part": parts[address]}
                for address, names in digests.items()
                for digest in names
            ],
        )
        departures = [
            {"digest": digest, "gone_at": now}
            for address, names in digests.items()
            for digest in names
            if parts[address] == LOST
        ]
        if departures:
            connection.execute(insert(DEPARTURES), departures)

    def _named(self, provider: str, address: str) -> ColumnElement[bool]:
        return ADDRESSES.c.digest.in_(self._keyring.digests(provider, address))

    def _departed(self, provider: str, address: str, moment: float) -> ColumnElement[bool]:
        mine = DEPARTURES.c.digest.in_(self._keyring.digests(provider, address))
        return mine & (DEPARTURES.c.gone_at >= moment)

    def _is_there(self, question: Any) -> bool:
        with self._database.reading() as connection:
            return bool(connection.execute(select(question)).scalar_one())

    def _forget_old_departures(self) -> None:
        now = self._clock()
        if now < self._next_purge:
            return
        old = DEPARTURES.c.gone_at < now - DEPARTURES_KEPT.total_seconds()
        if self._is_there(exists(select(literal(1)).where(old))):
            with self._database.writing() as connection:
                connection.execute(delete(DEPARTURES).where(old))
        self._next_purge = now + PURGE_EVERY.total_seconds()

    def _entries(self, condition: ColumnElement[bool], limit: int) -> list[Entry]:
        with self._database.reading() as connection:
            rows = connection.execute(
                select(CHANGES).where(condition).order_by(CHANGES.c.id).limit(limit)
            ).all()
        return [self._entry(row) for row in rows]

    def _entry(self, row: Row[Any]) -> Entry:
        try:
            addresses = tuple(sorted(decode(self._keyring.decrypt(row.payload)).addresses))
        except UnreadableChange:
            addresses = ()
        return Entry(
            id=row.id,
            provider=row.provider,
            kind=row.kind,
            addresses=addresses,
            accepted_at=row.accepted_at,
            attempts=row.attempts,
            due_at=row.due_at,
            dead_at=row.dead_at,
            reason=row.reason,
        )


def _not_on_its_way(now: float) -> ColumnElement[bool]:
    return or_(CHANGES.c.lease.is_(None), CHANGES.c.due_at <= now)


def _parts(change: Change) -> dict[str, str]:
    """What becomes of each address of `change`."""
    match change:
        case Delete(addresses):
            return dict.fromkeys(addresses, LOST)
        case Edit(address, email) if email is not None and email != address:
            return {address: LOST, email: GAINED}
    return dict.fromkeys(change.addresses, KEPT)
