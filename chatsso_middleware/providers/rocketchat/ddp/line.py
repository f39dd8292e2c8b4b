"""The way to one chat: one connection at most, opened when needed, and a second try where that is safe."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final, Literal, TypeVar

from ....errors import Unavailable
from .answers import LoginResult
from .connection import Connection, open_connection
from .errors import NoConnection
from .parameters import LoginParameters

__all__ = ["Line", "pause_before_try"]

_FIRST_PAUSE: Final = 0.1
"""Seconds before the second try at the most; twice as many before each further one."""

_LONGEST_PAUSE: Final = 30.0

_random = secrets.SystemRandom()  # a seed would be the same in all workers that are forked from one process

Reading = TypeVar("Reading")


class Line:
    """For one thread. Deadlines are by `time.monotonic`; what is raised, is raised as by `Connection`.

    `Unavailable` closes the connection, since nobody knows what would come over it next.
    """

    def __init__(self, url: str, provider: str, verify: Literal[True] | str) -> None:
        self._url = url
        self._provider = provider
        self._verify = verify
        self._connection: Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as one knows who has not listened."""
        return self._connection is not None

    def open(self, deadline: float) -> None:
        """Connect, unless that is done already."""
        self._twice(lambda: self._opened(deadline), deadline)

    def log_in(self, parameters: LoginParameters, deadline: float) -> LoginResult:
        """Log a user in."""

        def enter() -> LoginResult:
            return self._opened(deadline).log_in(parameters, deadline)

        if not parameters.good_once:
            return self._twice(enter, deadline)
        self.open(deadline)  # nothing has gone out yet
        return self._once(enter)

    def log_out(self, token: str, deadline: float) -> None:
        """End the login that has this token."""
        self._twice(lambda: self._opened(deadline).log_out(token, deadline), deadline)

    def stay(self, until: float, *, heartbeat: float, patience: float) -> None:
        """Answer pings until then."""
        deadline = time.monotonic() + patience
        self._once(lambda: self._opened(deadline).stay(until, heartbeat=heartbeat, patience=patience))

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self, deadline: float) -> Connection:
        if self._connection is None:
            self._connection = open_connection(
                self._url, deadline=deadline, provider=self._provider, verify=self._verify
            )
        return self._connection

    def _once(self, step: Callable[[], Reading]) -> Reading:
        try:
            return step()
        except Unavailable:
            self.hang_up()
            raise

    def _twice(self, step: Callable[[], Reading], deadline: float) -> Reading:
        try:
            return self._once(step)
        except NoConnection:
            pause = pause_before_try(1)
            if time.monotonic() + pause >= deadline:
                raise
        time.sleep(pause)
        return self._once(step)


def pause_before_try(failures: int) -> float:
    """Seconds to wait after so many failures, one at the least.

    At random, so that clients that lost the chat in the same moment do not come back in the same one.
    """
    return _random.uniform(0, min(_FIRST_PAUSE * 2 ** min(failures - 1, 16), _LONGEST_PAUSE))
