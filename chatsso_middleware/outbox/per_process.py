"""A value for each process, so that a forked child never touches what its parent opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PerProcess"]

Value = TypeVar("Value")


class PerProcess(Generic[Value]):
    """The value of the process that asks, made by `make` when it asks first.

    There is no lock, since a lock that another thread holds during a fork stays locked for ever in the child.
    Threads that ask first at the same moment may each call `make`, and all get the same one of the values,
    so `make` must not do more than build an object. What a parent made stays referenced in its child: it is
    never finalized there, because closing a database connection of the parent's would disturb the parent.
    """

    def __init__(self, make: Callable[[], Value]) -> None:
        self._make = make
        self._values: dict[int, Value] = {}

    def get(self) -> Value:
        """The value of this process."""
        # The process id, not os.register_at_fork: a server that forks in C need not tell Python.
        process = os.getpid()
        if process in self._values:
            return self._values[process]
        return self._values.setdefault(process, self._make())
