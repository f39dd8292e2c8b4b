from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from chatsso_middleware.changes import Change, Delete, Edit, Leave, Register
from chatsso_middleware.errors import InvalidUser, OutboxUnavailable, Rejected, Unavailable
from chatsso_middleware.outbox import Counts, Outbox
from chatsso_middleware.users import ChatUser
from tests.outbox.stand_ins import OLD_SECRET, SECRET, Chat, Clock

ANN = Register(ChatUser("ann@example.com", username="ann"), password="correct horse")
BOB = Register(ChatUser("bob@example.com"))
MOVE = Edit("ann@example.com", email="anna@example.com")
Open = Callable[..., Outbox]


LEAVE = Leave("ann@example.com", "canary-token", "ann's own id")


@pytest.mark.parametrize(
    "change", [ANN, MOVE, Delete(("ann@example.com", "bob@example.com")), LEAVE, Leave("ann@example.com")]
)
def test_a_change_that_was_added_is_delivered_as_it_was_and_once(
    outbox: Outbox, chat: Chat, change: Change
) -> None:
    outbox.add("room", change)
    assert outbox.deliver_due(chat) == 1
    assert outbox.deliver_due(chat) == 0
    assert chat.received == [("room", change)]


def test_an_outbox_opened_later_has_what_an_earlier_one_kept(url: str, open_outbox: Open, chat: Chat) -> None:
    first = open_outbox(url)
    first.add("room", ANN)
    first.close()
    assert open_outbox(url).deliver_due(chat) == 1
    assert chat.changes == [ANN]


def test_extra_that_cannot_be_kept_is_refused_before_anything_is_written(outbox: Outbox) -> None:
    with pytest.raises(InvalidUser):
        outbox.add("room", Register(ChatUser("ann@example.com", extra={"born": object()})))
    assert outbox.counts() == Counts(0, 0, None)


def test_nothing_readable_is_in_the_file_and_nothing_at_all_after_the_delivery(
    sqlite_url: str, file: Path, open_outbox: Open, chat: Chat
) -> None:
    outbox = open_outbox(sqlite_url)
    for change in (ANN, Edit("ann@example.com", password="battery staple"), LEAVE, MOVE):
        outbox.add("room", change)
    with sqlite3.connect(file) as connection:
        kept = [payload for (payload,) in connection.execute("SELECT payload FROM chatsso_outbox")]
        kept += [
            digest.encode() for (digest,) in connection.execute("SELECT digest FROM chatsso_outbox_address")
        ]
        departed = {
            digest.encode() for (digest,) in connection.execute("SELECT digest FROM chatsso_departure")
        }
    connection.close()
    before = file.read_bytes()
    assert len(kept) == 9
    assert all(value in before for value in kept)
    assert outbox.deliver_due(chat) == 4
    after = file.read_bytes()
    assert [value for value in kept if value in after and value not in departed] == []
    for secret in (
        b"ann@example.com",
        b"anna@example.com",
        b"correct horse",
        b"battery staple",
        b"canary",
        b"ann",
    ):
        assert secret not in before
        assert secret not in after


# The host's own transaction.


def test_a_change_in_the_hosts_transaction_is_kept_when_the_host_commits(
    url: str, outbox: Outbox, chat: Chat
) -> None:
    host = create_engine(url)
    with host.begin() as connection:
        connection.execute(text("CREATE TABLE users (name TEXT)"))
        outbox.add("room", ANN, connection=connection)
        connection.execute(text("INSERT INTO users VALUES ('ann')"))
    host.dispose()
    assert outbox.deliver_due(chat) == 1
    assert chat.changes == [ANN]


def test_a_change_in_the_hosts_transaction_is_gone_when_the_host_rolls_back(url: str, outbox: Outbox) -> None:
    host = create_engine(url)
    with host.connect() as connection:
        outbox.add("room", ANN, connection=connection)
        connection.rollback()
        outbox.add("room", BOB, connection=connection)
        connection.commit()
    host.dispose()
    assert [entry.addresses for entry in outbox.waiting()] == [("bob@example.com",)]


def test_a_failure_in_the_hosts_transaction_is_the_outboxs(
    file: Path, sqlite_url: str, open_outbox: Open
) -> None:
    file.touch()
    host = create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    with host.connect() as connection, pytest.raises(OutboxUnavailable, match="readonly"):
        open_outbox(sqlite_url).add("room", ANN, connection=connection)
    host.dispose()


@pytest.mark.parametrize("other", ["sqlite://", "sqlite:///other.sqlite"])
def test_a_connection_to_another_database_is_refused_since_nobody_would_look_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str, open_outbox: Open, other: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outbox = open_outbox(sqlite_url)
    host = create_engine(other)
    for _ in ("before the outbox has a file", "after"):
        with host.connect() as connection, pytest.raises(ValueError, match="another database"):
            outbox.add("room", ANN, connection=connection)
        outbox.add("room", BOB)
    host.dispose()


def test_a_connection_to_another_server_than_the_outboxs_is_refused(
    file: Path, sqlite_url: str, postgresql_url: str, open_outbox: Open
) -> None:
    host = create_engine(postgresql_url)
    file.touch()
    with host.connect() as connection, pytest.raises(ValueError, match="another database"):
        open_outbox(sqlite_url).add("room", ANN, connection=connection)
    host.dispose()


def test_the_first_change_of_all_may_come_in_the_hosts_transaction(
    file: Path, sqlite_url: str, open_outbox: Open
) -> None:
    host = create_engine(sqlite_url)
    with host.begin() as connection:
        connection.execute(text("CREATE TABLE users (name TEXT)"))
        connection.execute(text("INSERT INTO users VALUES ('ann')"))
        outbox = open_outbox(f"{sqlite_url}?timeout=0.1")
        outbox.add("room", ANN, connection=connection)
    host.dispose()
    assert outbox.counts().waiting == 1


# Logins that must wait, and logins that are over.


def test_an_edit_that_the_chat_refused_still_holds_the_login_until_a_person_drops_it(
    outbox: Outbox, chat: Chat
) -> None:
    outbox.add("room", MOVE)
    chat.answers = [Rejected("room", "no")]
    outbox.deliver_due(chat)
    assert outbox.login_must_wait("room", "anna@example.com")
    assert outbox.drop(outbox.dead()[0].id)
    assert not outbox.login_must_wait("room", "anna@example.com")


@pytest.mark.parametrize(
    ("change", "waits"),
    [
        (MOVE, {"ann@example.com", "anna@example.com"}),
        (Delete(("ann@example.com",)), {"ann@example.com"}),
        (ANN, set()),
        (Edit("ann@example.com", username="ann2"), set()),
        (Edit("ann@example.com", email="ann@example.com"), set()),
        (LEAVE, set()),
    ],
)
def test_a_login_waits_for_whatever_moves_or_ends_an_account_of_its_address(
    outbox: Outbox, chat: Chat, change: Change, waits: set[str]
) -> None:
    outbox.add("room", change)
    everybody = ("ann@example.com", "anna@example.com", "bob@example.com")
    assert {address for address in everybody if outbox.login_must_wait("room", address)} == waits
    assert not any(outbox.login_must_wait("other", address) for address in everybody)
    outbox.deliver_due(chat)
    assert not any(outbox.login_must_wait("room", address) for address in everybody)


def test_a_deletion_is_known_to_logins_from_before_it_and_not_to_later_ones(
    outbox: Outbox, chat: Chat, clock: Clock
) -> None:
    deleted = clock.now
    outbox.add("room", Delete(("ann@example.com", "bob@example.com")))
    outbox.deliver_due(chat)
    for address in ("ann@example.com", "bob@example.com"):
        assert outbox.gone_since("room", address, deleted - 1)
        assert outbox.gone_since("room", address, deleted)
        assert not outbox.gone_since("room", address, deleted + 1)
    assert not outbox.gone_since("room", "carl@example.com", 0)
    assert not outbox.gone_since("other", "ann@example.com", 0)


def test_an_address_that_an_edit_gave_up_is_gone_and_the_new_one_is_not(outbox: Outbox, clock: Clock) -> None:
    outbox.add("room", MOVE)
    assert outbox.gone_since("room", "ann@example.com", clock.now)
    assert not outbox.gone_since("room", "anna@example.com", 0)


def test_a_deletion_is_forgotten_after_31_days_and_not_before(
    outbox: Outbox, chat: Chat, clock: Clock
) -> None:
    outbox.add("room", Delete(("ann@example.com",)))
    outbox.deliver_due(chat)
    clock.advance(31 * 86_400 - 1)
    outbox.deliver_due(chat)
    assert outbox.gone_since("room", "ann@example.com", 0)
    clock.advance(3600)
    outbox.deliver_due(chat)
    assert not outbox.gone_since("room", "ann@example.com", 0)


# Rotation of the secrets.


def test_order_logins_and_deletions_hold_across_a_change_of_secrets(
    url: str, open_outbox: Open, chat: Chat, clock: Clock
) -> None:
    open_outbox(url, OLD_SECRET).add("room", MOVE)
    rotated = open_outbox(url, SECRET, OLD_SECRET)
    rotated.add("room", Delete(("anna@example.com",)))
    assert rotated.login_must_wait("room", "anna@example.com")
    chat.answers = [Unavailable("room", "down")]
    rotated.deliver_due(chat, limit=1)
    assert rotated.deliver_due(chat) == 0, "the deletion must not overtake the edit"
    clock.advance(10)
    assert rotated.deliver_due(chat) == 2
    assert chat.changes == [MOVE, MOVE, Delete(("anna@example.com",))]
    assert open_outbox(url, OLD_SECRET).gone_since("room", "anna@example.com", 0)
    assert open_outbox(url, SECRET).gone_since("room", "anna@example.com", 0)


def test_what_no_secret_opens_waits_for_a_process_that_can_read_it(
    url: str, open_outbox: Open, chat: Chat, clock: Clock
) -> None:
    open_outbox(url, OLD_SECRET).add("room", ANN)
    stranger = open_outbox(url, SECRET)
    assert stranger.deliver_due(chat) == 0
    (entry,) = stranger.waiting()
    assert entry.addresses == ()
    assert entry.reason is not None
    assert "secret that is not configured" in entry.reason
    clock.advance(3600)
    assert open_outbox(url, OLD_SECRET).deliver_due(chat) == 1
    assert chat.changes == [ANN]


# What a person asks.


def test_the_counts_say_what_waits_and_how_long(outbox: Outbox, chat: Chat, clock: Clock) -> None:
    assert outbox.counts() == Counts(waiting=0, dead=0, oldest_age=None)
    outbox.add("room", ANN)
    chat.answers = [Rejected("room", "no")]
    outbox.deliver_due(chat)
    assert outbox.counts() == Counts(waiting=0, dead=1, oldest_age=None)
    clock.advance(5)
    outbox.add("room", MOVE)
    clock.advance(60)
    outbox.add("room", BOB)
    assert outbox.counts() == Counts(waiting=2, dead=1, oldest_age=60)


def test_a_dead_letter_is_listed_with_reason_and_time(outbox: Outbox, chat: Chat, clock: Clock) -> None:
    accepted = clock.now
    outbox.add("room", MOVE)
    outbox.add("room", BOB)
    clock.advance(7)
    chat.answers = [Rejected("room", "anna@example.com is taken")]
    outbox.deliver_due(chat)
    (entry,) = outbox.dead()
    assert (entry.provider, entry.kind, entry.attempts) == ("room", "edit", 1)
    assert entry.addresses == ("ann@example.com", "anna@example.com")
    assert (entry.accepted_at, entry.dead_at) == (accepted, accepted + 7)
    assert entry.reason == "*** is taken"
    assert "example.com" not in repr(entry)
    assert outbox.waiting() == []


def test_lists_are_as_long_as_asked_and_the_oldest_come_first(outbox: Outbox) -> None:
    for change in (ANN, BOB, MOVE):
        outbox.add("room", change)
    assert [entry.kind for entry in outbox.waiting()] == ["register", "register", "edit"]
    assert [entry.addresses for entry in outbox.waiting(limit=2)] == [
        ("ann@example.com",),
        ("bob@example.com",),
    ]


def test_a_dead_letter_that_is_retried_is_delivered_before_what_waited_behind_it(
    outbox: Outbox, chat: Chat
) -> None:
    outbox.add("room", ANN)
    outbox.add("room", MOVE)
    chat.answers = [Rejected("room", "no")]
    outbox.deliver_due(chat)
    assert outbox.retry(outbox.dead()[0].id)
    assert outbox.dead() == []
    assert outbox.deliver_due(chat) == 2
    assert chat.changes == [ANN, ANN, MOVE]


def test_a_waiting_change_that_is_retried_is_due_at_once(outbox: Outbox, chat: Chat) -> None:
    outbox.add("room", ANN)
    chat.answers = [KeyError()]
    outbox.deliver_due(chat, limit=1)
    assert outbox.retry(outbox.waiting()[0].id)
    assert outbox.next_due() == 0
    assert outbox.waiting()[0].attempts == 0


def test_a_change_that_is_dropped_leaves_nothing_and_frees_what_waited_behind_it(
    outbox: Outbox, chat: Chat
) -> None:
    outbox.add("room", ANN)
    outbox.add("room", MOVE)
    assert outbox.drop(outbox.waiting()[0].id)
    assert outbox.deliver_due(chat) == 1
    assert chat.changes == [MOVE]


def test_a_change_that_is_on_its_way_can_be_neither_retried_nor_dropped(
    outbox: Outbox, chat: Chat, clock: Clock
) -> None:
    outbox.add("room", ANN)
    answers: list[bool] = []

    def meddle() -> None:
        (entry,) = outbox.waiting()
        answers.extend((outbox.retry(entry.id), outbox.drop(entry.id)))

    chat.during = meddle
    assert outbox.deliver_due(chat) == 1
    assert answers == [False, False]


def test_what_is_not_there_can_be_neither_retried_nor_dropped(outbox: Outbox) -> None:
    assert not outbox.retry(1)
    assert not outbox.drop(1)


def test_the_number_of_a_change_never_comes_to_mean_another(outbox: Outbox) -> None:
    outbox.add("room", ANN)
    (first,) = outbox.waiting()
    outbox.drop(first.id)
    outbox.add("room", BOB)
    assert outbox.waiting()[0].id > first.id
