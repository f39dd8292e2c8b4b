"""Waits for what another thread does: as short as can be, and never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

from chatsso_middleware.state.background import Background

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


def at_rest(background: Background) -> None:
    """Wait until no job waits or runs."""
    crew = background._crew()
    until(lambda: crew._idle == len(crew._threads) and not crew._waiting, "a job is still under way")
