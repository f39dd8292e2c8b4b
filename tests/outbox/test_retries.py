from __future__ import annotations

import pytest

from chatsso_middleware.outbox.retries import FAILURES_BEFORE_PAUSE, ProviderPauses, retry_delay

NOW = 1000.0


@pytest.mark.parametrize(
    ("attempt", "ceiling"), [(1, 2), (2, 4), (3, 8), (11, 2048), (12, 3600), (10_000, 3600)]
)
def test_a_retry_waits_a_random_part_of_a_ceiling_that_doubles_up_to_an_hour(
    attempt: int, ceiling: float
) -> None:
    delays = [retry_delay(attempt, None) for _ in range(300)]
    assert 0 <= min(delays) < ceiling / 4  # full jitter: the whole range is used
    assert ceiling * 3 / 4 < max(delays) <= ceiling


def test_a_retry_waits_at_least_as_long_as_the_chat_asked() -> None:
    assert retry_delay(1, 60) == 60


def test_a_chat_is_obeyed_for_five_minutes_and_no_longer() -> None:
    assert retry_delay(1, 86_400) == 300


@pytest.mark.parametrize("retry_after", [0, -5, float("nan")])
def test_a_senseless_retry_after_counts_as_none(retry_after: float) -> None:
    assert 0 <= retry_delay(1, retry_after) <= 2


def fail(pauses: ProviderPauses, times: int, retry_after: float | None = None) -> None:
    for _ in range(times):
        pauses.failed("room", NOW, retry_after)


def test_a_provider_is_not_paused_for_the_failure_of_one_change() -> None:
    pauses = ProviderPauses()
    fail(pauses, FAILURES_BEFORE_PAUSE - 1)
    assert pauses.at(NOW) == {}


def test_a_provider_is_paused_when_several_changes_in_a_row_fail() -> None:
    pauses = ProviderPauses()
    fail(pauses, FAILURES_BEFORE_PAUSE)
    assert NOW < pauses.at(NOW)["room"] <= NOW + 1
    assert pauses.at(NOW + 1) == {}


def test_a_pause_never_exceeds_a_minute() -> None:
    pauses = ProviderPauses()
    fail(pauses, 5000)
    assert NOW < pauses.at(NOW)["room"] <= NOW + 60


def test_a_chat_that_asks_to_be_left_alone_is_paused_at_once() -> None:
    pauses = ProviderPauses()
    fail(pauses, 1, retry_after=40)
    pauses.failed("other", NOW, 86_400)
    assert pauses.at(NOW) == {"room": NOW + 40, "other": NOW + 300}


def test_an_answer_ends_the_pause_and_the_count() -> None:
    pauses = ProviderPauses()
    fail(pauses, FAILURES_BEFORE_PAUSE)
    pauses.answered("room")
    assert pauses.at(NOW) == {}
    fail(pauses, FAILURES_BEFORE_PAUSE - 1)
    assert pauses.at(NOW) == {}
