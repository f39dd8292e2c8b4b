"""What people said in the rooms of the chat."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .accounts import Account, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LONGEST_MESSAGE", "Conversation", "Message"]

LONGEST_MESSAGE: Final = 2000
MOST_MESSAGES: Final = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said. It keeps the name and the picture that its author had then."""

    room: str
    """The path of the page where it was said: ``/`` or ``/room/NAME``."""
    author: str
    avatar_url: str
    text: str
    time: float
    """Seconds since the epoch."""


class Conversation:
    """The latest messages of all rooms together."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._messages: deque[Message] = deque(maxlen=MOST_MESSAGES)

    def say(self, room: str, account: Account, text: str) -> None:
        """Keep a message. Raises `Refused` for one that is blank or too long."""
        text = text.strip()
        if not text:
            raise Refused("A message needs some text.")
        if len(text) > LONGEST_MESSAGE:
            raise Refused(f"A message has at most {LONGEST_MESSAGE} characters.")
        self._messages.append(Message(room, account.username, account.avatar_url, text, self._clock()))

    def in_room(self, room: str) -> tuple[Message, ...]:
        """The messages of one room, the oldest first."""
        return tuple(message for message in tuple(self._messages) if message.room == room)
