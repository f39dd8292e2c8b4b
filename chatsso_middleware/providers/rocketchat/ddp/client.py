"""Logging in at a chat's realtime API: once, or on a connection that stays open."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal, Self

from ....errors import Rejected
from .answers import LoginResult
from .errors import NoConnection
from .line import Line, pause_before_try
from .parameters import LoginParameters, ResumeLogin

__all__ = ["Realtime", "log_in", "log_out", "reach"]

_SHORTEST_RENEWAL: Final = 10.0
"""Seconds between two renewals at the least, for a chat where a renewed login ends no later than before."""


def log_in(
    url: str,
    parameters: LoginParameters,
    *,
    deadline: float,
    provider: str = "rocketchat",
    verify: Literal[True] | str = True,
) -> LoginResult:
    """Log a user in at the chat at `url` and give the token.

    `deadline`, by `time.monotonic`, is for everything from the name lookup to the last byte. A connection
    that breaks off is tried again once, unless an OAuth credential has gone out over it. `verify` is `True`
    for the usual certificate authorities, or the path of a file with others.

    Raises `Unavailable` where trying later may help, and `Rejected` where the chat says no or the package
    `websockets` is missing.
    """
    line = Line(url, provider, verify)
    try:
        return line.log_in(parameters, deadline)
    finally:
        line.hang_up()


def log_out(
    url: str,
    token: str,
    *,
    deadline: float,
    provider: str = "rocketchat",
    verify: Literal[True] | str = True,
) -> None:
    """End the login that has this token, at the chat at `url`. One that has ended already is fine.

    Takes and raises what `log_in` does.
    """
    line = Line(url, provider, verify)
    try:
        line.log_out(token, deadline)
    finally:
        line.hang_up()


def reach(
    url: str, *, deadline: float, provider: str = "rocketchat", verify: Literal[True] | str = True
) -> None:
    """Open a connection to the chat at `url`, agree with it on DDP, and close it again. Logs nobody in.

    Takes and raises what `log_in` does.
    """
    line = Line(url, provider, verify)
    try:
        line.open(deadline)
    finally:
        line.hang_up()


class Realtime:
    """One user's login, on a connection that stays open. For one thread of one process.

    It works only while `keep_alive` runs, so call that again and again. `Unavailable` leaves the login as it
    is, and the next call connects anew; after `Rejected` there is none any more.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 5.0,
        margin: float = 300.0,
        heartbeat: float = 30.0,
        provider: str = "rocketchat",
        verify: Literal[True] | str = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """All times are in seconds.

        `timeout` is for one login or logout as a whole, and for the answer of a chat that is asked whether it
        is still there, after it said nothing for `heartbeat`. A login is renewed `margin` before its end, a
        shorter one after half of what is left. `clock` gives seconds since the epoch.
        """
        self._line = Line(url, provider, verify)
        self._provider = provider
        self._timeout = timeout
        self._margin = margin
        self._heartbeat = heartbeat
        self._clock = clock
        self._login: LoginResult | None = None
        self._renew_at = math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def login(self) -> LoginResult | None:
        """The login as it is now; a renewal may bring another token."""
        return self._login

    def log_in(self, parameters: LoginParameters) -> LoginResult:
        """Log a user in. Whoever was before, is forgotten in any case."""
        self._login = None
        return self._enter(parameters)

    def renew(self) -> LoginResult:
        """Log in again with the token, over a new connection if need be. `keep_alive` does so in time."""
        return self._enter(ResumeLogin(self._held().token))

    def keep_alive(self, seconds: float) -> LoginResult:
        """For so many seconds answer the chat's pings, renew in time, and reconnect after a loss.

        After the first loss that is done even if the time is over meanwhile. Raises `NoConnection` where the
        chat cannot be reached until then.
        """
        self._held()
        until = time.monotonic() + seconds
        losses = 0
        while True:
            try:
                return self._stay(until)
            except NoConnection:
                losses += 1
                pause = pause_before_try(losses)
                if losses > 1 and time.monotonic() + pause >= until:
                    raise
            time.sleep(pause)

    def log_out(self) -> None:
        """End the login at the chat. Without one, nothing happens."""
        if self._login is not None:
            self._line.log_out(self._login.token, self._deadline())
            self._login = None

    def close(self) -> None:
        """Close the connection. The login goes on, and its token is good for another."""
        self._line.hang_up()

    def _stay(self, until: float) -> LoginResult:
        while True:
            if not self._line.is_open or self._seconds_to_renewal() <= 0:
                self.renew()
            stop = min(until, time.monotonic() + self._seconds_to_renewal())
            self._line.stay(stop, heartbeat=self._heartbeat, patience=self._timeout)
            if time.monotonic() >= until:
                return self._held()

    def _enter(self, parameters: LoginParameters) -> LoginResult:
        try:
            login = self._line.log_in(parameters, self._deadline())
        except Rejected:
            self._login = None
            raise
        self._login = login
        self._renew_at = math.inf
        if login.expires_at is not None:
            now = self._clock()
            left = login.expires_at - now
            self._renew_at = now + max(left - self._margin, left / 2, _SHORTEST_RENEWAL)
        return login

    def _seconds_to_renewal(self) -> float:
        return self._renew_at - self._clock()

    def _held(self) -> LoginResult:
        if self._login is None:
            raise Rejected(self._provider, "has no login of this user that could go on")
        return self._login

    def _deadline(self) -> float:
        return time.monotonic() + self._timeout
