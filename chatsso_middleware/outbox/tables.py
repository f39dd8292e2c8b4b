"""The outbox's tables. Times are seconds since the epoch, as the injected clock tells them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    exists,
    literal,
    select,
)

__all__ = ["ADDRESSES", "BLOCKED", "CHANGES", "DEPARTURES", "GAINED", "KEPT", "LOST", "METADATA"]

METADATA: Final = MetaData()

GAINED: Final = "gained"
LOST: Final = "lost"
KEPT: Final = "kept"

_Number = BigInteger().with_variant(Integer, "sqlite")
"""SQLite counts up by itself only in a column of the very type INTEGER."""

CHANGES: Final = Table(
    "chatsso_outbox",
    METADATA,
    Column("id", _Number, primary_key=True),
    Column("provider", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("accepted_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    # Not to be delivered before this moment. Under a lease: the lease's end.
    Column("due_at", Double, nullable=False, index=True),
    # Whoever wrote it delivers the change now, and only he may say how it went.
    Column("lease", String),
    # Why the last attempt failed, without addresses and passwords.
    Column("reason", String),
    # Given up at this moment, until a person decides. Null: waiting.
    Column("dead_at", Double),
    # An id that a person reads in a list never comes to mean another change.
    sqlite_autoincrement=True,
)
"""The changes that are not delivered yet. What is delivered is erased."""

ADDRESSES: Final = Table(
    "chatsso_outbox_address",
    METADATA,
    Column("digest", String, primary_key=True),
    Column("change_id", _Number, ForeignKey(CHANGES.c.id), primary_key=True, index=True),
    # GAINED: an edit gives it to an account that had another. LOST: no account has it afterwards. Else KEPT.
    Column("part", String, nullable=False),
)
"""Which changes speak of an address, by its digests."""

DEPARTURES: Final = Table(
    "chatsso_departure",
    METADATA,
    Column("digest", String, nullable=False),
    Column("gone_at", Double, nullable=False, index=True),
)
"""Which addresses ceased to be an account's, and when, by their digests."""

Index("ix_chatsso_departure_digest_gone_at", DEPARTURES.c.digest, DEPARTURES.c.gone_at)

_own = ADDRESSES.alias("own")
_earlier = ADDRESSES.alias("earlier")

BLOCKED: Final = exists(
    select(literal(1))
    .select_from(_own)
    .join(_earlier, (_earlier.c.digest == _own.c.digest) & (_earlier.c.change_id < _own.c.change_id))
    .where(_own.c.change_id == CHANGES.c.id)
    .correlate(CHANGES)
)
"""Whether an earlier change that is not delivered speaks of an address of this one."""
