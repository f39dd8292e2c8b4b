"""How many attempts are allowed: ``10 per minute``, ``10 per minute; 50 per hour``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from ..converters import Unusable, text

__all__ = ["RateLimit", "rate_limits"]

_MEND: Final = "Write it as in 10 per minute, or 10 per minute; 50 per hour."
_MOST: Final = 10_000
"""Attempts of one subject that are counted; each takes a few bytes for as long as the limit looks back."""
_LONGEST: Final = 31 * 24 * 3600


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`amount` attempts in any `seconds` seconds."""

    amount: int
    seconds: int


def rate_limits(value: Any) -> tuple[RateLimit, ...]:
    """One limit or more, all of which hold."""
    written = text(value)
    try:
        from limits import parse_many
    except ImportError:
        mend = "Install it: pip install 'chatsso-middleware[signin]'"
        raise Unusable("The library limits is missing, which this value needs.", mend) from None
    try:
        items = parse_many(written)
    except ValueError:
        raise Unusable("The value is no limit.", _MEND) from None
    found = tuple(RateLimit(item.amount, item.get_expiry()) for item in items)
    for limit in found:
        if not (1 <= limit.amount <= _MOST and 1 <= limit.seconds <= _LONGEST):
            reason = f"A limit allows from 1 to {_MOST} attempts, in 31 days at the most."
            raise Unusable(reason, _MEND)
    return found
