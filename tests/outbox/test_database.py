from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from chatsso_middleware.changes import Delete, Register
from chatsso_middleware.errors import ConfigurationError, OutboxUnavailable
from chatsso_middleware.outbox import Outbox, database
from chatsso_middleware.users import ChatUser
from tests.outbox.stand_ins import SECRET, Chat

ANN = Register(ChatUser("ann@example.com"))
Open = Callable[..., Outbox]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "not an address"),
        ("", "not an address"),
        ("postgresql://localhost:port/site", "not an address"),
        ("sqlite://folder/outbox.sqlite", "slash is missing"),
        ("sqlite://", "no file"),
        ("sqlite:///:memory:", "no file"),
        ("sqlite:///file:x?uri=true", "no file"),
        ("mysql://root:the-password@localhost/site", "only SQLite and PostgreSQL"),
        ("postgresql+asyncpg://localhost/site", "only SQLite and PostgreSQL"),
    ],
)
def test_an_address_that_cannot_be_used_is_the_owners_to_mend(url: str, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason) as caught:
        Outbox(url, [SECRET])
    assert [problem.key for problem in caught.value.problems] == ["outbox"]
    assert "the-password" not in str(caught.value)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg2", None)  # what Python does for a module that is not there
    with pytest.raises(ConfigurationError, match=r"chatsso-middleware\[postgresql\]"):
        Outbox("postgresql+psycopg2://localhost/site", [SECRET])


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_the_driver_that_is_installed(
    scheme: str, postgresql_url: str, open_outbox: Open
) -> None:
    outbox = open_outbox(postgresql_url.replace("postgresql+psycopg", scheme, 1))
    outbox.add("room", ANN)
    assert outbox.counts().waiting == 1


def test_an_outbox_that_is_not_used_opens_nothing(file: Path, open_outbox: Open, sqlite_url: str) -> None:
    open_outbox(sqlite_url)
    assert not file.exists()


def test_the_file_and_its_journal_are_the_owners_alone(
    file: Path, open_outbox: Open, sqlite_url: str
) -> None:
    mask = os.umask(0)
    try:
        outbox = open_outbox(sqlite_url)
        outbox.add("room", ANN)
        with outbox._database.writing() as connection:
            connection.execute(text("UPDATE chatsso_outbox SET attempts = 1"))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()}
    finally:
        os.umask(mask)
    assert modes == {"outbox.sqlite": 0o600, "outbox.sqlite-journal": 0o600}


def test_a_file_that_is_there_keeps_its_mode(file: Path, open_outbox: Open, sqlite_url: str) -> None:
    file.touch(mode=0o640)
    file.chmod(0o640)
    open_outbox(sqlite_url).add("room", ANN)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["with space.sqlite", "number#1&2.sqlite", "ümläut.sqlite"])
def test_any_name_of_a_file_will_do(name: str, tmp_path: Path, open_outbox: Open) -> None:
    open_outbox(f"sqlite:///{tmp_path / name}").add("room", ANN)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_relative_path_means_the_directory_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_outbox: Open
) -> None:
    monkeypatch.chdir(tmp_path)
    outbox = open_outbox("sqlite:///here.sqlite")
    monkeypatch.chdir("/")
    outbox.add("room", ANN)
    assert (tmp_path / "here.sqlite").exists()


def test_sqlite_syncs_every_commit_with_its_directory_and_overwrites_what_is_deleted(
    open_outbox: Open, sqlite_url: str
) -> None:
    with open_outbox(sqlite_url)._database.reading() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("synchronous", "secure_delete", "journal_mode", "busy_timeout")
        }
    assert found == {"synchronous": 3, "secure_delete": 1, "journal_mode": "delete", "busy_timeout": 5000}


def test_a_missing_directory_makes_the_outbox_unavailable(tmp_path: Path, open_outbox: Open) -> None:
    with pytest.raises(OutboxUnavailable, match="No such file or directory"):
        open_outbox(f"sqlite:///{tmp_path}/missing/outbox.sqlite").add("room", ANN)


def test_a_file_that_is_no_database_makes_the_outbox_unavailable(
    file: Path, open_outbox: Open, sqlite_url: str
) -> None:
    file.write_text("a letter to grandmother, " * 100)
    with pytest.raises(OutboxUnavailable, match="not a database"):
        open_outbox(sqlite_url).counts()


def test_a_writer_that_never_ends_makes_the_outbox_unavailable(
    file: Path, open_outbox: Open, sqlite_url: str
) -> None:
    outbox = open_outbox(f"{sqlite_url}?timeout=0.1")
    outbox.add("room", ANN)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OutboxUnavailable, match="locked"):
        outbox.add("room", ANN)
    assert outbox.counts().waiting == 1
    other.close()
    outbox.add("room", ANN)
    assert outbox.counts().waiting == 2


@pytest.mark.usefixtures("postgresql_server")
def test_a_server_that_is_not_there_makes_the_outbox_unavailable_without_its_password(
    open_outbox: Open,
) -> None:
    outbox = open_outbox("postgresql://site:the-password@127.0.0.1:1/site")
    with pytest.raises(OutboxUnavailable) as caught:
        outbox.add("room", ANN)
    assert "the-password" not in f"{caught.value!r} {caught.value.__cause__!r}"


def test_an_outbox_whose_file_was_taken_away_mends_itself(
    file: Path, open_outbox: Open, sqlite_url: str
) -> None:
    outbox = open_outbox(sqlite_url)
    outbox.add("room", ANN)
    file.unlink()
    with pytest.raises(OutboxUnavailable):
        outbox.add("room", ANN)
    outbox.add("room", ANN)
    assert outbox.counts().waiting == 1
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_fails_inside_a_transaction_is_undone(url: str) -> None:
    made = database.Database(url)

    def fail() -> None:
        with made.writing() as connection:
            connection.execute(text("INSERT INTO chatsso_departure (digest, gone_at) VALUES ('x', 1)"))
            raise LookupError("a fault of ours")

    with pytest.raises(LookupError):
        fail()
    with made.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM chatsso_departure")).scalar_one() == 0
    made.close()


def test_changes_of_one_address_become_visible_in_the_order_of_their_ids(
    postgresql_url: str, open_outbox: Open, chat: Chat
) -> None:
    outbox = open_outbox(postgresql_url)
    outbox.counts()
    host = create_engine(postgresql_url)
    second = threading.Thread(target=outbox.add, args=("room", Delete(("ann@example.com",))))
    with host.connect() as connection:
        outbox.add("room", ANN, connection=connection)
        second.start()
        waits = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        with host.connect() as observer:
            while second.is_alive() and not observer.execute(waits).scalar_one():
                observer.rollback()
            assert observer.execute(waits).scalar_one() == 1
        outbox.deliver_due(chat)
        assert chat.changes == []
        connection.commit()
    second.join(10)
    outbox.deliver_due(chat)
    assert chat.changes == [ANN, Delete(("ann@example.com",))]
    host.dispose()


def test_a_transaction_of_the_hosts_that_never_ends_makes_the_outbox_unavailable(
    postgresql_url: str, open_outbox: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_TIMEOUT", "50ms")
    outbox = open_outbox(postgresql_url)
    host = create_engine(postgresql_url)
    with host.connect() as connection:
        outbox.add("room", ANN, connection=connection)
        with pytest.raises(OutboxUnavailable, match="lock timeout"):
            outbox.add("room", ANN)
    host.dispose()


def test_a_connection_that_the_server_dropped_is_replaced(postgresql_url: str, open_outbox: Open) -> None:
    outbox = open_outbox(postgresql_url)
    outbox.add("room", ANN)
    host = create_engine(postgresql_url)
    with host.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    host.dispose()
    outbox.add("room", ANN)
    assert outbox.counts().waiting == 2
