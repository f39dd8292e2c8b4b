"""What the owner's own code says about who is logged in is checked before it is believed."""

from __future__ import annotations

import logging

from ..providers.alarm import Alarm
from ..users import UNKNOWN, ChatUser, Unknown

__all__ = ["checked"]

_no_user = Alarm(logging.getLogger(__name__))


def checked(answer: object, key: str) -> ChatUser | Unknown | None:
    """`answer` if it is one; anything but a `ChatUser`, `None` or `UNKNOWN` is logged and says nothing."""
    if answer is None or answer is UNKNOWN or isinstance(answer, ChatUser):
        return answer
    _no_user.sound(
        "What %s names gave a %s; a ChatUser, None or UNKNOWN is expected", key, type(answer).__name__
    )
    return UNKNOWN
