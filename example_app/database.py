"""The members' table and a session for each request."""

from __future__ import annotations

from datetime import date
from typing import Any

import zope.sqlalchemy
from pyramid.config import Configurator
from sqlalchemy import Connection, Engine, String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import NullPool

__all__ = ["Base", "User", "add_to", "open_database"]


class Base(DeclarativeBase):
    """The root of the tables."""


class User(Base):
    """A member of the club, who can log in."""

    __tablename__ = "users"
    # An id is never used again, so an old login cannot become somebody else's.
    __table_args__ = ({"sqlite_autoincrement": True},)
    __allow_unmapped__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254, collation="NOCASE"), unique=True)
    username: Mapped[str] = mapped_column(String(30, collation="NOCASE"), unique=True)
    password_hash: Mapped[str]
    login_stamp: Mapped[str]
    """Stands in every login cookie; a new one ends all logins of the member."""
    joined: Mapped[date]
    about: Mapped[str] = mapped_column(String(140), default="")
    plot: Mapped[int | None] = mapped_column(default=None)
    """The number of the member's plot; none for those on the waiting list."""
    committee: Mapped[bool] = mapped_column(default=False)
    avatar_name: Mapped[str | None] = mapped_column(unique=True, default=None)
    """The picture's name in its address. Every picture has a new one, so browsers may keep it for good."""
    avatar_png: Mapped[bytes | None] = mapped_column(default=None, deferred=True)
    avatar_url: str | None = None
    """No column: the picture's whole address, which the security policy fills in from the site's settings."""


def open_database(url: str) -> Engine:
    """The engine for the SQLite file of `url`, with the tables created where they are missing."""
    # To open an SQLite file costs next to nothing, so no connection is kept from one request to the next.
    engine = create_engine(url, poolclass=NullPool)
    _begin_as_asked(engine)
    Base.metadata.create_all(engine)
    return engine


def _begin_as_asked(engine: Engine) -> None:
    """Let SQLAlchemy, not the sqlite3 module, begin transactions, with the lock that the session asks for.

    The way of SQLAlchemy's page on SQLite, "Serializable isolation / Savepoints / Transactional DDL".
    """

    @event.listens_for(engine, "connect")
    def connect(connection: Any, record: object) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN"))


def add_to(config: Configurator, url: str) -> None:
    """Give every request its ``request.db``, which ends with the request's transaction."""
    engine = open_database(url)
    # A form asks whether an address is taken and then takes it: the write lock from the start keeps the two
    # together, and spares SQLite the "database is locked" of a reader who becomes a writer.
    writing = engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")

    def open_session(request: Any) -> Session:
        # What reads the identity after the commit (a log line, a middleware) still finds its values.
        session = Session(writing if request.method == "POST" else engine, expire_on_commit=False)
        zope.sqlalchemy.register(session, transaction_manager=request.tm)
        return session

    config.add_request_method(open_session, "db", reify=True)
