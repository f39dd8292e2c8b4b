from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from logging.handlers import QueueHandler
from pathlib import Path

import pytest

from chatsso_middleware.changes import Change, Edit, Register
from chatsso_middleware.errors import Unavailable
from chatsso_middleware.outbox import Outbox, Worker
from chatsso_middleware.outbox import worker as worker_module
from chatsso_middleware.users import ChatUser
from tests.outbox.stand_ins import SECRET

ANN = Register(ChatUser("ann@example.com"))
BOB = Register(ChatUser("bob@example.com"))
PATIENCE = 20


class Desk:
    """A chat that hands over what it received to the test, and waits for it where told to."""

    def __init__(self) -> None:
        self.received: queue.Queue[Change] = queue.Queue()
        self.open = threading.Event()
        self.open.set()
        self.failures: queue.Queue[Exception] = queue.Queue()

    def __call__(self, _provider: str, change: Change) -> None:
        self.received.put(change)
        assert self.open.wait(PATIENCE)
        if not self.failures.empty():
            raise self.failures.get()

    def next(self) -> Change:
        return self.received.get(timeout=PATIENCE)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def kept(url: str) -> Iterator[Outbox]:
    outbox = Outbox(url, [SECRET])
    yield outbox
    outbox.close()


@pytest.fixture
def worker(kept: Outbox, desk: Desk) -> Iterator[Worker]:
    worker = Worker(kept, desk)
    yield worker
    desk.open.set()
    assert worker.stop(PATIENCE)


@pytest.fixture
def records() -> Iterator[queue.Queue[logging.LogRecord]]:
    """What the worker logs."""
    logged: queue.Queue[logging.LogRecord] = queue.Queue()
    handler = QueueHandler(logged)
    logger = logging.getLogger("chatsso_middleware.outbox.worker")
    logger.addHandler(handler)
    yield logged
    logger.removeHandler(handler)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "chatsso-outbox"]


def test_a_worker_delivers_what_was_there_before_it_started(kept: Outbox, worker: Worker, desk: Desk) -> None:
    kept.add("room", ANN)
    worker.start()
    assert desk.next() == ANN


def test_a_worker_that_is_woken_delivers_at_once(
    kept: Outbox, worker: Worker, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "IDLE_WAIT", 3600)
    worker.start()
    for change in (ANN, BOB, Edit("ann@example.com", username="ann2")):
        kept.add("room", change)
        worker.wake()
        assert desk.next() == change


class AddsAtTheLastMoment(Outbox):
    """An outbox to which somebody adds when a look at it has just found nothing."""

    at_the_last_moment: Callable[[], object] | None = None

    def next_due(self) -> float | None:
        due = super().next_due()
        if due is None and self.at_the_last_moment is not None:
            happens, self.at_the_last_moment = self.at_the_last_moment, None
            happens()
        return due


def test_a_wake_after_the_look_and_before_the_sleep_is_not_lost(
    url: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "IDLE_WAIT", 3600)
    outbox = AddsAtTheLastMoment(url, [SECRET])
    worker = Worker(outbox, desk)

    def add_and_wake() -> None:
        outbox.add("room", ANN)
        worker.wake()

    outbox.at_the_last_moment = add_and_wake
    worker.start()
    assert desk.next() == ANN
    assert worker.stop(PATIENCE)
    outbox.close()


def test_a_worker_finds_what_another_process_left_without_being_woken(
    kept: Outbox, worker: Worker, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "IDLE_WAIT", 0.05)
    worker.start()
    kept.add("room", ANN)
    assert desk.next() == ANN
    kept.add("room", BOB)
    assert desk.next() == BOB


def test_a_worker_tries_again_when_a_change_is_due_again(kept: Outbox, worker: Worker, desk: Desk) -> None:
    desk.failures.put(Unavailable("room", "down"))
    kept.add("room", ANN)
    worker.start()
    assert [desk.next(), desk.next()] == [ANN, ANN]


def test_a_worker_goes_on_when_its_database_was_gone(
    tmp_path: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker_module, "LONGEST_WAIT", 0.05)
    directory = tmp_path / "not yet"
    outbox = Outbox(f"sqlite:///{directory}/outbox.sqlite", [SECRET])
    worker = Worker(outbox, desk)
    worker.start()
    directory.mkdir()
    outbox.add("room", ANN)
    worker.wake()  # as the handle does; a look between the two lines above would find nothing and rest
    assert desk.next() == ANN
    assert worker.stop(PATIENCE)
    for record in caplog.records:
        assert "cannot be delivered" in record.getMessage()


def test_a_failing_database_is_told_once_a_look_with_growing_pauses(
    tmp_path: Path, desk: Desk, records: queue.Queue[logging.LogRecord]
) -> None:
    worker = Worker(Outbox(f"sqlite:///{tmp_path}/missing/outbox.sqlite", [SECRET]), desk)
    worker.start()
    for seconds in (5, 10):
        message = records.get(timeout=PATIENCE).getMessage()
        assert f"next look in {seconds} s: the outbox's file" in message
        worker.wake()
    assert worker.stop(PATIENCE)


def test_starting_twice_starts_one_thread(worker: Worker) -> None:
    before = threads()
    together = threading.Barrier(4)

    def start() -> None:
        together.wait(PATIENCE)
        worker.start()

    starters = [threading.Thread(target=start) for _ in range(4)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(PATIENCE)
    worker.start()
    (thread,) = set(threads()) - set(before)
    assert thread.daemon


def test_neither_making_nor_waking_a_worker_starts_a_thread(worker: Worker) -> None:
    before = threads()
    worker.wake()
    assert threads() == before


def test_stopping_ends_the_thread_after_the_delivery_that_it_is_at(
    kept: Outbox, worker: Worker, desk: Desk
) -> None:
    desk.open.clear()
    kept.add("room", ANN)
    kept.add("room", BOB)
    worker.start()
    assert desk.next() == ANN
    assert not worker.stop(0)
    desk.open.set()
    assert worker.stop(PATIENCE)
    assert desk.received.empty()
    assert [entry.addresses for entry in kept.waiting()] == [("bob@example.com",)]


def test_a_worker_that_was_stopped_can_be_started_again(kept: Outbox, worker: Worker, desk: Desk) -> None:
    worker.start()
    assert worker.stop(PATIENCE)
    kept.add("room", ANN)
    worker.start()
    assert desk.next() == ANN


def test_stopping_a_worker_that_never_started_is_fine(worker: Worker) -> None:
    assert worker.stop(0)
