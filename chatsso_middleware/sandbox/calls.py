"""The calls that a sandbox received, kept for its pages and for tests, without the secrets in them."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Call", "CallLog"]

MOST_CALLS: Final = 1000
MOST_PARAMETERS: Final = 20
LONGEST_VALUE: Final = 500
TOKEN_START: Final = 6
"""Characters of a token that are shown: enough to tell two apart, too few to log in with."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, and what came of it."""

    time: float
    """Seconds since the epoch at which it came, by the sandbox's clock."""
    method: str
    path: str
    parameters: Mapping[str, str]
    """The query's, or the form's of a POST, with ``***`` for a key or password and the start of a token."""
    status: int
    success: bool
    outcome: str
    """What was done, or why not, in a sentence."""

    def as_json(self) -> dict[str, object]:
        """The call as ``calls.json`` shows it."""
        return {
            "time": datetime.fromtimestamp(self.time, UTC).isoformat(timespec="milliseconds"),
            "method": self.method,
            "path": self.path,
            "parameters": dict(self.parameters),
            "status": self.status,
            "success": self.success,
            "outcome": self.outcome,
        }


class CallLog:
    """The latest calls, the oldest first. Any number of threads may write, read and wait."""

    def __init__(
        self, clock: Callable[[], float], *, secrets: frozenset[str], tokens: frozenset[str]
    ) -> None:
        """`secrets` and `tokens` are the names of the parameters that are kept as ``***`` and cut short."""
        self._clock = clock
        self._secrets = secrets
        self._tokens = tokens
        self._calls: deque[Call] = deque(maxlen=MOST_CALLS)
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        with self._changed:
            return iter(tuple(self._calls))

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def to(self, path: str) -> tuple[Call, ...]:
        """The calls to one path, the oldest first."""
        return tuple(call for call in self if call.path == path)

    def wait_for(self, path: str, *, count: int = 1, timeout: float = 10) -> tuple[Call, ...]:
        """The calls to `path` once there are `count` of them; `TimeoutError` after `timeout` seconds."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.to(path)) >= count, timeout):
                raise TimeoutError(
                    f"{len(self.to(path))} of {count} calls to {path} came in {timeout} seconds"
                )
            return self.to(path)

    def clear(self) -> None:
        """Forget every call so far."""
        with self._changed:
            self._calls.clear()

    def now(self) -> float:
        """The time by the sandbox's clock, to take when a call arrives."""
        return self._clock()

    def record(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        *,
        time: float,
        status: int,
        success: bool,
        outcome: str,
    ) -> None:
        """Keep a call that has been answered."""
        shown = {
            name[:LONGEST_VALUE]: self._shown(name, value)
            for name, value in list(parameters.items())[:MOST_PARAMETERS]
        }
        with self._changed:
            self._calls.append(Call(time, method, path[:LONGEST_VALUE], shown, status, success, outcome))
            self._changed.notify_all()

    def _shown(self, name: str, value: str) -> str:
        parts = name.lower().split(".")  # a member of an object in JSON is called ``password.digest``
        if not self._secrets.isdisjoint(parts):
            return "***" if value else ""
        longest = LONGEST_VALUE if self._tokens.isdisjoint(parts) else TOKEN_START
        return value if len(value) <= longest else f"{value[:longest]}…"
