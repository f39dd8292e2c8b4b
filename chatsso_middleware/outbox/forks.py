"""A fork waits until no thread of ours is inside SQLite.

SQLite keeps the locks of a process in the process's memory. A child that is forked in the middle of another
thread's transaction inherits them without the thread that would release them, and finds the file locked for
ever (sqlite.org/howtocorrupt.html, section 2.6).
"""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Final

__all__ = ["FORK_GATE"]

LONGEST_WAIT: Final = 10.0
"""Seconds that a fork waits at the most: longer than SQLite itself waits for a lock."""


class _ForkGate:
    """Any number of threads may be inside, and a fork happens while none is."""

    def __init__(self) -> None:
        self._inside = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._inside += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def before_fork(self) -> None:
        # Kept locked until the fork is over, so that nobody enters meanwhile.
        self._changed.acquire()
        self._changed.wait_for(lambda: self._inside == 0, LONGEST_WAIT)

    def after_fork_in_parent(self) -> None:
        self._changed.release()

    def after_fork_in_child(self) -> None:
        # The other threads are gone, and so is what they were inside of and what they waited for.
        self._inside = 0
        self._changed = threading.Condition()


FORK_GATE: Final = _ForkGate()

if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has none
    os.register_at_fork(
        before=FORK_GATE.before_fork,
        after_in_parent=FORK_GATE.after_fork_in_parent,
        after_in_child=FORK_GATE.after_fork_in_child,
    )
