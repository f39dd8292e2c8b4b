"""Delivery in the background of a process that serves the site."""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING, Final

from ..errors import OutboxUnavailable
from .per_process import PerProcess

if TYPE_CHECKING:
    from .delivery import Deliver
    from .store import Outbox

__all__ = ["Worker"]

logger = logging.getLogger(__name__)

SHORTEST_WAIT: Final = 0.05
"""Seconds, where another process takes what is due before us."""
LONGEST_WAIT: Final = 5.0
"""Seconds after which a worker looks again while changes wait: a process that ended left them, perhaps."""
IDLE_WAIT: Final = 30.0
"""The same while nothing waits."""
LONGEST_WAIT_FOR_DATABASE: Final = 60.0


class _Run:
    """One life of the thread, from a start to a stop."""

    def __init__(self) -> None:
        self.woken = threading.Event()
        self.stopping = False
        self.thread: threading.Thread | None = None
        self.process = os.getpid()

    @property
    def over(self) -> bool:
        # A thread does not survive a fork, but gevent's do: the child's own worker works there.
        return self.stopping or self.process != os.getpid()


class _State:
    """What one process knows of its worker."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.run: _Run | None = None


class Worker:
    """A daemon thread that delivers what is in `outbox` by `deliver`.

    It is started by `start` and by nothing else, so that no thread is lost in a fork; a forked child starts
    one of its own. The lease of a delivery that the end of the process cuts short runs out, and the change
    is delivered again.
    """

    def __init__(self, outbox: Outbox, deliver: Deliver) -> None:
        self._outbox = outbox
        self._deliver = deliver
        self._state = PerProcess(_State)

    def start(self) -> None:
        """Start the thread if this process has none that lives. Cheap enough for every request."""
        state = self._state.get()
        if _lives(state.run):
            return
        with state.lock:
            if not _lives(state.run):
                run = _Run()
                run.thread = threading.Thread(
                    target=self._work, args=(run,), name="chatsso-outbox", daemon=True
                )
                run.thread.start()
                state.run = run

    def wake(self) -> None:
        """Let the thread look now: something was added."""
        run = self._state.get().run
        if run is not None:
            run.woken.set()

    def stop(self, timeout: float) -> bool:
        """End the thread after the delivery that it is at, and wait for that up to `timeout` seconds.

        Gives whether it has ended.
        """
        run = self._state.get().run
        if run is None or run.thread is None:
            return True
        run.stopping = True
        run.woken.set()
        run.thread.join(timeout)
        return not run.thread.is_alive()

    def _work(self, run: _Run) -> None:
        failures = 0
        while not run.over:
            # Before the look, so that a wake during it is not lost.
            run.woken.clear()
            try:
                wait = self._look()
                failures = 0
            except OutboxUnavailable as error:
                failures += 1
                wait = min(LONGEST_WAIT * failures, LONGEST_WAIT_FOR_DATABASE)
                logger.warning("account changes cannot be delivered, next look in %.0f s: %s", wait, error)
            if not run.stopping:
                run.woken.wait(wait)

    def _look(self) -> float:
        """Try one change, and give the seconds to wait before the next look."""
        if self._outbox.deliver_due(self._deliver, limit=1):
            return 0.0
        due = self._outbox.next_due()
        return IDLE_WAIT if due is None else min(max(due, SHORTEST_WAIT), LONGEST_WAIT)


def _lives(run: _Run | None) -> bool:
    return run is not None and not run.stopping and run.thread is not None and run.thread.is_alive()
