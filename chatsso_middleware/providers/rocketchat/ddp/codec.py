"""DDP messages: text in, values out, and back. No I/O, and no memory of earlier messages.

Only what a login needs has a value of its own; every other kind of message (``added``, ``ready``, ...) is
read past. What comes from the peer is read strictly: a string stands where a string belongs, or the whole
message is refused, in words that never quote it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from ...strict_json import read_object
from .errors import RemoteProtocolError

__all__ = [
    "LARGEST_MESSAGE",
    "Complaint",
    "Connected",
    "Message",
    "MethodError",
    "MethodResult",
    "Parameter",
    "Ping",
    "VersionRefused",
    "read_message",
    "write_connect",
    "write_method",
    "write_ping",
    "write_pong",
]

LARGEST_MESSAGE: Final = 65536
"""Bytes. A login's messages have a few hundred."""

VERSION: Final = "1"
"""Of DDP; the only one that live servers speak."""

Parameter: TypeAlias = Mapping[str, "str | Parameter"]
"""What goes to the server: strings in objects, so that nothing in it can be a query operator of MongoDB."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The server speaks our version."""


@dataclass(frozen=True, slots=True)
class VersionRefused:
    """The server does not, and closes the connection."""

    version: str
    """The one it would rather speak."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Wants a pong with the same id, or with none where it has none."""

    id: str | None


@dataclass(frozen=True, slots=True)
class MethodError:
    """Why a method was refused. Any of the texts may echo what was sent."""

    code: int | str = field(repr=False)
    """A number in the manner of HTTP statuses, or a word such as ``totp-required``."""
    reason: str = field(default="", repr=False)
    """For people; empty where the server gave none."""
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """The end of one method call: `error`, or `value`, which is `None` for a method that gives nothing."""

    id: str
    value: Any = field(default=None, repr=False)
    error: MethodError | None = None


@dataclass(frozen=True, slots=True)
class Complaint:
    """The server could make nothing of a message of ours."""


Message: TypeAlias = Connected | VersionRefused | Ping | MethodResult | Complaint


def read_message(text: str) -> Message | None:
    """The message in one text frame, or `None` where it says nothing to a client that logs in.

    Raises `RemoteProtocolError` for anything that is no DDP message.
    """
    if len(text) > LARGEST_MESSAGE:
        raise RemoteProtocolError(f"a message of more than {LARGEST_MESSAGE} characters")
    try:
        fields = read_object(text)
    except ValueError as error:
        raise RemoteProtocolError(f"{error} instead of a message") from None
    if "msg" not in fields:  # the first message of most servers, {"server_id": "0"}: "ignore it" (DDP.md)
        return None
    kind = _string(fields, "msg")
    if kind == "connected":
        return Connected()
    if kind == "failed":
        return VersionRefused(_string(fields, "version"))
    if kind == "ping":
        return Ping(_string(fields, "id") if "id" in fields else None)
    if kind == "result":
        return _method_result(fields)
    if kind == "error":
        return Complaint()
    return None


def write_connect() -> str:
    """The first message of a client."""
    return _write({"msg": "connect", "version": VERSION, "support": [VERSION]})


def write_method(method: str, id_: str, parameters: Sequence[Parameter]) -> str:
    """A call of a method; its result comes with the same id."""
    return _write({"msg": "method", "method": method, "id": id_, "params": list(parameters)})


def write_ping() -> str:
    """A question whether the server is still there."""
    return _write({"msg": "ping"})


def write_pong(id_: str | None) -> str:
    """The answer to a ping that had this id."""
    return _write({"msg": "pong"} if id_ is None else {"msg": "pong", "id": id_})


def _write(message: Mapping[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))


def _method_result(fields: Mapping[str, Any]) -> MethodResult:
    call = _string(fields, "id")
    error = fields.get("error")
    if error is None:
        return MethodResult(call, value=fields.get("result"))
    if fields.get("result") is not None:
        raise RemoteProtocolError("a result that says yes and no")
    if not isinstance(error, dict):
        raise RemoteProtocolError("an error that is no object")
    return MethodResult(call, error=_method_error(error))


def _method_error(fields: Mapping[str, Any]) -> MethodError:
    code = fields.get("error")
    if isinstance(code, bool) or not isinstance(code, int | str):
        raise RemoteProtocolError("an error whose code is neither a number nor a word")
    for name in ("message", "errorType"):
        _string_or_nothing(fields, name)
    details = fields.get("details")
    # Meteor leaves their form to the method, so any is good, and only an object is of use.
    return MethodError(
        code, _string_or_nothing(fields, "reason"), details if isinstance(details, dict) else {}
    )


def _string(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise RemoteProtocolError(f"a message whose {name} is no string")
    return value


def _string_or_nothing(fields: Mapping[str, Any], name: str) -> str:
    return "" if fields.get(name) is None else _string(fields, name)
