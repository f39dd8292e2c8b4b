"""``identity = package.module:callable``: the host's own reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..users import ChatUser, Unknown
from .answers import checked

__all__ = ["CallableReader"]


class CallableReader:
    """Asks the host's callable, after the host has run."""

    sees_before_host = False

    def __init__(self, ask: Callable[[Mapping[str, Any]], object]) -> None:
        self._ask = ask

    def __call__(self, environ: Mapping[str, Any]) -> ChatUser | Unknown | None:
        """What the callable says."""
        return checked(self._ask(environ), "identity")
