"""Who tried how often lately, in a window that moves with the time: in this process, or shared by workers."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, TypeVar

from ..outbox.per_process import PerProcess
from .rate_limits import RateLimit

__all__ = ["LocalWindows", "Windows"]

log = logging.getLogger(__name__)

MOST_SUBJECTS: Final = 100_000
"""Whose attempts one process keeps; those who did not try for longest are forgotten."""
STORE_TIMEOUT: Final = 0.25
"""Seconds that an attempt may wait for the store."""
REST_AFTER_FAILURE: Final = 10.0
"""Seconds for which an unreachable store is not asked again."""

T = TypeVar("T")


class LocalWindows:
    """Attempts in the memory of one process, which never grows past `most` subjects.

    The memory storage of `limits` keeps every subject for ever, and starts a thread to tidy up the rest.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, most: int = MOST_SUBJECTS) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._attempts: OrderedDict[tuple[RateLimit, str], deque[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._attempts)

    def hit(self, limit: RateLimit, subject: str) -> float:
        """Count an attempt and give 0, or, where `limit` is used up, the seconds until it is not."""
        key = (limit, subject)
        with self._lock:
            now = self._clock()
            attempts = self._attempts.setdefault(key, deque())
            self._attempts.move_to_end(key)
            while attempts and attempts[0] <= now - limit.seconds:
                attempts.popleft()
            if len(attempts) >= limit.amount:
                return attempts[0] + limit.seconds - now
            attempts.append(now)
            while len(self._attempts) > self._most:
                self._attempts.popitem(last=False)
            return 0.0

    def clear(self, limit: RateLimit, subject: str) -> None:
        """Forget the attempts of `subject`."""
        with self._lock:
            self._attempts.pop((limit, subject), None)


class _SharedWindows:
    """Attempts in a Valkey or Redis, counted by `limits` in one step of the server."""

    def __init__(self, url: str) -> None:
        from limits import RateLimitItemPerSecond
        from limits.storage import RedisStorage
        from limits.strategies import MovingWindowRateLimiter
        from valkey.exceptions import ValkeyError

        scheme, _, rest = url.partition("://")
        self.failures = (ValkeyError, OSError)
        self._item = RateLimitItemPerSecond
        self._storage = RedisStorage(
            f"{'valkeys' if scheme == 'rediss' else 'valkey'}://{rest}",
            key_prefix="chatsso-signin",
            socket_timeout=STORE_TIMEOUT,
            socket_connect_timeout=STORE_TIMEOUT,
        )
        self._limiter = MovingWindowRateLimiter(self._storage)

    def hit(self, limit: RateLimit, subject: str) -> float:
        item = self._item(limit.amount, limit.seconds)
        if self._limiter.hit(item, subject):
            return 0.0
        reset = self._limiter.get_window_stats(item, subject).reset_time
        return max(reset - time.time(), 1.0)  # it may have become free between the two calls

    def clear(self, limit: RateLimit, subject: str) -> None:
        self._limiter.clear(self._item(limit.amount, limit.seconds), subject)

    def close(self) -> None:
        self._storage.storage.close()


class Windows:
    """Attempts in the store that the workers share; in this process while it cannot be reached."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`url`: ``memory:``, or the address of a Valkey or Redis. Nothing is opened yet."""
        self._clock = clock
        self._local = PerProcess(lambda: LocalWindows(clock))
        self._shared = None if url == "memory:" else PerProcess(lambda: _SharedWindows(url))
        self._resting_until = clock()
        self._is_away = False

    def hit(self, limit: RateLimit, subject: str) -> float:
        """Count an attempt and give 0, or, where `limit` is used up, the seconds until it is not."""
        waiting = self._on_shared(lambda shared: shared.hit(limit, subject))
        return self._local.get().hit(limit, subject) if waiting is None else waiting

    def clear(self, limit: RateLimit, subject: str) -> None:
        """Forget the attempts of `subject`."""
        self._on_shared(lambda shared: shared.clear(limit, subject))
        self._local.get().clear(limit, subject)

    def close(self) -> None:
        """Close this process's connections to a shared store. A later attempt opens them again."""
        if self._shared is not None:
            self._shared.get().close()

    def _on_shared(self, action: Callable[[_SharedWindows], T]) -> T | None:
        """What `action` gives on the shared store; `None` where none can be reached."""
        now = self._clock()
        if self._shared is None or now < self._resting_until:
            return None
        if self._is_away:  # who comes first tries again, and nobody else waits with him
            self._resting_until = now + REST_AFTER_FAILURE
        shared = self._shared.get()
        try:
            found = action(shared)
        except shared.failures as error:
            self._resting_until = self._clock() + REST_AFTER_FAILURE
            if not self._is_away:
                self._is_away = True
                name = type(error).__name__
                log.warning("The store cannot be reached (%s): each process limits sign-ins by itself", name)
            return None
        if self._is_away:
            self._is_away = False
            self._resting_until = now
            log.warning("The store can be reached again")
        return found
