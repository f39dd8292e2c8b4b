"""One log line for a fault that lasts, and not one for each request that meets it."""

from __future__ import annotations

import logging

__all__ = ["Alarm"]


class Alarm:
    """Sounds once, at level ERROR, then rests until what was wrong has worked in between."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._sounding: dict[str, object] = {}

    def sound(self, message: str, *arguments: object) -> None:
        """Log `message`, unless it was logged since the last `rest`. It must not hold a secret."""
        # setdefault is atomic, so of many threads one finds its own mark; a lock would not survive a fork.
        mark = object()
        if self._sounding.setdefault("mark", mark) is mark:
            self._logger.error(message, *arguments)

    def rest(self) -> None:
        """It works: the next fault is a new one."""
        self._sounding.pop("mark", None)
