"""When a chat has failed too often, calls to it fail at once, and a probe now and then finds it back.

pybreaker holds the count of failures and the state, in a storage that workers can share. Its `call` is not
used around the network: it holds a lock for as long as the call takes, so that one slow answer would block
every other call, and it lets all waiting calls through when it tries again. Here a call asks before
(`admit`) and says afterwards how it went (`worked`, `failed`).
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import pybreaker

__all__ = ["FAILURES_IN_A_ROW", "SECONDS_BETWEEN_PROBES", "Breaker"]

FAILURES_IN_A_ROW: Final = 5
SECONDS_BETWEEN_PROBES: Final = 10.0

logger = logging.getLogger(__name__)


class _CallFailedError(Exception):
    """What the circuit is told of a failed call."""


class Breaker(pybreaker.CircuitBreakerListener):
    """The breaker of one provider in one process. Every method may be called in any thread; none waits."""

    def __init__(
        self,
        provider: str,
        clock: Callable[[], float],
        storage: pybreaker.CircuitBreakerStorage | None = None,
    ) -> None:
        """`clock` gives seconds that never go back; `storage` is the process's own memory unless given."""
        self._provider = provider
        self._clock = clock
        self._next_probe = clock()
        self._lock = threading.Lock()
        self._circuit = pybreaker.CircuitBreaker(
            fail_max=FAILURES_IN_A_ROW,
            state_storage=storage,
            listeners=[self],
            name=provider,
            throw_new_error_on_trip=False,
        )

    @property
    def is_open(self) -> bool:
        """Whether the chat counts as down: from the last of too many failures to the first success."""
        return bool(self._circuit.current_state != pybreaker.STATE_CLOSED)

    @property
    def seconds_to_probe(self) -> float:
        """How long until a call may go out; 0 while closed, and when a probe is due."""
        return max(self._next_probe - self._clock(), 0.0) if self.is_open else 0.0

    def admit(self) -> bool:
        """Whether a call may go out now. While open, one in ten seconds may.

        The probe takes its ten seconds when it sets out, so one that never reports back blocks nobody.
        """
        if not self.is_open:
            return True
        with self._lock:
            if self._clock() < self._next_probe:
                return False
            self._next_probe = self._clock() + SECONDS_BETWEEN_PROBES
            return True

    def worked(self) -> None:
        """The chat answered."""
        if self.is_open:
            self._circuit.close()
        else:
            self._count(_succeed)

    def failed(self) -> None:
        """The chat could not answer. While open this changes nothing: `admit` spaces the probes."""
        if not self.is_open:
            self._count(_fail)

    def _count(self, outcome: Callable[[], None]) -> None:
        # The circuit says no where another thread, or another worker, opened it a moment ago.
        with contextlib.suppress(_CallFailedError, pybreaker.CircuitBreakerError):
            self._circuit.call(outcome)

    def state_change(self, cb: Any, old_state: Any, new_state: Any) -> None:  # noqa: ARG002 - pybreaker's hook
        """Note the time and tell the owner. The third state, half-open, is not used here."""
        if new_state.name == pybreaker.STATE_OPEN:
            self._next_probe = self._clock() + SECONDS_BETWEEN_PROBES
            logger.warning(
                "%s: failed %d times in a row; from now on one call in %d seconds until it answers",
                self._provider,
                FAILURES_IN_A_ROW,
                SECONDS_BETWEEN_PROBES,
            )
        else:
            logger.warning("%s: answers again", self._provider)


def _succeed() -> None:
    pass


def _fail() -> None:
    raise _CallFailedError
