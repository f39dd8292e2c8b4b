from __future__ import annotations

from datetime import date

import pytest

from example_app.almanac import JOBS, coming_events


@pytest.mark.parametrize(
    ("today", "day", "title"),
    [
        (date(2026, 11, 20), date(2026, 12, 5), "Work party: hedges and ditches"),
        (date(2026, 12, 5), date(2026, 12, 5), "Work party: hedges and ditches"),
        (date(2027, 2, 10), date(2027, 2, 28), "Seed swap"),
        (date(2028, 2, 10), date(2028, 2, 27), "Seed swap"),
        (date(2027, 5, 30), date(2027, 6, 5), "Work party: weeds, early"),
        (date(2027, 8, 20), date(2027, 8, 21), "Summer show"),
        (date(2026, 12, 31), date(2027, 1, 2), "Work party: hedges and ditches"),
    ],
)
def test_the_next_event_is_the_first(today: date, day: date, title: str) -> None:
    first = coming_events(today)[0]
    assert (first.day, first.title) == (day, title)


@pytest.mark.parametrize("month", range(1, 13))
def test_events_are_in_order_and_none_has_passed(month: int) -> None:
    today = date(2027, month, 15)
    days = [event.day for event in coming_events(today)]
    assert days == sorted(days)
    assert days[0] >= today


def test_every_month_has_its_work_party_and_its_jobs() -> None:
    events = coming_events(date(2027, 1, 1), months=11)
    assert [event.day.month for event in events if event.title.startswith("Work party")] == list(range(1, 13))
    assert sorted(JOBS) == list(range(1, 13))
