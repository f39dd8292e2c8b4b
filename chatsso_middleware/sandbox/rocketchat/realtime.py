"""The realtime protocol (Meteor's DDP, version 1) as one connection speaks it: messages in, messages out.

It does no I/O: it is given what came, and a function that sends.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from .fields import flattened
from .realtime_methods import METHODS, Outcome
from .refusals import Refused
from .tokens import hash_token
from .users import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from .chat import Chat
    from .rooms import Message
    from .tokens import NewToken
    from .users import User

__all__ = ["PATH", "RealtimeConnection"]

PATH: Final = "/websocket"
VERSION: Final = "1"
_ROOM_MESSAGES: Final = "stream-room-messages"


class RealtimeConnection:
    """One client. What it sends goes through `receive`; `hear` and `close` may come from any thread."""

    def __init__(self, chat: Chat, *, send: Callable[[str], None], close: Callable[[], None]) -> None:
        self.chat = chat
        self.user: User | None = None
        self.login_token: str | None = None
        self._send_text = send
        self._close = close
        self._connected = False
        self._rooms: dict[str, str] = {}
        """By the id of the subscription: the channel whose messages it wants."""
        self._last_token = ""

    def open(self) -> None:
        """Say what a server says first, unasked; it has no ``msg``."""
        self.send({"server_id": "0"})

    def receive(self, text: str) -> None:
        """Answer one message of the client."""
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("msg"), str):
            self.send({"msg": "error", "reason": "Bad request", "offendingMessage": message})
        elif message["msg"] == "connect":
            self._connect(message)
        elif not self._connected:
            self.send({"msg": "error", "reason": "Must connect first", "offendingMessage": message})
        else:
            self._answer(message)

    def idle(self) -> None:
        """Ask whether the client is still there."""
        if self._connected:
            self.send({"msg": "ping"})

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._send_text(json.dumps(message))

    def hear(self, message: Message) -> None:
        """Pass on what was said, if the client subscribed to that channel."""
        if message.room in self._rooms.values():
            fields = {"eventName": message.room, "args": [message.as_json()]}
            self.send({"msg": "changed", "collection": _ROOM_MESSAGES, "id": "id", "fields": fields})

    def close(self) -> None:
        """Disconnect the client."""
        self._close()

    def logged_in(self, login: NewToken) -> dict[str, Any]:
        """Remember who is logged in now, publish the user's own fields, and give the result of the method."""
        self.forget_login()
        self.user = login.user
        self.login_token = hash_token(login.token)
        self._last_token = login.token
        user = login.user
        self.send(
            {
                "msg": "added",
                "collection": "users",
                "id": user.id,
                "fields": {
                    "username": user.username,
                    "name": user.name,
                    "emails": [{"address": user.email, "verified": user.email_verified}],
                    "status": user.status,
                    "avatarUrl": user.avatar_url,
                },
            }
        )
        seconds = self.chat.behaviour.expires_in_seconds
        expires = round(login.expires_at if seconds else login.expires_at * 1000)
        return {"id": user.id, "token": login.token, "tokenExpires": {"$date": expires}, "type": "resume"}

    def log_out(self) -> None:
        """End the login of this connection, which stays open, and revoke its token."""
        token = self._last_token
        self.forget_login()
        self.chat.log_out(token)

    def forget_login(self) -> None:
        """Take back what was published of the user."""
        if self.user is not None:
            self.send({"msg": "removed", "collection": "users", "id": self.user.id})
        self.user, self.login_token, self._last_token = None, None, ""
        self._rooms.clear()

    def _connect(self, message: dict[str, Any]) -> None:
        if self._connected:
            self.send({"msg": "error", "reason": "Already connected", "offendingMessage": message})
        elif message.get("version") != VERSION:
            self.send({"msg": "failed", "version": VERSION})
            self.close()
        else:
            self._connected = True
            self.send({"msg": "connected", "session": new_id()})

    def _answer(self, message: dict[str, Any]) -> None:
        kind = message["msg"]
        if kind == "ping":
            self.send({"msg": "pong", **({"id": message["id"]} if "id" in message else {})})
        elif kind == "method":
            self._call(message)
        elif kind == "sub":
            self._subscribe(message)
        elif kind == "unsub":
            self._rooms.pop(str(message.get("id")), None)
            self.send({"msg": "nosub", "id": message.get("id")})
        elif kind != "pong":
            self.send({"msg": "error", "reason": "Bad request", "offendingMessage": message})

    def _subscribe(self, message: dict[str, Any]) -> None:
        parameters, subscription = message.get("params"), message.get("id")
        room = parameters[0] if isinstance(parameters, list) and parameters else None
        if message.get("name") != _ROOM_MESSAGES or not isinstance(room, str) or self.user is None:
            refusal = Refused(404, f"Subscription '{message.get('name')}' not found")
            self.send({"msg": "nosub", "id": subscription, "error": _error_of(refusal)})
            return
        self._rooms[str(subscription)] = room
        self.send({"msg": "ready", "subs": [subscription]})

    def _call(self, message: dict[str, Any]) -> None:
        name, parameters = str(message.get("method")), message.get("params") or []
        path, arrived = f"{PATH}/{name}", self.chat.calls.now()
        fault = self.chat.faults.take(path)
        if fault is not None:
            self.chat.faults.hold_back(fault)
        success = False
        if fault is not None and fault.body is not None:
            self._send_text(fault.body.decode("utf-8", "replace"))
            outcome = "Misbehaved, as fail_with asked for."
        else:
            success, outcome = self._do(name, parameters, message.get("id"))
        first = parameters[0] if isinstance(parameters, list) and parameters else None
        shown = flattened(first) if isinstance(first, dict) else {}
        self.chat.calls.record("DDP", path, shown, time=arrived, status=200, success=success, outcome=outcome)

    def _do(self, name: str, parameters: Any, call_id: Any) -> tuple[bool, str]:
        answer: dict[str, Any] = {"msg": "result", "id": call_id}
        try:
            result, outcome = self._perform(name, parameters)
            success = True
            if result is not None:
                answer["result"] = result
        except Refused as refusal:
            answer["error"] = _error_of(refusal)
            success, outcome = False, f"Refused: {refusal}."
        updated = {"msg": "updated", "methods": [call_id]}
        for each in (updated, answer) if self.chat.behaviour.updated_first else (answer, updated):
            self.send(each)
        return success, outcome

    def _perform(self, name: str, parameters: Any) -> Outcome:
        method = METHODS.get(name)
        if method is None:
            raise Refused(404, f"Method '{name}' not found")
        if not isinstance(parameters, list):
            raise Refused(400, "Match failed")
        return method(self, parameters)


def _error_of(refusal: Refused) -> dict[str, Any]:
    """The refusal in the shape of ``Meteor.Error``."""
    shape: dict[str, Any] = {
        "isClientSafe": True,
        "error": refusal.error,
        "reason": refusal.reason,
        "message": str(refusal),
        "errorType": "Meteor.Error",
    }
    if refusal.details:
        shape["details"] = dict(refusal.details)
    return shape
