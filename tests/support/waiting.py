"""Waits for what another thread does: as short as can be, and never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

LONG = 20.0
"""Seconds that a test waits for what must come."""
LOOK_AGAIN = 0.005


def until(holds: Callable[[], object], what: str = "") -> None:
    """Return as soon as `holds` says yes; `TimeoutError` with `what` after `LONG` seconds."""
    give_up = time.monotonic() + LONG
    while not holds():
        if time.monotonic() > give_up:
            raise TimeoutError(what or "what must come has not come")
        time.sleep(LOOK_AGAIN)
