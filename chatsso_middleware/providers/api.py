"""Calls to one chat's API: bounded in time and number, and none while the chat is down.

What holds for a call: a total deadline from the name lookup to the last byte, at most 64 KB decoded, TLS
verified, no redirect followed, no cookie kept, nothing taken from the process's environment, and no word of
what was sent in a log line or an error.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from ..errors import Rejected, Unavailable
from .answer import LONGEST_WAIT, Answer
from .breaker import Breaker
from .transport import CALLS_AT_ONCE, NoAnswer, Transport

__all__ = ["Answer", "ChatAPI"]

_MOST_RETRIES: Final = 2
_FIRST_PAUSE: Final = 0.1
"""Seconds before the first retry at the most; twice as many before each further one."""

_random = secrets.SystemRandom()  # a seed would be the same in all workers that are forked from one process

Reading = TypeVar("Reading")


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: str
    fields: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    as_json: bool
    safe_to_retry: bool


class _Line:
    """What belongs to one process: connections, locks and what was learned of the chat through them."""

    def __init__(self, provider: str, clock: Callable[[], float], verify: Literal[True] | str) -> None:
        self.process = os.getpid()
        self.transport = Transport(provider, verify=verify)
        self.breaker = Breaker(provider, clock)
        self.places = threading.BoundedSemaphore(CALLS_AT_ONCE)
        self.quiet_until = clock()


class ChatAPI:
    """The way to one chat, shared by all threads of a process; a forked child starts afresh by itself."""

    def __init__(
        self,
        provider: str,
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        verify: Literal[True] | str = True,
    ) -> None:
        """`timeout` is in seconds, for a whole call with its retries.

        `clock` gives seconds that never go back; the breaker and Retry-After go by it. `verify` is `True`
        for the usual certificate authorities, or the path of a file with others.
        """
        self.provider = provider
        self._timeout = timeout
        self._clock = clock
        self._verify = verify
        self._line = self._new_line()
        self._beside: list[ChatAPI] = []

    @property
    def available(self) -> bool:
        """Whether a call would go out now.

        False while the breaker is open and while a Retry-After runs: a call would fail at once. True again
        when a probe is due, since who asks here first would otherwise never make the call that finds the
        chat back; as soon as it is under way, others find False again.
        """
        line = self._line_of_this_process()
        return line.breaker.seconds_to_probe == 0 and self._clock() >= line.quiet_until

    @property
    def is_down(self) -> bool:
        """Whether the breaker is open: nobody shall wait, not even for a probe."""
        return self._line_of_this_process().breaker.is_open

    def call(
        self,
        method: str,
        url: str,
        fields: Mapping[str, Any],
        *,
        headers: Mapping[str, str] | None = None,
        as_json: bool = False,
        safe_to_retry: bool = False,
    ) -> Answer:
        """Send `fields` and give the answer whatever it says.

        They travel in the query of a GET, else as a form, or with `as_json` as a JSON object. Raises
        `Unavailable` where no whole answer came, and for a redirect, 429 and 5xx. `safe_to_retry` says that
        the chat may get the call twice: then a lost connection is tried again inside the deadline.
        """
        return self.ask(
            method, url, fields, _as_it_is, headers=headers, as_json=as_json, safe_to_retry=safe_to_retry
        )

    def ask(
        self,
        method: str,
        url: str,
        fields: Mapping[str, Any],
        read: Callable[[Answer], Reading],
        *,
        headers: Mapping[str, str] | None = None,
        as_json: bool = False,
        safe_to_retry: bool = False,
    ) -> Reading:
        """As `call`, and give what `read` makes of the answer.

        `read` is part of the call: the `Unavailable` that it raises, for a page that says "under maintenance"
        with status 200 perhaps, counts for the breaker as a chat that is down does.
        """
        request = _Request(method, url, fields, headers or {}, as_json, safe_to_retry)
        return self._guarded(lambda line, deadline: read(self._exchange(line, request, deadline)))

    def run(self, work: Callable[[float], Reading]) -> Reading:
        """Give what `work` gives, a call that goes over something else than HTTP.

        Breaker, deadline and the bound on calls at once are those of all calls to this chat: `work` is told
        its deadline by `time.monotonic` and must keep it. It raises `Unavailable` and `Rejected` alone.
        """
        return self._guarded(lambda _, deadline: work(deadline))

    def beside(self, name: str | None = None) -> ChatAPI:
        """Another way, with a breaker and pauses of its own: what fails on it says nothing of this one.

        `name` stands in its errors in the place of the provider's. It is closed with this one.
        """
        other = ChatAPI(name or self.provider, timeout=self._timeout, clock=self._clock, verify=self._verify)
        self._beside.append(other)
        return other

    @property
    def verify(self) -> Literal[True] | str:
        """What certificates are checked against: `True`, or the path of a file with authorities."""
        return self._verify

    def _guarded(self, work: Callable[[_Line, float], Reading]) -> Reading:
        line = self._line_of_this_process()
        self._check_open(line)
        deadline = time.monotonic() + self._timeout
        if not line.places.acquire(timeout=self._timeout):
            raise Unavailable(self.provider, f"has {CALLS_AT_ONCE} calls under way that take too long")
        try:
            reading = work(line, deadline)
        except Unavailable as failure:
            if failure.retry_after:
                line.quiet_until = self._clock() + min(failure.retry_after, LONGEST_WAIT)
            line.breaker.failed()
            raise
        except Rejected:
            line.breaker.worked()
            raise
        finally:
            line.places.release()
        line.breaker.worked()
        return reading

    def close(self) -> None:
        """Close the connections that are kept open, here and beside. A later call opens new ones."""
        self._line_of_this_process().transport.close()
        for other in self._beside:
            other.close()

    def _check_open(self, line: _Line) -> None:
        seconds = line.quiet_until - self._clock()
        if seconds > 0:
            raise Unavailable(self.provider, "asked to be left alone for a while", retry_after=seconds)
        if not line.breaker.admit():
            seconds = line.breaker.seconds_to_probe
            raise Unavailable(self.provider, "failed too often, so it is left alone", retry_after=seconds)

    def _exchange(self, line: _Line, request: _Request, deadline: float) -> Answer:
        retries = _MOST_RETRIES if request.safe_to_retry else 0
        for number in range(retries):
            try:
                return self._send(line, request, deadline)
            except NoAnswer:
                # Full jitter: workers that lost the chat in the same moment do not come back in the same one.
                pause = _random.uniform(0, _FIRST_PAUSE * 2**number)
                if time.monotonic() + pause >= deadline:
                    raise
                time.sleep(pause)
        return self._send(line, request, deadline)

    def _send(self, line: _Line, request: _Request, deadline: float) -> Answer:
        return line.transport.exchange(
            request.method, request.url, request.fields, request.headers, deadline, as_json=request.as_json
        )

    def _new_line(self) -> _Line:
        return _Line(self.provider, self._clock, self._verify)

    def _line_of_this_process(self) -> _Line:
        # A child has its parent's sockets, and its locks as they stood in the moment of the fork.
        if self._line.process != os.getpid():
            self._line = self._new_line()
        return self._line


def _as_it_is(answer: Answer) -> Answer:
    return answer
