"""What people said in the channels of the chat, and who wants to hear what is said next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from .refusals import Refused
from .users import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from .users import User

__all__ = ["LONGEST_MESSAGE", "Message", "Rooms"]

LONGEST_MESSAGE: Final = 5000
"""Rocket.Chat's setting ``Message_MaxAllowedSize`` as it comes."""
MOST_MESSAGES: Final = 500


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said. It keeps the names and the picture that its author had then."""

    id: str
    room: str
    text: str
    author_id: str
    username: str
    name: str
    avatar_url: str
    time: float
    """Seconds since the epoch."""

    def as_json(self) -> dict[str, object]:
        """The message as the realtime protocol carries it, with Meteor's way to write a time."""
        return {
            "_id": self.id,
            "rid": self.room,
            "msg": self.text,
            "ts": {"$date": round(self.time * 1000)},
            "u": {"_id": self.author_id, "username": self.username, "name": self.name},
            "avatar": self.avatar_url,
        }


class Rooms:
    """The latest messages of all channels. The chat's lock guards them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._messages: deque[Message] = deque(maxlen=MOST_MESSAGES)

    def say(self, room: str, author: User, text: str) -> Message:
        """Keep a message. Raises `Refused` for one that is blank or too long."""
        text = text.strip()
        if not text:
            raise Refused("error-invalid-message", "A message needs some text")
        if len(text) > LONGEST_MESSAGE:
            raise Refused("error-message-size-exceeded", "Message size exceeds Message_MaxAllowedSize")
        message = Message(
            id=new_id(),
            room=room,
            text=text,
            author_id=author.id,
            username=author.username,
            name=author.name,
            avatar_url=author.avatar_url,
            time=self._clock(),
        )
        self._messages.append(message)
        return message

    def messages(self, room: str) -> tuple[Message, ...]:
        """The messages of one channel, the oldest first."""
        return tuple(message for message in self._messages if message.room == room)
