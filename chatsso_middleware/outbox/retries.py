"""When a change, and when a whole provider, is tried again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LONGEST_RETRY_AFTER", "ProviderPauses", "retry_delay"]

FIRST_CEILING: Final = 2.0
"""Seconds that the first retry of a change waits at the most."""
LONGEST_DELAY: Final = 3600.0
LONGEST_RETRY_AFTER: Final = 300.0
"""Seconds. A chat that asks for more is asked again after this."""
FAILURES_BEFORE_PAUSE: Final = 3
LONGEST_PAUSE: Final = 60.0


def _full_jitter(ceiling: float) -> float:
    return random.uniform(0, ceiling)  # noqa: S311 - spreads load, guards nothing


def _asked_for(retry_after: float | None) -> float:
    return min(retry_after, LONGEST_RETRY_AFTER) if retry_after is not None and retry_after > 0 else 0.0


def retry_delay(attempt: int, retry_after: float | None) -> float:
    """Seconds until the next attempt, after the failure of the attempt of this number (from 1).

    Exponential back-off with full jitter, up to an hour, and never less than the chat asked for.
    """
    doublings = min(attempt - 1, 20)  # far past the longest delay, and no float overflows
    return max(_asked_for(retry_after), _full_jitter(min(LONGEST_DELAY, FIRST_CEILING * 2**doublings)))


class ProviderPauses:
    """Which providers rest, because several changes in a row could not be brought there.

    Without it, an outage would try every waiting change in turn, write each failure to the disk, and leave
    each change with a long back-off of its own when the chat is back. Kept in memory: every process learns
    for itself.
    """

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def failed(self, provider: str, now: float, retry_after: float | None) -> None:
        """A delivery failed for a reason that other changes for `provider` will meet too."""
        failures = self._failures.get(provider, 0) + 1
        self._failures[provider] = failures
        pause = _asked_for(retry_after)
        if failures >= FAILURES_BEFORE_PAUSE:
            doublings = min(failures - FAILURES_BEFORE_PAUSE, 20)
            pause = max(pause, _full_jitter(min(LONGEST_PAUSE, 2.0**doublings)))
        if pause:
            self._until[provider] = now + pause

    def answered(self, provider: str) -> None:
        """The chat answered, with a yes or a no."""
        self._failures.pop(provider, None)
        self._until.pop(provider, None)

    def at(self, now: float) -> Mapping[str, float]:
        """The providers that are paused at `now`, with the moment at which each pause ends."""
        return {provider: until for provider, until in list(self._until.items()) if until > now}
