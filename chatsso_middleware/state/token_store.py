"""Where tokens are kept: in this process, or in a Valkey or Redis that all workers share (dogpile.cache)."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from dogpile.cache import make_region, register_backend
from dogpile.cache.api import NO_VALUE

from ..sessions import ChatSession
from .memory import BoundedMemoryBackend

__all__ = ["TokenStore"]

log = logging.getLogger(__name__)

T = TypeVar("T")

register_backend("chatsso.memory", BoundedMemoryBackend.__module__, "BoundedMemoryBackend")  # type: ignore[no-untyped-call]

REST_AFTER_FAILURE: Final = 10.0
"""Seconds for which an unreachable store is not asked again."""
STORE_TIMEOUT: Final = 0.25
"""Seconds that a page may wait for the store."""
LONGEST_LIFE: Final = 31 * 24 * 3600
"""Seconds after which a shared store forgets an entry by itself: a little more than a state cookie lives."""
LOOK_AGAIN: Final = 0.05
"""Seconds between two looks at a claim that another process holds."""


class TokenStore:
    """`ChatSession` by key. While a shared store cannot be reached, the process's own memory stands in."""

    def __init__(self, url: str, *, lock_timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`lock_timeout`: seconds after which another worker's claim to fetch a token is void."""
        self._clock = clock
        self._local = make_region().configure("chatsso.memory")
        self._shared: Any = None
        self._failures: tuple[type[Exception], ...] = ()
        if url != "memory:":
            self._shared = _shared_region(url, lock_timeout)
            self._failures = _failures_of_the_driver()
        self._resting_until = 0.0
        self._is_away = False

    def get(self, key: str) -> ChatSession | None:
        """The session kept under `key`, however old."""
        record = self._record(key)
        try:
            return ChatSession(
                str(record["token"]),
                float(record["expires_at"]),
                account=str(record["account"]),
                checked_at=float(record["checked_at"]),
            )
        except (TypeError, KeyError, ValueError):  # nothing there, or another version's record
            return None

    def set(self, key: str, session: ChatSession) -> None:
        """Keep `session` under `key`."""
        record = {
            "token": session.token,
            "expires_at": session.expires_at,
            "account": session.account,
            "checked_at": session.checked_at,
        }
        self._keep(key, record)

    def mark(self, key: str, moment: float) -> None:
        """Keep `moment`, in seconds since the epoch, under `key`."""
        self._keep(key, {"moment": moment})

    def moment(self, key: str) -> float:
        """The moment that `mark` kept under `key`; 0 for none."""
        try:
            return float(self._record(key)["moment"])
        except (TypeError, KeyError, ValueError):
            return 0.0

    def delete(self, key: str) -> None:
        """Forget what is kept under `key`."""
        self._on_shared(lambda region: region.delete(key), None)
        self._local.delete(key)

    def close(self) -> None:
        """Close this process's connections to a shared store. Using the store opens them again."""
        if self._shared is not None:
            self._shared.backend.writer_client.close()  # which is its reader too

    @contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Hold the right to fetch the token of `key`, among all processes that share the store.

        Who cannot get it in time, or cannot reach the store, goes on without it: one call too many to the
        chat is better than none.
        """
        mutex = self._on_shared(lambda region: region.backend.get_mutex(key), None)
        held = mutex is not None and self._on_shared(lambda _: bool(mutex.acquire()), False)
        try:
            yield
        finally:
            if held:
                self._on_shared(lambda _: _release(mutex), None)

    def _record(self, key: str) -> Any:
        record: Any = self._on_shared(lambda region: _read(region, key), NO_VALUE)
        return self._local.get(key) if record is NO_VALUE else record

    def _keep(self, key: str, record: dict[str, Any]) -> None:
        def keep(region: Any) -> bool:
            region.set(key, record)
            return True

        if self._on_shared(keep, False):
            self._local.delete(key)  # what was kept while the store was away is older
        else:
            self._local.set(key, record)

    def _on_shared(self, action: Callable[[Any], T], otherwise: T) -> T:
        """What `action` gives on the shared region; `otherwise` where none can be reached."""
        now = self._clock()
        if self._shared is None or now < self._resting_until:
            return otherwise
        if self._is_away:  # who comes first tries again, and nobody else waits with him
            self._resting_until = now + REST_AFTER_FAILURE
        try:
            answer = action(self._shared)
        except self._failures as error:
            self._resting_until = self._clock() + REST_AFTER_FAILURE
            if not self._is_away:
                self._is_away = True
                log.warning("The store cannot be reached (%s): tokens stay local", type(error).__name__)
            return otherwise
        if self._is_away:
            self._is_away = False
            self._resting_until = 0.0
            log.warning("The store can be reached again")
        return answer


def _shared_region(url: str, lock_timeout: float) -> Any:
    return make_region(serializer=_serialize, deserializer=json.loads).configure(
        "dogpile.cache.valkey",
        arguments={
            "url": url,
            "socket_timeout": STORE_TIMEOUT,
            "socket_connect_timeout": STORE_TIMEOUT,
            "valkey_expiration_time": LONGEST_LIFE,
            "distributed_lock": True,
            "thread_local_lock": False,
            "lock_timeout": lock_timeout,
            "lock_blocking_timeout": lock_timeout,
            "lock_sleep": LOOK_AGAIN,
        },
    )


def _failures_of_the_driver() -> tuple[type[Exception], ...]:
    from valkey.exceptions import ValkeyError  # an extra: not there where nobody asked for a shared store

    return (ValkeyError, OSError)


def _read(region: Any, key: str) -> Any:
    try:
        return region.get(key)
    except (ValueError, KeyError, TypeError):  # somebody else's value under our key
        return NO_VALUE


def _release(mutex: Any) -> None:
    from valkey.exceptions import LockError

    try:
        mutex.release()
    except LockError:  # it took longer than the claim is good for; the store itself is fine
        log.info("A token took longer to fetch than its claim was good for")


def _serialize(record: Any) -> bytes:
    return json.dumps(record).encode()
