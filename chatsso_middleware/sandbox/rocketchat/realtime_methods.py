"""The methods of the realtime protocol that the sandbox knows: those of the login, and enough for a talk."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .realtime import RealtimeConnection
    from .tokens import NewToken
    from .users import User

__all__ = ["METHODS", "Outcome"]

Outcome = tuple[Any, str]
"""The result of a method, `None` for none, and what the list of calls says."""

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_STATUSES: Final = ("online", "away", "busy", "offline")


def _log_in(connection: RealtimeConnection, parameters: list[Any]) -> Outcome:
    """One parameter, whose names tell the way: ``resume``, ``password``, ``oauth``, ``iframe``, ``totp``."""
    given = parameters[0] if parameters else None
    if not isinstance(given, dict):
        raise Refused(400, "Match failed")
    login = _login_by(connection, given)
    result = connection.logged_in(login)
    way = next((name for name in ("resume", "oauth", "iframe") if name in given), "password")
    return result, f"Logged in @{login.user.username} by {way}."


def _login_by(connection: RealtimeConnection, given: Mapping[str, Any]) -> NewToken:
    chat = connection.chat
    if "resume" in given:
        return chat.resume(_text(given["resume"]))
    if given.get("iframe"):
        return chat.log_in_by_iframe(_text(given.get("token")))
    if "oauth" in given:
        oauth = _members(given["oauth"])
        return chat.log_in_by_credential(
            _text(oauth.get("credentialToken")), _text(oauth.get("credentialSecret"))
        )
    if "totp" in given:
        totp = _members(given["totp"])
        return _by_password(connection, _members(totp.get("login")), code=_text(totp.get("code")))
    if "password" in given:
        return _by_password(connection, given, code=None)
    raise Refused(400, "Unrecognized options for login request")


def _by_password(connection: RealtimeConnection, given: Mapping[str, Any], *, code: str | None) -> NewToken:
    """The password never travels: its SHA-256 does, in lower-case hexadecimal."""
    selector = _members(given.get("user"))
    password = _members(given.get("password"))
    digest = _text(password.get("digest"))
    if password.get("algorithm") != "sha-256" or not _DIGEST.fullmatch(digest):
        raise Refused(400, "Match failed")
    ((kind, who),) = selector.items() if len(selector) == 1 else [("", "")]
    if kind not in {"username", "email"}:
        raise Refused(400, "Match failed")
    return connection.chat.log_in(digest=digest, code=code, **{kind: _text(who)})


def _log_out(connection: RealtimeConnection, _parameters: list[Any]) -> Outcome:
    who = "nobody" if connection.user is None else f"@{connection.user.username}"
    connection.log_out()
    return None, f"Logged out {who}."


def _load_history(connection: RealtimeConnection, parameters: list[Any]) -> Outcome:
    """The messages of a channel, the newest first, as the server gives them."""
    _user_of(connection)
    room = _text(parameters[0] if parameters else None)
    messages = [message.as_json() for message in connection.chat.messages(room)[::-1]]
    return {"messages": messages, "unreadNotLoaded": 0}, f"Gave the messages of {room}."


def _send_message(connection: RealtimeConnection, parameters: list[Any]) -> Outcome:
    given = _members(parameters[0] if parameters else None)
    room = _text(given.get("rid"))
    message = connection.chat.say(room, _user_of(connection), _text(given.get("msg")))
    return message.as_json(), f"@{message.username} said something in {room}."


def _set_status(connection: RealtimeConnection, parameters: list[Any]) -> Outcome:
    status = _text(parameters[0] if parameters else None)
    if status not in _STATUSES:
        raise Refused("error-invalid-status", "Invalid status")
    user = connection.user = connection.chat.set_status(_user_of(connection), status)
    connection.send(
        {"msg": "changed", "collection": "users", "id": user.id, "fields": {"status": user.status}}
    )
    return None, f"@{user.username} is {user.status} now."


def _user_of(connection: RealtimeConnection) -> User:
    if connection.user is None:
        raise Refused("error-invalid-user", "Invalid user")
    return connection.user


def _text(value: Any) -> str:
    """`value` where it is a string. An object in its place would be a query to a careless database."""
    if not isinstance(value, str):
        raise Refused(400, "Match failed")
    return value


def _members(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Refused(400, "Match failed")
    return value


METHODS: Final[Mapping[str, Callable[[RealtimeConnection, list[Any]], Outcome]]] = {
    "login": _log_in,
    "logout": _log_out,
    "loadHistory": _load_history,
    "sendMessage": _send_message,
    "setUserStatus": _set_status,
}
