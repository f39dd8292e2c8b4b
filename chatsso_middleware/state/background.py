"""Work beside the requests: a few threads of this process, and a bounded number of jobs in wait for them."""

from __future__ import annotations

import logging
import os
import threading
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

from ..errors import ChatSSOError

__all__ = ["Background"]

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

THREADS: Final = 8
MOST_WAITING: Final = 1_000
"""Jobs that may wait for a thread. What comes on top is refused: memory stays flat while a chat hangs."""


class Background:
    """Runs jobs in a few threads, made when first needed. Every method may be called in any thread.

    `concurrent.futures.ThreadPoolExecutor` would have the end of the process wait for every job in its queue.
    These threads are daemons: a token that nobody will read any more holds up no restart.
    """

    def __init__(self, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._threads = threads
        self._most_waiting = most_waiting
        self._crews: dict[int, _Crew] = {}

    def submit(self, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T] | None:
        """Start `job` soon; `None` if too many wait already, or after `stop`."""
        return self._crew().add(partial(job, *args, **kwargs))

    def once(self, name: str, job: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T] | None:
        """As `submit`; but while a job of this name waits or runs, give its future and start no second."""
        return self._crew().add(partial(job, *args, **kwargs), name)

    def under_way(self, name: str) -> Future[Any] | None:
        """The future of the job of this name that waits or runs; `None` if there is none."""
        return self._crew().named(name)

    def stop(self, timeout: float = 5.0) -> None:
        """Start nothing more, and wait up to `timeout` seconds for what is under way."""
        self._crew().stop(timeout)

    def _crew(self) -> _Crew:
        # A forked child has none of its parent's threads, and the parent's lock may be held for ever in it.
        # setdefault is atomic: of several threads that ask first, all get the same crew.
        process = os.getpid()
        if process in self._crews:
            return self._crews[process]
        return self._crews.setdefault(process, _Crew(self._threads, self._most_waiting))


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[], Any]
    future: Future[Any]
    name: str | None


class _Crew:
    """The threads of one process, and the jobs that wait for them."""

    def __init__(self, most_threads: int, most_waiting: int) -> None:
        self._process = os.getpid()
        self._most_threads = most_threads
        self._most_waiting = most_waiting
        self._changed = threading.Condition()
        self._waiting: deque[_Job] = deque()
        self._named: dict[str, Future[Any]] = {}
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._stopping = False

    def add(self, work: Callable[[], Any], name: str | None = None) -> Future[Any] | None:
        with self._changed:
            if name is not None and name in self._named:
                return self._named[name]
            if self._stopping or len(self._waiting) >= self._most_waiting or not self._hands_for_one_more():
                return None
            job = _Job(work, Future(), name)
            self._waiting.append(job)
            if name is not None:
                self._named[name] = job.future
            self._changed.notify()
            return job.future

    def named(self, name: str) -> Future[Any] | None:
        with self._changed:
            return self._named.get(name)

    def stop(self, timeout: float) -> None:
        with self._changed:
            self._stopping = True
            while self._waiting:
                job = self._waiting.popleft()
                job.future.cancel()
                job.future.set_running_or_notify_cancel()  # else whoever waits for it goes on waiting
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._idle == len(self._threads), timeout)

    def _hands_for_one_more(self) -> bool:
        if self._idle <= len(self._waiting) and len(self._threads) < self._most_threads:
            thread = threading.Thread(
                target=self._work, name=f"chatsso-{len(self._threads) + 1}", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:  # the machine has no thread left, or the interpreter is ending
                return bool(self._threads)
            self._threads.append(thread)
            self._idle += 1
        return True

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if self._stopping or self._process != os.getpid():  # gevent's threads survive a fork
                    return
                job = self._waiting.popleft()
                self._idle -= 1
            try:
                self._run(job)
            finally:
                with self._changed:
                    self._idle += 1
                    self._changed.notify_all()
            del job  # or the last answer stays in memory until the next job

    def _run(self, job: _Job) -> None:
        error: BaseException | None = None
        answer = None
        try:
            answer = job.work()
        except BaseException as raised:  # it goes to whoever asks the future, and the thread lives on
            error = raised
            _report(raised)
        with self._changed:
            if job.name is not None:
                del self._named[job.name]
        if error is None:
            job.future.set_result(answer)
        else:
            # Without the traceback: its frames hold keys and addresses, and with the future they are a cycle.
            job.future.set_exception(error.with_traceback(None))


def _report(error: BaseException) -> None:
    if isinstance(error, ChatSSOError):  # those were logged where they arose
        return
    # Only type and place: an unforeseen error's text may hold what a log must not.
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error(
        "A job in the background failed: %s in %s, line %s",
        type(error).__name__,
        place.filename,
        place.lineno,
    )
