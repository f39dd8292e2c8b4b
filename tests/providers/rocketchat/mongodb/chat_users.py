"""What the tests of the mode ``mongodb`` do with the chat's users again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from chatsso_middleware.changes import Delete, Edit, Register
from chatsso_middleware.errors import Rejected
from chatsso_middleware.providers.rocketchat.mongodb import UserDocuments
from chatsso_middleware.users import ChatUser
from tests.support.mongo_server import MongoServer

ANN = ChatUser("ann@example.com", username="ann", name="Ann Lee")
LONG = 20.0
"""Seconds that no test comes near unless something hangs."""


def soon(seconds: float = LONG) -> float:
    return time.monotonic() + seconds


def log_in(chat: UserDocuments, user: ChatUser = ANN, *, create: bool = True) -> tuple[str, str]:
    return chat.open_session(user, create=create, deadline=soon())


def apply(chat: UserDocuments, *changes: Register | Edit | Delete, create: bool = True) -> None:
    for change in changes:
        chat.apply(change, create=create, deadline=soon())


def only_user(server: MongoServer) -> dict[str, Any]:
    (document,) = server.users.find()
    assert isinstance(document, dict)
    return document


def person(identifier: str, address: str, **fields: Any) -> dict[str, Any]:
    """A document as the chat itself makes one."""
    return {
        "_id": identifier,
        "username": identifier,
        "emails": [{"address": address, "verified": True}],
        "active": True,
        "type": "user",
        "roles": ["user"],
        **fields,
    }


def refusal(action: Callable[..., object], *arguments: Any, **options: Any) -> Rejected:
    with pytest.raises(Rejected) as caught:
        action(*arguments, **options)
    return caught.value
