"""The provider for Rocket.Chat as tests build it, and a chat that answers as a test tells it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from chatsso_middleware.providers import ChatAPI
from chatsso_middleware.providers.rocketchat import RocketChat
from chatsso_middleware.sandbox.rocketchat import RunningSandbox
from chatsso_middleware.secret import Secret

ADMIN: dict[str, Any] = {"admin_user_id": "adminId", "admin_token": Secret("adminT0ken")}


def options(url: str, **given: Any) -> dict[str, Any]:
    """Every key with its default, but for those that are given."""
    known = {key.name: key.default for key in RocketChat.keys}
    assert set(given) <= set(known)
    return known | {"url": url} | given


def service_account(sandbox: RunningSandbox) -> dict[str, Any]:
    """The keys that name the service account of a sandbox, in the way of its version."""
    secret = Secret(sandbox.token_secret) if sandbox.chat.version >= (8, 0) else None
    return {
        "admin_user_id": sandbox.admin_user_id,
        "admin_token": Secret(sandbox.admin_token),
        "token_secret": secret,
    }


@contextmanager
def provider(
    url: str, *, timeout: float = 5.0, clock: Callable[[], float] | None = None, **given: Any
) -> Iterator[RocketChat]:
    """A provider for the chat at `url`."""
    api = ChatAPI("rocketchat", timeout=timeout)
    made = RocketChat(options(url, **given), api, **({} if clock is None else {"clock": clock}))
    try:
        yield made
    finally:
        made.close()


@dataclass
class Asked:
    """One call that a scripted chat got."""

    method: str
    path: str
    fields: dict[str, Any]
    headers: dict[str, str] = field(repr=False)


class ScriptedChat:
    """Answers each path as it is told: in the order given, the last for ever. Others it does not know."""

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.asked: list[Asked] = []
        self._answers: dict[str, list[tuple[int, Any, dict[str, str]]]] = {}
        server.expect_request(re.compile("/api/v1/.*")).respond_with_handler(self._respond)

    def answer(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """Answer `path` so, after what it was told before."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers.setdefault(path, []).append((status, body, named))

    def paths(self) -> list[str]:
        """What was asked, in order."""
        return [call.path for call in self.asked]

    def fields(self, path: str) -> list[dict[str, Any]]:
        """What each call of `path` was sent."""
        return [call.fields for call in self.asked if call.path == path]

    def _respond(self, request: Request) -> Response:
        path = request.path.removeprefix("/api/v1/")
        fields = request.get_json() if request.method == "POST" else request.args.to_dict()
        self.asked.append(Asked(request.method, path, fields, dict(request.headers)))
        answers = self._answers.get(path, [(404, {"success": False, "error": "API endpoint not found"}, {})])
        status, body, headers = answers[0] if len(answers) == 1 else answers.pop(0)
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(text, status, headers)


def user(user_id: str, *addresses: str, **members: Any) -> dict[str, Any]:
    """A user as the API writes one."""
    emails = [{"address": address, "verified": True} for address in addresses]
    return {"_id": user_id, "username": user_id, "emails": emails, "active": True, "type": "user"} | members


NOT_FOUND = {"success": False, "error": "User not found."}
UNKNOWN_FIELD = {
    "success": False,
    "error": "must have required property 'userId' [invalid-params]",
    "errorType": "invalid-params",
}
NOT_LOGGED_IN = {"status": "error", "message": "You must be logged in to do this."}
NO_PERMISSION = {
    "success": False,
    "error": "User does not have the permissions required for this action [error-unauthorized]",
}
