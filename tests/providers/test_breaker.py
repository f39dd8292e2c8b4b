from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pybreaker
import pytest

from chatsso_middleware.providers.breaker import Breaker


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("room", clock)


def is_open(breaker: Breaker) -> bool:
    return breaker.is_open


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        breaker.failed()


def test_it_opens_after_five_failures_in_a_row(breaker: Breaker) -> None:
    fail(breaker, 4)
    breaker.worked()
    fail(breaker, 4)
    assert not is_open(breaker)
    assert breaker.admit()
    breaker.failed()
    assert is_open(breaker)
    assert not breaker.admit()


def test_while_open_one_call_in_ten_seconds_goes_out(breaker: Breaker, clock: Clock) -> None:
    assert breaker.seconds_to_probe == 0.0
    fail(breaker, 5)
    assert breaker.seconds_to_probe == 10.0
    clock.now += 9.9
    assert not breaker.admit()
    clock.now += 0.1
    assert breaker.seconds_to_probe == 0.0
    assert [breaker.admit(), breaker.admit(), breaker.admit()] == [True, False, False]
    clock.now += 10.0  # the probe never came back
    assert breaker.admit()


def test_a_probe_that_fails_leaves_it_open_and_one_that_works_closes_it(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, 5)
    clock.now += 10.0
    assert breaker.admit()
    breaker.failed()
    assert is_open(breaker)
    assert not breaker.admit()
    clock.now += 10.0
    assert breaker.admit()
    breaker.worked()
    assert not is_open(breaker)
    fail(breaker, 4)
    assert not is_open(breaker)


def test_late_failures_of_calls_that_set_out_before_do_not_put_the_probe_off(
    breaker: Breaker, clock: Clock
) -> None:
    fail(breaker, 5)
    clock.now += 10.0
    fail(breaker, 3)
    assert breaker.admit()


def test_opening_and_closing_are_told_once_each(breaker: Breaker, caplog: pytest.LogCaptureFixture) -> None:
    fail(breaker, 8)
    breaker.worked()
    breaker.worked()
    assert [record.getMessage() for record in caplog.records] == [
        "room: failed 5 times in a row; from now on one call in 10 seconds until it answers",
        "room: answers again",
    ]


def test_workers_with_one_storage_share_the_state(clock: Clock) -> None:
    storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
    make: Callable[[], Breaker] = lambda: Breaker("room", clock, storage)  # noqa: E731
    one, other = make(), make()
    fail(one, 5)
    assert is_open(other)
    other.worked()
    assert not is_open(one)


class OpenedMeanwhile(pybreaker.CircuitMemoryStorage):
    """Another worker opens the circuit after each look at it from outside."""

    def __init__(self) -> None:
        super().__init__(pybreaker.STATE_CLOSED)
        self.looks = 0
        self.opened_at = datetime.now(UTC)

    @property
    def state(self) -> str:
        self.looks += 1
        return pybreaker.STATE_CLOSED if self.looks <= 2 else pybreaker.STATE_OPEN

    @state.setter
    def state(self, state: str) -> None:
        self._state = state


@pytest.mark.parametrize("outcome", [Breaker.worked, Breaker.failed])
def test_an_outcome_that_comes_as_another_worker_opens_the_circuit_raises_nothing(
    outcome: Callable[[Breaker], None], clock: Clock
) -> None:
    storage = OpenedMeanwhile()
    breaker = Breaker("room", clock, storage)
    outcome(breaker)
    assert storage.looks > 2
    assert is_open(breaker)
