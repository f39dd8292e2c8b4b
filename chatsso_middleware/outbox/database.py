"""The outbox's database: one SQLite file, or PostgreSQL.

SQLite gives the durability and erasure that the outbox promises only when it is told to, so all that is
particular to it stands here, as does what keeps several processes out of each other's way.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ..errors import ConfigurationError, OutboxUnavailable, Problem
from .forks import FORK_GATE
from .per_process import PerProcess
from .tables import CHANGES, METADATA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Database", "take_turns"]

BUSY_TIMEOUT: Final = 5.0
"""Seconds that SQLite waits for another process to finish writing."""
LOCK_TIMEOUT: Final = "5s"
"""What PostgreSQL waits for another transaction about the same address, in a transaction of our own."""
CONNECT_TIMEOUT: Final = 5
SILENCE_TIMEOUT: Final = 10_000
"""Milliseconds after which a PostgreSQL server that no longer acknowledges counts as gone."""

_WRITES: Final = "chatsso_writes"
_LOCK_SPACE: Final = 0x63_68_61_74  # "chat": advisory locks are shared with everybody in the database
_TABLES_LOCK: Final = -1
_ADDRESS_LOCKS: Final = 1024  # PostgreSQL's lock table is small, so one change never takes more than these


def _refuse(reason: str, mend: str) -> ConfigurationError:
    # The address is not repeated: a password may stand in it.
    return ConfigurationError([Problem("outbox", "the database's address", reason, mend)])


def _read_address(address: str) -> URL:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise _refuse(
            "it is not an address.", "Write sqlite:////PATH or postgresql://USER@HOST/DATABASE."
        ) from None
    match url.drivername:
        case "sqlite" | "sqlite+pysqlite":
            if url.host:  # sqlite://folder/file
                raise _refuse("a slash is missing before the file.", "Write sqlite:/// and the file's path.")
            if url.database in (None, "", ":memory:") or "uri" in url.query:
                raise _refuse("it names no file.", "Write sqlite:/// and the file's path.")
            return url
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+psycopg")
        case "postgresql+psycopg" | "postgresql+psycopg2":
            return url
    raise _refuse("only SQLite and PostgreSQL can be used.", "Begin it with sqlite:/// or postgresql://.")


def _sqlite_engine(url: URL, file: Path) -> Engine:
    # mode=rw: SQLite itself would create the file readable by everybody.
    # No pool: what a child inherits it must not even close (sqlite.org/howtocorrupt.html, section 2.6).
    engine = create_engine(
        URL.create("sqlite", database=file.as_uri(), query={**url.query, "mode": "rw", "uri": "true"}),
        connect_args={} if "timeout" in url.query else {"timeout": BUSY_TIMEOUT},
        poolclass=NullPool,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # no BEGIN by the driver, but by _begin_sqlite
    # EXTRA syncs the directory too: with FULL, a power cut may bring the rollback journal back after the
    # commit, and with it the old content (sqlite.org/pragma.html#pragma_synchronous).
    connection.execute("PRAGMA synchronous=EXTRA")
    connection.execute("PRAGMA secure_delete=ON")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once. A reader that becomes one fails without waiting if another writes.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")


def _postgresql_engine(url: URL) -> Engine:
    limits: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT, "tcp_user_timeout": SILENCE_TIMEOUT}
    if url.drivername == "postgresql+psycopg":
        limits["prepare_threshold"] = None  # a pooler between us and the server would mix them up
    return create_engine(
        url,
        connect_args={name: value for name, value in limits.items() if name not in url.query},
        pool_pre_ping=True,
        pool_size=2,
        pool_timeout=CONNECT_TIMEOUT,
        hide_parameters=True,
    )


@contextlib.contextmanager
def _failures_named() -> Iterator[None]:
    """Any failure of the database inside becomes `OutboxUnavailable`."""
    try:
        yield
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        # PostgreSQL quotes values from its second line on.
        lines = str(cause).splitlines() or [""]
        raise OutboxUnavailable(
            f"the outbox's database failed: {type(cause).__name__}: {lines[0]}"
        ) from error


def take_turns(connection: Connection, digests: Iterable[str]) -> None:
    """Let transactions about one address commit in the order in which they get their change's id.

    PostgreSQL gives ids when rows are inserted. Without a lock, a change could become visible after a later
    one was delivered. On SQLite a writer is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        # Sorted, so that two transactions never wait for each other.
        for lock in sorted({int(digest[:8], 16) % _ADDRESS_LOCKS for digest in digests}):
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK_SPACE, lock)))


class _Opened:
    """What one process has open."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.prepared = False


class Database:
    """Transactions of our own. Nothing is opened before the first, and every process opens for itself.

    Raises `ConfigurationError` for an address that cannot be used.
    """

    def __init__(self, address: str) -> None:
        self._url = _read_address(address)
        # Absolute from the start: a server may change its directory later.
        self._file = (
            Path(self._url.database or "").absolute() if self._url.get_backend_name() == "sqlite" else None
        )
        self._opened = PerProcess(self._open)
        try:
            self._opened.get()
        except ImportError as error:
            if self._file is not None:
                raise _refuse(
                    f"this Python lacks what SQLite needs ({error.name}).", "Install it, or use PostgreSQL."
                ) from None
            raise _refuse(
                "the driver for PostgreSQL is not installed.",
                "Run pip install 'chatsso-middleware[postgresql]'.",
            ) from None

    def _open(self) -> _Opened:
        engine = (
            _postgresql_engine(self._url) if self._file is None else _sqlite_engine(self._url, self._file)
        )
        return _Opened(engine)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises `OutboxUnavailable`."""
        with self._transaction(writes=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when the block ends, or undone. Raises `OutboxUnavailable`."""
        with self._transaction(writes=True) as connection:
            yield connection

    @contextlib.contextmanager
    def joining(self, connection: Connection) -> Iterator[None]:
        """Work inside the transaction that the host has open on `connection`.

        Raises `ValueError` where the connection leads to another database, and `OutboxUnavailable`.
        """
        with _failures_named():
            if self._file is None:
                # Not in the host's transaction: until its end, nobody else could look for the tables.
                self._prepare(self._opened.get())
            elif _leads_to(connection, self._file):
                # The host may be the one writer that SQLite allows, so his transaction makes the tables.
                METADATA.create_all(connection)
            else:
                raise ValueError("the connection leads to another database than the outbox's")
            yield

    def close(self) -> None:
        """Close what this process has open. The next transaction opens anew."""
        self._opened.get().engine.dispose()

    @contextlib.contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[Connection]:
        opened = self._opened.get()
        try:
            with _failures_named():
                self._prepare(opened)
                with self._begin(opened, writes=writes) as connection:
                    yield connection
        except OutboxUnavailable:
            opened.prepared = False  # perhaps the file or the database was replaced
            raise

    @contextlib.contextmanager
    def _begin(self, opened: _Opened, *, writes: bool) -> Iterator[Connection]:
        with contextlib.ExitStack() as stack:
            if self._file is not None:
                stack.enter_context(FORK_GATE)
            connection = stack.enter_context(opened.engine.connect())
            stack.enter_context(connection.execution_options(**{_WRITES: writes}).begin())
            if connection.dialect.name == "postgresql":
                connection.execute(select(func.set_config("lock_timeout", LOCK_TIMEOUT, True)))
            yield connection

    def _prepare(self, opened: _Opened) -> None:
        """Make what is missing, once a process.

        Of several processes that find the tables missing at once, one makes them: on SQLite because a writer
        is alone, on PostgreSQL by an advisory lock.
        """
        if opened.prepared:
            return
        if self._file is not None:
            _create_file(self._file)
        with self._begin(opened, writes=False) as connection:
            missing = not inspect(connection).has_table(CHANGES.name)
        if missing:
            with self._begin(opened, writes=True) as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(select(func.pg_advisory_xact_lock(_LOCK_SPACE, _TABLES_LOCK)))
                METADATA.create_all(connection)
        opened.prepared = True


def _leads_to(connection: Connection, file: Path) -> bool:
    if connection.dialect.name != "sqlite" or not file.exists():
        return False
    # Number, schema and file of each database; the file is empty where the database is in memory.
    listed = {schema: name for _, schema, name in connection.exec_driver_sql("PRAGMA database_list")}
    return bool(listed["main"]) and file.samefile(listed["main"])


def _create_file(file: Path) -> None:
    try:
        # Only ever a new file: closing another descriptor of a database that is open drops its locks
        # (sqlite.org/howtocorrupt.html, section 2.2).
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise OutboxUnavailable(f"the outbox's file {file} cannot be made: {error.strerror}") from error
