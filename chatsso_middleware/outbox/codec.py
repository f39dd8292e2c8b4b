"""Account changes as JSON and back."""

from __future__ import annotations

import json
from typing import Any

from ..changes import Change, Delete, Edit, Leave, Register
from ..errors import InvalidUser
from ..users import ChatUser
from .encryption import UnreadableChange

__all__ = ["decode", "encode", "kind_of"]


def kind_of(change: Change) -> str:
    """The kind of `change` in a word, for the log and the database: register, edit, delete or leave."""
    return type(change).__name__.lower()


def encode(change: Change) -> bytes:
    """`change` as JSON. Raises `InvalidUser` where the user's `extra` holds what JSON cannot say."""
    fields: dict[str, Any]
    match change:
        case Register(user, password):
            fields = {
                "email": user.email,
                "username": user.username,
                "name": user.name,
                "avatar_url": user.avatar_url,
                "id": user.id,
                "extra": dict(user.extra),
                "password": password,
            }
        case Edit():
            fields = {
                "address": change.address,
                "email": change.email,
                "username": change.username,
                "password": change.password,
                "avatar_url": change.avatar_url,
            }
        case Leave():
            fields = {"address": change.address, "token": change.token, "account": change.account}
        case Delete():
            fields = {"addresses": list(change.addresses_given)}
    try:
        return json.dumps({"kind": kind_of(change), **fields}, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        # The error of json may quote a value, so it is not passed on.
        raise InvalidUser(
            "extra", "text, numbers, booleans, lists and mappings can be kept, no more"
        ) from None


def decode(document: bytes) -> Change:
    """The change that `encode` was given. Raises `UnreadableChange` for what is not one."""
    try:
        fields = json.loads(document)
        kind = fields.pop("kind")
        if kind == "register":
            password = fields.pop("password")
            return Register(ChatUser(**fields), password)
        if kind == "edit":
            return Edit(**fields)
        if kind == "delete":
            return Delete(tuple(fields["addresses"]))
        if kind == "leave":
            return Leave(**fields)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UnreadableChange("written by a version that this one does not understand") from None
    raise UnreadableChange("a kind of change that this version does not know")
