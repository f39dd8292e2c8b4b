"""What a new user of a Rocket.Chat is in the chat's database: his document, as a value."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ...users import ChatUser

__all__ = ["new_document", "now"]

_METEOR_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz"
_METEOR_ID_LENGTH: Final = 17
"""Of Meteor's ``Random.id``, which makes the ids of the chat's own users."""


def new_document(user: ChatUser, address: str, username: str, services: Mapping[str, Any]) -> dict[str, Any]:
    """In the vendor's shape, with the time of the last change that live servers keep beside it."""
    at = now()
    return {
        "_id": "".join(secrets.choice(_METEOR_ALPHABET) for _ in range(_METEOR_ID_LENGTH)),
        "createdAt": at,
        "services": services,
        "emails": [{"address": address, "verified": True}],
        "name": user.name or user.username or username,
        "username": username,
        "active": True,
        "statusDefault": "online",
        "roles": ["user"],
        "type": "user",
        "_updatedAt": at,
    }


def now() -> datetime:
    """The time, as MongoDB keeps one."""
    return datetime.now(UTC)
