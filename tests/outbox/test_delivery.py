from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from chatsso_middleware.changes import Change, Delete, Edit, Register
from chatsso_middleware.errors import Rejected, Unavailable
from chatsso_middleware.outbox import Outbox
from chatsso_middleware.users import ChatUser
from tests.outbox.stand_ins import Chat, Clock

LEASE = 120
Open = Callable[..., Outbox]


def register(name: str) -> Register:
    return Register(ChatUser(f"{name}@example.com"))


ANN, BOB = register("ann"), register("bob")
MOVE = Edit("ann@example.com", email="new@example.com")
NEW = Edit("new@example.com", username="new")


def test_changes_of_one_address_arrive_in_the_order_in_which_they_were_added(
    outbox: Outbox, chat: Chat
) -> None:
    changes: list[Change] = [ANN, MOVE, NEW, Delete(("new@example.com", "bob@example.com")), BOB]
    for change in changes:
        outbox.add("room", change)
    assert outbox.deliver_due(chat) == 5
    assert chat.changes == changes


@pytest.mark.parametrize("failure", [Unavailable("room", "down"), Rejected("room", "no"), ValueError()])
def test_nothing_overtakes_an_earlier_change_that_has_an_address_in_common(
    outbox: Outbox, chat: Chat, clock: Clock, failure: Exception
) -> None:
    outbox.add("room", MOVE)
    outbox.add("room", NEW)
    outbox.add("room", BOB)
    chat.answers = [failure]
    assert outbox.deliver_due(chat, limit=1) == 0
    chat.received.clear()
    outbox.deliver_due(chat, limit=1)
    assert chat.changes in ([BOB], [MOVE])
    assert NEW not in chat.changes


def test_another_provider_does_not_wait(outbox: Outbox, chat: Chat) -> None:
    outbox.add("room", ANN)
    outbox.add("other", ANN)
    chat.answers = [Rejected("room", "no")]
    assert outbox.deliver_due(chat) == 1
    assert [provider for provider, _ in chat.received] == ["room", "other"]


def test_a_pass_tries_no_more_than_its_limit(outbox: Outbox, chat: Chat) -> None:
    for name in ("ann", "bob", "carl"):
        outbox.add("room", register(name))
    assert outbox.deliver_due(chat, limit=2) == 2
    assert outbox.counts().waiting == 1


@pytest.mark.parametrize(
    "failure",
    [
        Unavailable("room", "down"),
        Rejected("room", "the key is wrong", credentials=True),
        ValueError("a fault in the provider"),
    ],
)
def test_what_may_pass_is_tried_again_later_and_then_delivered(
    outbox: Outbox, chat: Chat, clock: Clock, failure: Exception
) -> None:
    outbox.add("room", ANN)
    chat.answers = [failure, failure]
    assert outbox.deliver_due(chat, limit=1) == 0
    clock.advance(2)
    assert outbox.deliver_due(chat, limit=1) == 0
    clock.advance(4)
    assert outbox.deliver_due(chat) == 1
    assert chat.changes == [ANN, ANN, ANN]


def test_a_refusal_is_final_until_a_person_decides(outbox: Outbox, chat: Chat, clock: Clock) -> None:
    outbox.add("room", ANN)
    chat.answers = [Rejected("room", "no")]
    assert outbox.deliver_due(chat) == 0
    clock.advance(1e9)
    assert outbox.deliver_due(chat) == 0
    assert outbox.next_due() is None
    assert len(chat.received) == 1


def test_a_chat_that_says_when_is_asked_then_and_not_before(outbox: Outbox, chat: Chat, clock: Clock) -> None:
    outbox.add("room", ANN)
    outbox.add("room", BOB)
    chat.answers = [Unavailable("room", "too many requests", retry_after=90)]
    assert outbox.deliver_due(chat) == 0
    assert outbox.next_due() == 90
    clock.advance(89)
    assert outbox.deliver_due(chat) == 0
    assert len(chat.received) == 1
    clock.advance(1)
    assert outbox.deliver_due(chat) == 2


def test_a_chat_that_is_down_is_not_tried_for_every_change_that_waits(
    outbox: Outbox, chat: Chat, clock: Clock
) -> None:
    for number in range(50):
        outbox.add("room", register(f"u{number}"))
    outbox.add("other", ANN)
    chat.otherwise = Unavailable("room", "down")
    outbox.deliver_due(lambda provider, change: chat(provider, change) if provider == "room" else None)
    assert len(chat.received) == 3
    assert outbox.counts().waiting == 50, "the other provider's is delivered"
    due = outbox.next_due()
    assert due is not None
    assert 0 < due <= 1
    chat.otherwise = None
    clock.advance(due)
    assert outbox.deliver_due(chat) >= 47


# When something is due.


def test_an_empty_outbox_has_nothing_due(outbox: Outbox) -> None:
    assert outbox.next_due() is None


def test_a_change_is_due_when_it_is_added(outbox: Outbox, clock: Clock) -> None:
    outbox.add("room", ANN)
    clock.advance(100)
    assert outbox.next_due() == 0


def test_what_waits_behind_another_change_is_not_due_before_it(outbox: Outbox, chat: Chat) -> None:
    outbox.add("room", ANN)
    outbox.add("room", MOVE)
    chat.answers = [Unavailable("room", "down", retry_after=60)]
    outbox.deliver_due(chat, limit=1)
    assert outbox.next_due() == 60


# Leases.


def test_a_change_that_is_on_its_way_is_nobody_elses(url: str, open_outbox: Open, chat: Chat) -> None:
    first, second = open_outbox(url), open_outbox(url)
    first.add("room", ANN)
    first.add("room", MOVE)
    meanwhile: list[int] = []
    chat.during = lambda: meanwhile.append(second.deliver_due(chat))
    assert first.deliver_due(chat, limit=1) == 1
    assert meanwhile == [0]
    assert chat.changes == [ANN]


def test_a_delivery_runs_outside_any_transaction(url: str, open_outbox: Open, chat: Chat) -> None:
    first, second = open_outbox(url), open_outbox(url)
    first.add("room", ANN)
    chat.during = lambda: second.add("room", BOB)
    assert first.deliver_due(chat, limit=1) == 1
    assert second.counts().waiting == 1


def test_a_change_whose_worker_died_is_delivered_again_when_the_lease_is_over(
    outbox: Outbox, chat: Chat, clock: Clock
) -> None:
    outbox.add("room", ANN)
    chat.answers = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_due(chat)
    assert outbox.next_due() == LEASE
    clock.advance(LEASE - 1)
    assert outbox.deliver_due(chat) == 0
    clock.advance(1)
    assert outbox.deliver_due(chat) == 1
    assert chat.changes == [ANN, ANN]


def test_a_worker_that_outlived_its_lease_changes_nothing_of_the_next_ones(
    url: str, open_outbox: Open, chat: Chat, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    slow, quick, again = open_outbox(url), open_outbox(url), Chat()
    slow.add("room", ANN)

    def dawdle() -> None:
        clock.advance(LEASE)
        again.answers = [Unavailable("room", "down", retry_after=200)]
        assert quick.deliver_due(again) == 0

    chat.during = dawdle
    assert slow.deliver_due(chat, limit=1) == 1
    assert "may be delivered twice" in caplog.text
    assert quick.next_due() == 200, "the slow one's yes came too late to count"


@pytest.mark.parametrize("late", [Unavailable("room", "down"), Rejected("room", "no")])
def test_a_late_failure_does_not_bring_a_delivered_change_back(
    url: str, open_outbox: Open, chat: Chat, clock: Clock, late: Exception
) -> None:
    slow, quick = open_outbox(url), open_outbox(url)
    slow.add("room", ANN)

    def dawdle() -> None:
        clock.advance(LEASE)
        assert quick.deliver_due(Chat()) == 1

    chat.during = dawdle
    chat.answers = [late]
    assert slow.deliver_due(chat) == 0
    assert (slow.waiting(), slow.dead()) == ([], [])


def test_threads_that_deliver_at_once_deliver_each_change_once_and_in_order(
    url: str, open_outbox: Open
) -> None:
    outbox, chat = open_outbox(url), Chat()
    people = [f"u{number}" for number in range(8)]
    for person in people:
        outbox.add("room", register(person))
        outbox.add("room", Edit(f"{person}@example.com", username="first"))
        outbox.add("room", Edit(f"{person}@example.com", username="second"))

    def work() -> None:
        while outbox.next_due() is not None:
            outbox.deliver_due(chat)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(chat.changes) == 3 * len(people)
    for person in people:
        address = f"{person}@example.com"
        assert [change for change in chat.changes if address in change.addresses] == [
            register(person),
            Edit(address, username="first"),
            Edit(address, username="second"),
        ]


# The log.


def test_the_log_tells_provider_kind_attempt_and_reason_and_nobodys_address_or_password(
    outbox: Outbox, chat: Chat, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outbox.add("room", Register(ChatUser("ann@example.com"), password="correct horse"))
    chat.answers = [
        Unavailable("room", "ann@example.com with correct horse: try later"),
        ValueError("ann@example.com", "correct horse"),
        None,
        Rejected("room", "ANN@example.com is not welcome"),
    ]
    for _ in range(3):
        outbox.deliver_due(chat, limit=1)
        clock.advance(3600)
    outbox.add("room", Delete(("ann@example.com",)))
    outbox.deliver_due(chat)
    ours = [(record.levelname, record.getMessage()) for record in caplog.records if "chatsso" in record.name]
    assert [level for level, _ in ours] == ["WARNING", "WARNING", "DEBUG", "ERROR"]
    assert "room: register not delivered at attempt 1" in ours[0][1]
    assert "*** with ***: try later" in ours[0][1]
    assert "ValueError in stand_ins.py, line" in ours[1][1]
    assert ours[2][1] == "room: register delivered at attempt 3"
    assert "room: delete refused at attempt 1" in ours[3][1]
    assert "*** is not welcome" in ours[3][1]
    for hidden in ("ann@example.com", "correct horse"):
        assert hidden not in caplog.text.lower()
