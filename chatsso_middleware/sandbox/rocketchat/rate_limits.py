"""Rocket.Chat's limit of calls: so many a minute from one address to one route."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

__all__ = ["Allowance", "RateLimits"]

INTERVAL: Final = 60.0
"""Seconds, counted from the first call."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller is told."""

    limit: int
    remaining: int
    reset_at: float
    """When counting starts anew, in seconds since the epoch."""
    wait: float
    """Seconds until then."""
    allowed: bool

    def headers(self) -> tuple[tuple[str, str], ...]:
        """As the answer carries it. The reset stands in milliseconds."""
        return (
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Reset", str(round(self.reset_at * 1000))),
        )


class RateLimits:
    """Counts calls. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: dict[Hashable, tuple[float, int]] = {}

    def count(self, caller: Hashable, limit: int) -> Allowance:
        """Count a call of `caller`, and say whether it is within `limit`."""
        now = self._clock()
        with self._lock:
            begun, calls = self._counts.get(caller, (now, 0))
            if now >= begun + INTERVAL:
                begun, calls = now, 0
            calls += 1
            self._counts[caller] = begun, calls
        reset_at = begun + INTERVAL
        return Allowance(limit, max(0, limit - calls), reset_at, reset_at - now, calls <= limit)
